"""Dates and periods in a question: `Q3 2023`, `the third quarter of 2023`, `5 March`, `next month`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

_Reading = Callable[[re.Match[str]], str]

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
# `may` and `march` are common words: as months they are marked with a tilde first.
_NUMBER_OF = {name: number for number, name in enumerate(_MONTHS, start=1)}
_NUMBER_OF |= {name[:3]: number for name, number in _NUMBER_OF.items()} | {"sept": 9}
_NUMBER_OF |= {f"{name}~": _NUMBER_OF[name] for name in ("may", "march")}
_SAFE = "|".join([*(name for name in _MONTHS if name not in ("may", "march")), "may~", "march~"])
_MONTH = "|".join(sorted(_NUMBER_OF, key=len, reverse=True))
_SHORT = "|".join(name[:3].title() for name in _MONTHS if name != "may") + "|Sept"

_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": 4}
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?P<d>[0-3]?\d)(?:st|nd|rd|th)?"
_THIS = {"current": "this", "previous": "last", "past": "last"} | dict.fromkeys(
    ("coming", "upcoming", "following"), "next"
)
_WHICH = "|".join(["this", "next", "last", *_THIS])
_SPAN = f"day|night|weekend|week|month|quarter|year|season|semester|{_DAYS}"
_FEASTS = "christmas|easter|thanksgiving|ramadan|eid|diwali|hanukkah|new year"

# Capitalised within the sentence; cut short, only beside a figure or at an end.
_WRITTEN_MONTH = re.compile(rf"(?<=[\w,] )(May|March)\b|\b({_SHORT})\b\.?(?= ?\d|\s*$|[?,;])")
_LOWER_MONTH = re.compile(rf"(?<=\bin )(may|march)\b(?! i\b)|\b(may|march)(?= {_YEAR})")


def _date(match: re.Match[str]) -> str:
    return f"date {match['y'] or '*'}-{_NUMBER_OF[match['m']]}-{int(match['d'])}"


def _time(hour: str, minute: str, half: str) -> str:
    shift = 12 if half.startswith("p") else 0
    return f"time {int(hour) % 12 + shift if half else int(hour)}:{minute}"


# In this order: what one of them has read is not read again.
_READINGS: tuple[tuple[re.Pattern[str], _Reading], ...] = (
    (
        re.compile(rf"\b({_YEAR})-([01]?\d)-([0-3]?\d)\b"),
        lambda m: f"date {m[1]}-{int(m[2])}-{int(m[3])}",
    ),
    # Day and month in figures stand in either order, so they are kept as they are.
    (
        re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.]((?:19|20)?\d\d)\b"),
        lambda m: f"date {int(m[1])}/{int(m[2])}/{m[3][-2:]}",
    ),
    (re.compile(rf"\b{_DAY}(?: of)? (?P<m>{_MONTH})(?!\w)\.?(?:,? (?P<y>{_YEAR}))?"), _date),
    (re.compile(rf"\b(?P<m>{_MONTH})(?!\w)\.? {_DAY}\b(?:,? (?P<y>{_YEAR}))?"), _date),
    (re.compile(r"\b(?:q|quarter) ?([1-4])\b"), lambda m: f"quarter {m[1]}"),
    (re.compile(rf"\b({'|'.join(_NTH)}) quarter\b(?! of an)"), lambda m: f"quarter {_NTH[m[1]]}"),
    (re.compile(r"\bh([12])\b"), lambda m: f"half {m[1]}"),
    (re.compile(r"\b(first|second|1st|2nd) half\b"), lambda m: f"half {_NTH[m[1]]}"),
    (
        re.compile(r"\b(?:fy|(?:fiscal|financial) year) ?'?(?:20)?(\d\d)\b"),
        lambda m: f"fiscal year 20{m[1]}",
    ),
    (
        re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)(?: ?([ap])\.?m\b\.?)?"),
        lambda m: _time(m[1], m[2], m[3] or ""),
    ),
    (re.compile(r"\b(1[0-2]|[1-9]) ?([ap])\.?m\b\.?"), lambda m: _time(m[1], "00", m[2])),
    (
        re.compile(
            rf"(?<![$€£])(?<![$€£] )(?<!eur )(?<!usd )(?<!gbp )\b({_YEAR})\b"
            "(?! ?(?:%|eur|usd|dollar|hours|days))"
        ),
        lambda m: f"year {m[1]}",
    ),
    (re.compile(r"(?<=\s)['’](\d\d)\b"), lambda m: f"year 20{m[1]}"),
    (re.compile(rf"\b({_SAFE})(?!\w)"), lambda m: f"month {_NUMBER_OF[m[1]]}"),
    (
        re.compile(rf"\b(good|black|easter|ash|maundy|cyber) ({_DAYS})\b"),
        lambda m: f"day {m[1]} {m[2]}",
    ),
    (re.compile(rf"\b({_WHICH}) ({_SPAN})s?\b"), lambda m: f"{_THIS.get(m[1], m[1])} {m[2]}"),
    (re.compile(rf"\b({_DAYS})s?\b"), lambda m: f"day {m[1]}"),
    (re.compile(r"\b(today|tomorrow|yesterday|tonight|weekend)s?\b"), lambda m: f"day {m[1]}"),
    (re.compile(rf"\b({_FEASTS})(?:['’]?s)?\b"), lambda m: f"feast {m[1]}"),
    # Not `year`: an annual allowance is called so or just the allowance.
    (
        re.compile(
            r"\b(?:(?:per|each|every|an?) (hour|day|week|month|quarter)(?! ago\b| or two\b| now\b| later\b)"
            r"|(hour|week|month|quarter|dai)ly)\b"
        ),
        lambda m: f"each {(m[1] or m[2]).replace('dai', 'day')}",
    ),
)


def periods(written: str) -> tuple[str, list[str]]:
    """The rest of a question in lower case, and its dates and periods, each in one canonical form."""
    text = _WRITTEN_MONTH.sub(lambda m: f"{m[1]}~" if m[1] else m[2], written).lower()
    text = _LOWER_MONTH.sub(lambda m: f"{m[0]}~", text)
    found: list[str] = []
    for pattern, reading in _READINGS:
        text = pattern.sub(partial(_taken, reading, found), text)
    return text, found


def _taken(reading: _Reading, found: list[str], match: re.Match[str]) -> str:
    found.append(reading(match))
    return " ; "
