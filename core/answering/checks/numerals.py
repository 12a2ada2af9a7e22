"""Numbers however they are written: 1,200 and 1.200 and "twelve hundred", 5 million, the 31st."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.answering.checks.units import is_unit

_ONES_TEXT = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen
"""
_ONES = {word: value for value, word in enumerate(_ONES_TEXT.split())}
_TENS_TEXT = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 20 + 10 * place for place, word in enumerate(_TENS_TEXT.split())}
_ORDINALS_TEXT = """
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
"""
_ORDINALS = {word: value for value, word in enumerate(_ORDINALS_TEXT.split(), start=1)}
_SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "dozen": 12,
}
_SHORT_SCALES = {"k": 1_000, "m": 1_000_000, "mn": 1_000_000, "bn": 1_000_000_000}
_WORDS = _ONES | _TENS | _SCALES
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_ORDINAL = "|".join(_ORDINALS)
_NUMBER = re.compile(
    r"(?<![\w.,])(?<![^\W\d_][-‐‑])(?:"
    r"(?P<digits>(?:(?<!\w)[-−])?\d+(?:[.,'\u00a0\u202f ]\d{3})*(?:[.,]\d+)?|\d+)"
    r"(?P<ordinal>st|nd|rd|th)?"
    r"(?:(?P<short>k|m|bn|mn)(?![\w])|\s?(?P<scale>hundred|thousand|million|billion)s?\b)?"
    rf"|(?P<words>\b(?:{_WORD})(?:(?:[ -]|\sand\s)(?:{_WORD}))*)s?\b"
    rf"|(?P<ordinal_word>\b(?:{_ORDINAL})\b))",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"[-−]?\d{1,3}(?:[.,'\u00a0\u202f ]\d{3})+(?:[.,]\d+)?")
_TAIL = re.compile(r"[^\W_]+")
_SEPARATORS = re.compile(r"['\u00a0\u202f ]")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number in a text: every value it may stand for, and whether it was spelled in words.

    `1.200` may be 1200 or 1.2, according to who wrote it.
    """

    values: frozenset[float]
    start: int
    end: int
    spelled: bool
    ordinal: bool


def numerals(text: str) -> Iterator[Numeral]:
    """The numbers of a text in their order; figures that are part of a code are not numbers."""
    for match in _NUMBER.finditer(text):
        if match["digits"]:
            if (tail := _TAIL.match(text, match.end())) and not is_unit(tail[0]):
                continue
            scales = _scales(match["scale"] or match["short"])
            values = frozenset(value * scale for value in figures(match["digits"]) for scale in scales)
            yield Numeral(values, match.start(), match.end(), False, bool(match["ordinal"]))
        elif match["words"]:
            yield Numeral(frozenset({_spelled(match["words"])}), match.start(), match.end(), True, False)
        else:
            value = float(_ORDINALS[match["ordinal_word"].casefold()])
            yield Numeral(frozenset({value}), match.start(), match.end(), True, True)


def in_figures(text: str) -> str:
    """The text with its spelled numbers as figures, but for one and none and the ordinals."""
    for numeral in reversed(list(numerals(text))):
        if numeral.spelled and not numeral.ordinal and min(numeral.values) > 1:
            text = f"{text[: numeral.start]}{min(numeral.values):g}{text[numeral.end :]}"
    return text


def figures(digits: str) -> set[float]:
    """What figures with separators may mean."""
    plain = _SEPARATORS.sub("", digits).replace("−", "-")
    readings = {plain.replace(",", "")} if plain.count(".") < 2 else set()
    readings |= {plain.replace(".", "").replace(",", ".")} if plain.count(",") < 2 else set()
    if not _GROUPED.fullmatch(digits):  # 2,50 is no 250
        readings = {plain.replace(",", ".")} if plain.count(",") + plain.count(".") < 2 else readings
    return {float(reading) for reading in readings}


def _scales(word: str | None) -> tuple[float, ...]:
    if word is None:
        return (1.0,)
    # 5m may be metres as well.
    scale = float({**_SCALES, **_SHORT_SCALES}[word.casefold()])
    return (1.0, scale) if word.casefold() == "m" else (scale,)


def _spelled(words: str) -> float:
    total = current = 0
    for word in re.split(r"[\s-]+", words.casefold()):
        if word == "and":
            continue
        if word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if _SCALES[word] > 100:
                total, current = total + current, 0
        else:
            current += _WORDS[word]
    return float(total + current)
