"""A follow-up becomes a question of its own, so that it can be searched for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.answering.antecedents import has_antecedent
from core.answering.courtesy import reply_to, without_courtesy
from core.answering.languages import language_of

# Words that point back to something said. "There is" and "those who" do not; "this" and "that" only
# where they stand for a thing and do not introduce a clause.
_POINTING = re.compile(
    r"\b(?:it|its|they|them|theirs?|he|she|him|hers?|his)\b"
    r"|\bthe same(?=\s*(?:[?.,!]|$|(?:in|for|with|at|true|rules?|apply|applies)\b))(?!.*\bas\b)"
    r"|(?<!\bno )(?<!\bany )(?<!\bevery )\bones?(?=\s*(?:[?.,!]|$))"
    r"|\bthe (?:former|latter)(?=\s*(?:[?.,!]|$))|\b(?:the|see|mentioned) above\b|"
    r"\binstead(?=\s*(?:[?.,!]|$))"
    r"|\b(?:this|that|those|these)(?=\s*(?:\?|$|is\b|are\b|was\b|apply\b|applies\b|take|count|"
    r"mean|work\b|also\b|too\b|cost|"
    r"(?:rule|polic(?:y|ie)|limit|form|amount|allowance|document|deadline|period|benefit|budget|"
    r"procedure|process|"
    r"number|fee|case|request|rate|price|device|model|product|exception|requirement|condition)s?\b))"
    r"|\bthere(?=\s*\?)",
    re.IGNORECASE,
)
# "It" that stands for what follows.
_EMPTY_IT = re.compile(
    r"\s*(?:"
    r"(?:\w+ly |still |even |also )?(?:ok|okay|allowed|possible|permitted|necessary|required|"
    r"mandatory|compulsory|"
    r"true|fine|legal|illegal|forbidden|correct|important|safe|better|worth|enough|normal|usual|"
    r"common|acceptable|"
    r"advisable)\b.*\b(?:to|that|if|when|for me|\w+ing)\b"
    r"|(?:takes?|costs?|matters?|makes? sense)\b.*\b(?:to|if|whether|when|that|for)\b)",
    re.IGNORECASE,
)
_CONTINUING = re.compile(r"\s*(?:and|but|or|what about|how about|what if)\b", re.IGNORECASE)
_BARE = re.compile(
    r"\s*(?:(?:and |but |so |ok |then )*(?:why(?: not)?|how(?: so| much| many| long| often|"
    r" soon| far)?|since when|"
    r"until when|by when|from when|when|where|who(?: else| exactly)?|what else|which(?: ones?)?|then|really|"
    r"are you sure|tell me more|more(?: details?| please)?|go on|(?:please |can you )?(?:explain|elaborate)"
    r"(?: more| please)?|(?:for )?(?:an )?example|per (?:day|week|month|year|person))"
    r"(?: then| exactly| please)*)\W*",
    re.IGNORECASE,
)
# A piece of a question: it begins within one, is short, and nothing is done in it.
_PIECE = re.compile(
    r"\s*(?:so |also |then )*(?:for|in|with|without|from|at|on|to|by|after|before|during|until|"
    r"till|since|under|"
    r"over|above|below|except|only|even|if|unless|within|between|per(?! diem))\s",
    re.IGNORECASE,
)
_PIECE_WORDS = 5
_VERB = re.compile(
    r"\b(?:do|does|did|is|are|am|was|were|can|could|may|might|must|should|will|would|has|have|"
    r"had|need|get|gets)\b",
    re.IGNORECASE,
)
# "Days that are left": behind a noun it opens a clause about that.
_RELATIVE = re.compile(
    r"\b(?!(?:is|are|was|does|do|did|how|what|why|when|where|and|but|if|or|because|so)\b)\w+\s+that\s+"
    r"(?:is|are|was|apply|applies|costs?|counts?|takes?|work)$",
    re.IGNORECASE,
)
_NAME_ALONE = re.compile(r"\s*[A-Z]\S*\s*\?\s*")
_NAME = r"[A-Z0-9][\w-]*(?: [A-Z0-9][\w-]*)*"
# "And in Denmark?": the same question about another name.
_OTHER_NAME = re.compile(
    r"\s*(?:(?i:and|or|but|what about|how about)\s+)?(?:(?i:for|in|at|to|from|with|of)\s+)?(?:the )?"
    rf"(?P<name>{_NAME})\s*\?*\s*"
)
_NAME_IN_TOPIC = re.compile(rf"\b(?:for|in|at|to|from|with|of|the)\s+(?P<name>{_NAME})(?=\W|$)")


def leans_on_conversation(question: str) -> bool:
    """Whether a question seems to need what was said before it.

    It does not where a pronoun has its noun in the same question. The rules are of English: a question
    that is clearly in another language is taken as it is.
    """
    if reply_to(question) is not None or language_of(question) not in (None, "en"):
        return False
    rest = without_courtesy(question)
    return (
        _NAME_ALONE.fullmatch(rest) is not None
        or _BARE.fullmatch(rest) is not None
        or _CONTINUING.match(rest) is not None
        or _is_piece(rest)
        or any(_points_back(rest, found) for found in _POINTING.finditer(rest))
    )


def last_topic(asked: Sequence[tuple[str, str]]) -> str | None:
    """What a follow-up continues: the last question that needed nothing of those before it.

    `asked` holds each question as it was typed and in its stand-alone form, oldest first. One that was
    joined is passed over, so that joins never grow; so is what was no question.
    """
    for typed, alone in reversed(asked):
        was_joined = alone != typed and alone.endswith(without_courtesy(typed))
        if not was_joined and reply_to(typed) is None:
            return alone
    return None


def joined(topic: str | None, question: str) -> str:
    """The question together with the one it continues; no model is needed for it.

    One that only names something else takes the place of the one name in the topic.
    """
    if topic is None or not leans_on_conversation(question):
        return question
    rest = without_courtesy(question)
    return _exchanged(topic, rest) or f"{topic.rstrip()} {rest}"


def _exchanged(topic: str, question: str) -> str | None:
    other = _OTHER_NAME.fullmatch(question)
    names = list(_NAME_IN_TOPIC.finditer(topic))
    if other is None or len(names) != 1:
        return None
    start, end = names[0].span("name")
    return f"{topic[:start]}{other['name']}{topic[end:].rstrip()}"


def _is_piece(question: str) -> bool:
    return (
        _PIECE.match(question) is not None
        and len(question.split()) <= _PIECE_WORDS
        and _VERB.search(question) is None
    )


def _points_back(question: str, found: re.Match[str]) -> bool:
    word = found[0]
    if word == "IT" and not question.isupper():
        return False
    if word.casefold() == "it" and _EMPTY_IT.match(question, found.end()):
        return False
    if _RELATIVE.search(question[: _word_after(question, found.end())]):
        return False
    return not has_antecedent(question, found.start(), found.end())


def _word_after(question: str, at: int) -> int:
    following = re.compile(r"\s+\w+").match(question, at)
    return at if following is None else following.end()
