"""What is written as a name and is nobody's: places, organisations, feast days, months, abbreviations.

Each is told by the words around it. A word that no list of names has and that stands for a place or an
organisation once does so in the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.gateway.privacy.names import Names
from core.gateway.privacy.words import Word

_PLACE_BEFORE = frozenset(["San", "Santa", "Los", "Las", "New", "Fort", "Mount", "Lake", "Puerto", "Rio"])
_PLACE_AFTER = frozenset(
    [
        "City",
        "Station",
        "station",
        "Airport",
        "Harbor",
        "Harbour",
        "University",
        "Plaza",
        "County",
        "Building",
    ]
)
_ORGANISATION_AFTER = re.compile(
    r"Ltd|Limited|Inc|LLC|LLP|PLC|Plc|plc|GmbH|AG|BV|NV|SA|Oy|AB|Corp|Corporation|Company|Group|Holdings?|Instruments|"
    r"Cloud|Systems|Software|Solutions|Technologies|Industries|Services|Foundation|Association|Institute|"
    r"Hub|Workspace|Handbook"
)
_MONTHS = frozenset(["jan", "april", "may", "june", "august", "mar", "jun", "jul", "avril", "juni", "juli"])
_LANGUAGES = frozenset(
    [
        "English",
        "Dutch",
        "French",
        "German",
        "Spanish",
        "Italian",
        "Portuguese",
        "Polish",
        "Danish",
        "Swedish",
    ]
)
_PLACE_LABELS = frozenset(["site", "sites", "room", "location", "city", "town", "place", "plant", "branch"])
_WITHIN = frozenset(["in", "at", "near"])
_OWNER = ("'s", "’s")


def namesakes(words: Sequence[Word], names: Names) -> frozenset[int]:
    """The places in `words` of what is no person, though it may look like one."""
    reader = _Reader(words, names)
    here = set(reader.here())
    throughout = set(reader.throughout()) - set(reader.persons())
    return frozenset(here | {index for index, word in enumerate(words) if word.text in throughout})


class _Reader:
    def __init__(self, words: Sequence[Word], names: Names) -> None:
        self._words, self._names = words, names

    def here(self) -> Iterator[int]:
        """Words that are no person where they stand."""
        for index, word in enumerate(self._words):
            if word.text[0].isupper() and (
                self._is_feast(index) or self._is_date(index) or self._is_language(index)
            ):
                yield index
            if word.text in _PLACE_BEFORE and self._is_capital(index + 1) and not self._is_name(index - 1):
                yield from (index, index + 1)
            if word.text in _PLACE_AFTER or _ORGANISATION_AFTER.fullmatch(word.text):
                yield from self._run_before(index)

    def throughout(self) -> Iterator[str]:
        """Words that stand for a place, an organisation or an abbreviation, and are in no list of names."""
        for index, word in enumerate(self._words):
            told = self._is_within(index) or self._has_country(index) or self._names_organisation(index)
            if self._is_abbreviation(index) or (told and self._is_unheard_of(index)):
                yield word.text

    def persons(self) -> Iterator[str]:
        """Words that stand right behind a given name."""
        for index in range(1, len(self._words)):
            if self._is_name(index - 1):
                yield self._words[index].text

    def _is_feast(self, index: int) -> bool:
        """`Saint Brigid's Day`, `Christmas Eve`."""
        if self._text(index + 1) in _OWNER and self._text(index + 2) in ("Day", "Eve"):
            return True
        if self._text(index) in ("Saint", "St") and self._text(index + 2) in _OWNER:
            return self._text(index + 3) in ("Day", "Eve")
        return self._text(index) == "Eve" and self._text(index - 1) in ("Christmas", "Year", "Day", *_OWNER)

    def _is_date(self, index: int) -> bool:
        near = self._text(index - 1) + self._text(index + 1)
        return self._text(index).lower() in _MONTHS and any(map(str.isdigit, near))

    def _is_language(self, index: int) -> bool:
        near = {self._text(index + step) for step in (-3, -2, -1, 1, 2, 3)} - {self._text(index)}
        return self._text(index) in _LANGUAGES and bool(near & _LANGUAGES)

    def _is_abbreviation(self, index: int) -> bool:
        """`(BART)`: explained once, and then used."""
        text = self._text(index)
        return (
            2 <= len(text) <= 5
            and text.isupper()
            and self._text(index - 1) == "("
            and self._text(index + 1).startswith(")")
        )

    def _is_unheard_of(self, index: int) -> bool:
        lower = self._text(index).lower()
        listed = lower in self._names.given or lower in self._names.family or lower in self._names.ambiguous
        return not listed and self._names.is_strange(self._text(index))

    def _is_within(self, index: int) -> bool:
        """`in Oosterlede` and `Site: Oosterlede`, but not `in Oosterlede's`, nor `in Oosterlede Varga`."""
        before = self._text(index - 2 if self._text(index - 1) == ":" else index - 1)
        within = self._text(index - 1) in _WITHIN or before.lower() in _PLACE_LABELS
        return within and self._text(index + 1) not in _OWNER and not self._is_capital(index + 1)

    def _has_country(self, index: int) -> bool:
        """`Oosterlede (NL)`."""
        code = self._text(index + 2)
        closed = self._text(index + 1) == "(" and self._text(index + 3).startswith(")")
        return closed and len(code) == 2 and code.isupper() and not self._is_capital(index - 1)

    def _names_organisation(self, index: int) -> bool:
        return _ORGANISATION_AFTER.fullmatch(self._text(index + 1)) is not None

    def _run_before(self, index: int) -> Iterator[int]:
        """The capital words before this one, unless a given name is among them."""
        first = index
        while self._is_capital(first - 1):
            first -= 1
        if not any(map(self._is_name, range(first, index))):
            yield from range(first, index)

    def _is_name(self, index: int) -> bool:
        return self._text(index).lower() in self._names.given and self._text(index)[0].isupper()

    def _is_capital(self, index: int) -> bool:
        text = self._text(index)
        return text[:1].isupper() and text.isalpha()

    def _text(self, index: int) -> str:
        return self._words[index].text if 0 <= index < len(self._words) else ""
