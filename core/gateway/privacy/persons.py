"""Names of persons: what the language model sees, and what lists, titles and phrases add to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.gateway.privacy.kinds import Kind
from core.gateway.privacy.names import Names
from core.gateway.privacy.namesakes import namesakes
from core.gateway.privacy.spans import Span, merged
from core.gateway.privacy.words import Word

_TITLE = re.compile(
    r"(?:mr|mrs|ms|miss|mx|dr|prof|professor|doctor|sir|madam|dame|lord|lady|rev|father|sister|herr|frau|señora?|sr|sra|"
    r"monsieur|madame|mme|mlle|signora?|dottor|capt|captain|sgt|lt|col|gen|judge|senator|sheikh|sri|shri)\.?",
    re.IGNORECASE,
)
_ABBREVIATED = frozenset(["mr", "mrs", "ms", "mx", "dr", "prof", "mme", "mlle"])
_AFTER_NAME = re.compile(r"(?:jr|sr|ii|iii|iv|phd|md|dvm|dds|esq|cpa|mba)\.?", re.IGNORECASE)
_PARTICLES = frozenset(
    [
        "de",
        "la",
        "le",
        "du",
        "des",
        "del",
        "della",
        "di",
        "da",
        "das",
        "do",
        "dos",
        "van",
        "von",
        "der",
        "den",
        "ter",
        "ten",
        "al",
        "el",
        "bin",
        "ibn",
        "ben",
        "bint",
        "af",
        "av",
        "zu",
        "mac",
        "mc",
        "st.",
        "y",
        "e",
    ]
)
# Phrases after which a name stands, whatever it looks like.
_NAMED = re.compile(
    r"\b(?:names?(?:'s|’s)?(?:\s(?:is|was|are|to|of))?\s?:?|call(?:s|ed)?\s(?:me|him|her|them)|(?:he|she|they|is|was|are|were|be|being|been|a|person|someone|somebody|man|woman|guy|employee|colleague)\s(?:named|called)|"
    r"named\s(?:him|her|them|it)|(?:full|first|last|middle|maiden|family|given|user|holder|contact|manager|employee|patient|customer|client)\sname\s?[:=])\s*[\"“'‘]?$",
    re.IGNORECASE,
)
# Phrases after which a name often stands: the word itself must look like one.
_ADDRESSED = re.compile(
    r"\b(?:i am|i'm|i’m|this is|it's|it is|here is|speak(?:ing)? (?:to|with)|dear|hi|hello|hey|thanks|"
    r"thank you|regards|sincerely|cheers|best|love|yours|"
    r"attn|attention|c/o|signed|from|to|cc|by|with|and|under|ask|told|tell|contact|call|email|meet|met|for|said|says|asked|invited?|hired?|"
    r"founders|authors?|manager|boss|colleague|assistant|wife|husband|partner|friend|brother|sister|mother|father|son|daughter|is|are)\s?[:,]?\s*$",
    re.IGNORECASE,
)
_PERSON_VERBS = frozenset(
    [
        "is",
        "was",
        "has",
        "had",
        "said",
        "says",
        "asked",
        "told",
        "wrote",
        "called",
        "emailed",
        "lives",
        "works",
        "worked",
        "lived",
        "moved",
        "joined",
        "left",
        "reports",
        "manages",
        "spent",
        "listed",
        "were",
        "are",
        "and",
        "shouted",
        "yelled",
        "replied",
        "answered",
        "explained",
        "added",
        "believes",
        "signed",
        "approved",
        "agreed",
        "resigned",
        "feels",
        "likes",
        "loves",
        "hates",
        "will",
        "can",
        "would",
        "could",
        "should",
        "does",
        "did",
        "wants",
        "needs",
        "got",
        "gets",
        "went",
        "goes",
        "came",
        "comes",
        "made",
        "makes",
        "took",
        "takes",
        "gave",
        "thinks",
        "knows",
    ]
)


def find_persons(text: str, words: Sequence[Word], names: Names) -> list[Span]:
    """Names with their titles, merged, in order; `words` are the tokens of `text`."""
    reader = _Reader(text, words, names)
    return merged([*reader.seen(), *reader.listed()])


class _Reader:
    """Finds the persons of one text."""

    def __init__(self, text: str, words: Sequence[Word], names: Names) -> None:
        self._text, self._words, self._names = text, words, names
        self._flat = not any(map(str.isupper, text))
        self._nobody = namesakes(words, names)

    def seen(self) -> Iterator[Span]:
        """What the model labels a person, without the words around it that no name has."""
        index = 0
        while index < len(self._words):
            first = index
            while (
                index < len(self._words) and self._words[index].label == "PERSON" and self._may_be_name(index)
            ):
                index += 1
            if index > first and self._is_credible(first, index):
                yield self._span(self._title_before(first), self._grow(index - 1), 0.85)
            index = max(index, first + 1)

    def listed(self) -> Iterator[Span]:
        """Names that lists, titles, phrases or their own looks give away."""
        for index in range(len(self._words)):
            if self._is_name_here(index):
                yield self._span(self._title_before(self._shrink(index)), self._grow(index), 0.7)

    def _is_credible(self, first: int, end: int) -> bool:
        """Whether what the model took for a person can be one: no term of the trade, no heading."""
        words = [self._words[index].text for index in range(first, end)]
        known = [word.lower() for word in words]
        listed = any(
            word in self._names.given or word in self._names.family or word in self._names.ambiguous
            for word in known
        )
        if listed or any(self._names.is_strange(word) for word in words):
            return True
        return len(words) >= 2 and not all(self._names.is_ordinary(word.lower()) for word in words)

    def _is_name_here(self, index: int) -> bool:
        word, names = self._words[index], self._names
        lower = word.text.lower()
        if not self._may_be_name(index) or lower in _PARTICLES:
            return False
        before = self._text[max(0, word.start - 40) : word.start]
        if self._titled(index) or (_NAMED.search(before) and self._looks_like_name(index)):
            return True
        if lower in names.given:
            return True
        cue = _ADDRESSED.search(before) is not None or self._acts(index)
        if lower in names.ambiguous:
            likely = cue and word.label in ("PERSON", "ORG") and self._is_proper(index) and not self._flat
            return self._surname_follows(index) or likely
        if lower in names.family or (
            names.is_strange(word.text.title()) and names.sounds_like_family(word.text)
        ):
            if self._paired(index):
                return True
            if self._flat:
                return cue and not names.is_ordinary(lower) and lower not in names.family
            return names.is_strange(word.text) or (self._is_proper(index) and (cue or word.label != ""))
        if self._flat or not names.is_strange(word.text):
            return False
        return (cue and (self._is_proper(index) or self._acts(index))) or not word.text.isascii()

    def _is_proper(self, index: int) -> bool:
        """Whether the word is capital for its own sake, or one that the model never met."""
        word, before = self._words[index], self._word(index - 1)
        opens = before is None or before.text[-1] in '.!?:\n#*-|"“' or word.text.isupper()
        return word.text[0].isupper() and (not opens or not self._names.is_ordinary(word.text.lower()))

    def _acts(self, index: int) -> bool:
        """Whether what follows makes the word an owner or somebody who does something."""
        following = self._word(index + 1)
        if following is None:
            return False
        verb = (
            following.text.lower() in _PERSON_VERBS
            or re.fullmatch(r"[a-z]{3,}ed", following.text) is not None
        )
        return verb or following.text in ("'s", "’s")

    def _paired(self, index: int) -> bool:
        """Whether `and` or a comma joins the word to another that can only be a name."""
        for step in (1, -1):
            join, other = self._word(index + step), self._word(index + 2 * step)
            if join is not None and other is not None and join.text.lower() in ("and", "&", ","):
                lower = other.text.lower()
                known = lower in self._names.family or lower in self._names.given
                if self._may_be_name(index + 2 * step) and (known or self._names.sounds_like_family(lower)):
                    return join.text != "," or not self._flat
        return False

    def _looks_like_name(self, index: int) -> bool:
        word = self._words[index]
        if self._flat:
            return (
                not self._names.is_ordinary(word.text)
                or word.text in self._names.family
                or word.text in self._names.ambiguous
            )
        return self._is_proper(index) or not self._names.is_ordinary(word.text.lower())

    def _surname_follows(self, index: int) -> bool:
        following = self._word(index + 1)
        if following is None or not self._may_be_name(index + 1):
            return False
        return (
            following.text.lower() in self._names.family
            or self._names.is_strange(following.text)
            or self._is_odd(index + 1)
        )

    def _may_be_name(self, index: int) -> bool:
        """Letters, and a capital first unless the whole text has none; no namesake."""
        if index in self._nobody:
            return False
        word = self._words[index].text
        letters = re.sub(r"[-.'’]", "", word)
        if not letters.isalpha() or not word[0].isalpha():
            return False
        return self._flat or not word[0].islower() or (word in _PARTICLES and self._between_names(index))

    def _between_names(self, index: int) -> bool:
        before, after = self._word(index - 1), self._word(index + 1)
        return before is not None and after is not None and before.text[0].isupper()

    def _titled(self, index: int) -> bool:
        """Whether a title stands before; one that is a word of its own needs its capital letter."""
        title = self._word(index - 1)
        if title is not None and title.text == "." and index >= 2:
            title = self._word(index - 2)
        if title is None or not _TITLE.fullmatch(title.text):
            return False
        plain = title.text.rstrip(".").lower()
        return plain in _ABBREVIATED or (title.text[0].isupper() and self._looks_like_name(index))

    def _title_before(self, first: int) -> int:
        if first and self._titled(first):
            return first - (2 if self._words[first - 1].text == "." else 1)
        return first

    def _shrink(self, index: int) -> int:
        """The first word of the name: given names and initials before this one belong to it."""
        while index and self._may_be_name(index - 1):
            before = self._words[index - 1].text
            known = before.lower() in self._names.given or before.lower() in self._names.ambiguous
            if not (
                known
                or re.fullmatch(r"[A-Z]\.?", before)
                or self._is_stranger(index - 1)
                or self._is_odd(index - 1)
            ):
                break
            index -= 1
        return index

    def _is_stranger(self, index: int) -> bool:
        return not self._flat and self._names.is_strange(self._words[index].text) and self._is_proper(index)

    def _is_odd(self, index: int) -> bool:
        """A capital word within a sentence that is none in lower case."""
        ordinary = self._words[index].text.lower() in self._names.ordinary
        return (
            not self._flat
            and not ordinary
            and self._is_proper(index)
            and not self._words[index].text.isupper()
        )

    def _grow(self, index: int) -> int:
        """The last word of the name: particles, family names and academic letters after this one."""
        last, stop = index, index + 1
        while stop <= index + 5 and (word := self._word(stop)) is not None:
            if self._continues(stop):
                last = stop
            elif word.text.lower() not in _PARTICLES and word.text not in ("-", "."):
                break
            stop += 1
        return last

    def _continues(self, index: int) -> bool:
        word, names = self._words[index], self._names
        if _AFTER_NAME.fullmatch(word.text):
            return True
        lower = word.text.lower()
        if not self._may_be_name(index) or lower in _PARTICLES:
            return False
        if self._flat:
            return lower in names.family or lower in names.given or not names.is_ordinary(lower)
        return self._is_proper(index) or names.is_strange(word.text) or lower in names.family

    def _word(self, index: int) -> Word | None:
        return self._words[index] if 0 <= index < len(self._words) else None

    def _span(self, first: int, last: int, score: float) -> Span:
        return Span(self._words[first].start, self._words[last].end, Kind.PERSON, score)
