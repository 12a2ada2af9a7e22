"""Greetings, thanks and goodbyes: they are answered in kind, and nothing is searched for."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# Longer ones first: `good morning` is a greeting, `good` alone is not.
_PHRASES = {
    "thanks": (
        "thank you|thank u|thanks|thx|ty|cheers|much appreciated|appreciated|that helps|"
        "that helped|danke|vielen dank|"
        "dankeschön|dank je|dank u|dank u wel|dankjewel|bedankt|merci|gracias|grazie"
    ),
    "goodbye": (
        "good ?bye|bye|see you|see ya|good night|have a (?:nice|good|great) (?:day|evening|weekend|"
        "one)|tschüss|"
        "auf wiedersehen|tot ziens|doei|au revoir|adiós|arrivederci"
    ),
    "greeting": (
        "hello|hallo|hi|hiya|hey|good (?:morning|afternoon|evening|day)|how are you|how is it going|"
        "guten (?:morgen|tag|abend)|moin|servus|grüezi|goede ?(?:morgen|middag|navond)|bonjour|"
        "bonsoir|salut|hola|"
        "buenos días|buenas tardes|ciao|buongiorno|buonasera"
    ),
}
# What may stand around them and asks nothing.
_BESIDE = (
    "very much|so much|a lot|a million|for (?:the|your) (?:help|answer|info|information|time)|"
    "for (?:that|this|everything)|that is|that's|all|for now|again|there|everyone|everybody|"
    "team|to you|you too|"
    "later|soon|tomorrow|ok|okay|great|perfect|super|nice|cool|good|fine|wonderful|brilliant|excellent|"
    "awesome|got it|understood|i see|yes|no|and|well|today|schön|sehr|vielmals|dir|ihnen|wel|beaucoup|"
    "muchas|mille|assistant|answerdesk|then"
)
_REPLIES = {
    "thanks": "You are welcome. Ask whenever you need something.",
    "goodbye": "Goodbye. Your questions and answers are kept in this conversation.",
    "greeting": "Hello. What would you like to know from the company's documents?",
}
_KINDS = {kind: re.compile(rf"\b(?:{phrases})\b") for kind, phrases in _PHRASES.items()}
_WHOLE = re.compile(rf"(?:(?:{'|'.join(_PHRASES.values())}|{_BESIDE})(?: |$))+")
# At the beginning of a question; marked off from it, since `all good laptops` is no courtesy.
_OPENING = re.compile(
    rf"^\s*(?:(?:{'|'.join(_PHRASES.values())}|{_BESIDE})\s*)+[,.!;:–—-]+\s+", re.IGNORECASE
)


def reply_to(text: str) -> str | None:
    """A short reply where the text is nothing but courtesy; None where something is asked."""
    words = " ".join(_WORD.findall(text.casefold())).replace("’", "'")
    if not _WHOLE.fullmatch(words):
        return None
    return next((_REPLIES[kind] for kind, pattern in _KINDS.items() if pattern.search(words)), None)


def without_courtesy(question: str) -> str:
    """The question without the thanks or the greeting that it opens with."""
    rest = question
    while (opening := _OPENING.match(rest)) is not None and rest[opening.end() :].strip():
        rest = rest[opening.end() :]
    return rest
