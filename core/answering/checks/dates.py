"""Dates and times however they are written: 31 March 2026, March 31, 31.03.2026, 2026-03-31, 2 pm, 14:00."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero gennaio",
            "february feb februar février febrero febbraio",
            "march mar märz mars marzo",
            "april apr avril abril aprile",
            "may mai mayo maggio",
            "june jun juni juin junio giugno",
            "july jul juli juillet julio luglio",
            "august aug août agosto",
            "september sept sep septembre septiembre settembre",
            "october oct oktober okt octobre octubre ottobre",
            "november nov novembre noviembre",
            "december dec dezember dez décembre diciembre dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = r"(?P<{}>[0-3]?\d)(?:st|nd|rd|th|\.)?"
_YEAR = r"(?P<{}>(?:19|20)\d\d)"
_DATE = re.compile(
    rf"\b(?:{_DAY.format('d1')}\s+(?:of\s+|de\s+)?(?P<m1>{_MONTH})\b\.?(?:,?\s+(?:de\s+)?{_YEAR.format('y1')})?"
    rf"|(?P<m2>{_MONTH})\b\.?\s+{_DAY.format('d2')}(?!\d|\s*[:%])(?:,?\s+{_YEAR.format('y2')})?"
    rf"|(?P<m3>{_MONTH})\b\.?,?\s+{_YEAR.format('y3')}"
    rf"|{_YEAR.format('y4')}-(?P<m4>[01]\d)-(?P<d4>[0-3]\d)"
    rf"|(?P<a5>[0-3]?\d)[./](?P<b5>[01]?\d|[0-3]\d)[./]{_YEAR.format('y5')})(?![\w-])",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?<![\w.:,])(?:(?P<h>[01]?\d|2[0-4]):(?P<min>[0-5]\d)(?::[0-5]\d)?(?:\s?(?P<half1>[ap])\.?m\b\.?)?"
    r"|(?P<h2>1[0-2]|0?[1-9])\s?(?P<half2>[ap])\.?m\b\.?|(?P<word>noon|midnight)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or a time of day, in parts that are compared one by one.

    `parts` are alternatives for each part: 03/04/2026 is the third of April or the fourth of March.
    A date that names less supports nothing that names more, but stands in one that names more.
    """

    parts: tuple[frozenset[str], ...]
    start: int
    end: int


def moments(text: str) -> Iterator[Moment]:
    """The dates, then the times of a text."""
    for match in _DATE.finditer(text):
        yield Moment(tuple(_date_parts(match)), match.start(), match.end())
    for match in _TIME.finditer(text):
        yield Moment((frozenset({_time(match)}),), match.start(), match.end())


def month_of(part: str) -> str | None:
    """The part that stands for the month of a day; None for what is no day."""
    return f"month {part.rpartition('.')[2]}" if part.startswith("day ") else None


def _date_parts(match: re.Match[str]) -> Iterator[frozenset[str]]:
    groups = {name: value for name, value in match.groupdict().items() if value}
    days = {
        _day(groups[f"d{form}"], _month(groups[f"m{form}"])) for form in (1, 2, 4) if f"d{form}" in groups
    }
    if "a5" in groups:
        first, second = int(groups["a5"]), int(groups["b5"])
        days = {f"day {d}.{m}" for d, m in ((first, second), (second, first)) if m <= 12}
    if days:
        yield frozenset(days)
    if "m3" in groups:
        yield frozenset({f"month {_month(groups['m3'])}"})
    for name, value in groups.items():
        if name[0] == "y":
            yield frozenset({f"year {value}"})


def _day(day: str, month: int) -> str:
    return f"day {int(day)}.{month}"


def _month(word: str) -> int:
    return int(word) if word.isdigit() else _MONTHS[word.casefold()]


def _time(match: re.Match[str]) -> str:
    if match["word"]:
        return "time 12:00" if match["word"].casefold() == "noon" else "time 0:00"
    hour, half = int(match["h"] or match["h2"]), (match["half1"] or match["half2"] or "").casefold()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"time {hour % 24}:{match['min'] or '00'}"
