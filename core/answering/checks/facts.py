"""The facts of a sentence, numbers, dates, amounts, names and codes, and whether a source holds them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.answering.checks.dates import moments, month_of
from core.answering.checks.numerals import numerals
from core.answering.checks.units import unit_at, units_in
from core.knowledge.terms import ENGLISH_STOP_WORDS

Analyse = Callable[[str], Sequence[str]]
"""A text to its index terms."""

_WORD = re.compile(r"[^\W_]+(?:[-‐‑–./'’&][^\W_]+)*")
_CAPITALISED = re.compile(r"[^\W\d_a-zß-öø-ÿ]")
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_])")
_JOINERS = re.compile(r"[\W_]+")
_SPACED_CODE = re.compile(r"\b(?!EUR|USD|GBP|CHF)[A-Z]{1,5} \d{1,6}\b(?![.,]\d)")
_OPENS_SENTENCE = re.compile(r"(?:^|[.!?]\s|\n)[\s\"“”‘’'(\[*_-]*$")


class FactKind(StrEnum):
    """The value is a word for people."""

    NUMBER = "number"
    DATE = "date"
    NAME = "name"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something in a sentence that a source must hold.

    `keys` are parts each of which must be held, in one of its alternatives; `unit` is that of a number.
    """

    kind: FactKind
    shown: str
    keys: tuple[frozenset[str], ...]
    start: int
    end: int
    unit: str | None = None


def facts(sentence: str, analyse: Analyse) -> list[Fact]:
    """The facts of a sentence, in their order; "one" and a first word with a capital are none."""
    rest = sentence
    found: list[Fact] = []
    for read in (_moments, _spaced_codes, _numbers):
        for fact in read(rest):
            found.append(fact)
            rest = _blanked(rest, fact.start, fact.end)
    found.extend(_words(rest, analyse))
    return sorted(found, key=lambda fact: fact.start)


def _moments(text: str) -> list[Fact]:
    return [
        Fact(FactKind.DATE, text[m.start : m.end].rstrip("."), m.parts, m.start, m.end) for m in moments(text)
    ]


def _spaced_codes(text: str) -> list[Fact]:
    return [
        Fact(FactKind.CODE, m[0], (frozenset({f"code {_compact(m[0])}"}),), m.start(), m.end())
        for m in _SPACED_CODE.finditer(text)
    ]


def _numbers(text: str) -> list[Fact]:
    return list(_read_numbers(text))


def _read_numbers(text: str) -> Iterator[Fact]:
    for numeral in numerals(text):
        unit = unit_at(text, numeral.start, numeral.end)
        if numeral.spelled and unit is None and (numeral.ordinal or numeral.values <= {0.0, 1.0}):
            continue  # "one of them", "first of all"
        if numeral.ordinal and numeral.spelled and unit == "second":
            continue
        keys = (frozenset(_number_key(value) for value in numeral.values),)
        yield Fact(FactKind.NUMBER, text[numeral.start : numeral.end], keys, numeral.start, numeral.end, unit)


def _words(text: str, analyse: Analyse) -> Iterator[Fact]:
    for match in _WORD.finditer(text):
        word = match[0]
        if _CODE.match(word):
            # A part of a code is a term of its own: the 210S of FW-210S.
            keys: tuple[frozenset[str], ...] = (
                frozenset({f"code {_compact(word)}", f"term {word.lower()}"}),
            )
            yield Fact(FactKind.CODE, word, keys, match.start(), match.end())
        elif _is_name(text, match):
            keys = tuple(frozenset({f"term {term}"}) for term in analyse(word))
            if keys:
                yield Fact(FactKind.NAME, word, keys, match.start(), match.end())


def _is_name(text: str, match: re.Match[str]) -> bool:
    word = match[0]
    if not _CAPITALISED.match(word) or word.casefold() in ENGLISH_STOP_WORDS or len(word) < 2:
        return False
    if word[1:] != word[1:].lower():
        return True  # SLA, McNeil
    following = _WORD.match(text, match.end() + 1)
    opens = _OPENS_SENTENCE.search(text[: match.start()]) is not None
    return not opens or bool(following and _CAPITALISED.match(following[0]))


class Sheet:
    """The facts that a source's text holds. Made once for a text, asked for many sentences."""

    def __init__(self, text: str, analyse: Analyse) -> None:
        self._keys: set[str] = {f"term {term}" for term in analyse(text)}
        self._keys |= {f"code {_compact(word)}" for word in _WORD.findall(text)}
        self._keys |= {f"code {_compact(code)}" for code in _SPACED_CODE.findall(text)}
        self._units = units_in(text)
        self._united: set[tuple[str, str | None]] = set()
        for moment in moments(text):
            self._keys |= {key for part in moment.parts for key in part}
            self._keys |= {month for part in moment.parts for day in part if (month := month_of(day))}
            self._keys |= {
                _number_key(float(n))
                for part in moment.parts
                for key in part
                for n in re.findall(r"\d+", key)
            }
        for numeral in numerals(text):
            unit = unit_at(text, numeral.start, numeral.end)
            for value in numeral.values:
                self._keys.add(_number_key(value))
                self._united.add((_number_key(value), unit))

    def holds(self, fact: Fact) -> bool:
        """Whether the fact stands here, its unit aside."""
        return all(self._holds_any(part) for part in fact.keys)

    def wrong_unit(self, fact: Fact) -> bool:
        """Whether the number stands here, but only with other units than this one."""
        if fact.unit is None or not self.holds(fact):
            return False
        units = {unit for key, unit in self._united if key in fact.keys[0]}
        if fact.unit in units or not units:
            return False
        return None not in units or fact.unit not in self._units

    def _holds_any(self, part: frozenset[str]) -> bool:
        if part & self._keys:
            return True
        years = {key.removeprefix("year ") for key in part if key.startswith("year ")}
        return any(_number_key(float(year)) in self._keys for year in years)


def _number_key(value: float) -> str:
    return f"number {value:.10g}"


def _compact(word: str) -> str:
    return _JOINERS.sub("", word).casefold()


def _blanked(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]
