"""Numbers in a question, however they are written: `5,000 euros`, `EUR 5k` and `five thousand euros` are one."""

from __future__ import annotations

import re
from collections.abc import Iterator

_UNITS_BELOW_20 = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
SMALL = {word: number for number, word in enumerate(_UNITS_BELOW_20.split())} | {
    word: 10 * number for number, word in enumerate(_TENS.split(), start=2)
}
ORDINALS = {word: number for number, word in enumerate(_ORDINALS.split(), start=1)}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SUFFIXES = {"k": 1_000, "m": 1_000_000, "mn": 1_000_000, "bn": 1_000_000_000}

_CURRENCY_WORDS = {
    "eur": "€ eur euro euros",
    "usd": "$ usd dollar dollars",
    "gbp": "£ gbp pound pounds",
    "chf": "chf franc francs",
    "jpy": "¥ jpy yen",
}
CURRENCIES = {word: code for code, words in _CURRENCY_WORDS.items() for word in words.split()}
_MEASURES = {
    "percent": "% percent pct",
    "second": "seconds secs sec",
    "minute": "minutes minute mins min",
    "hour": "hours hour hrs hr h",
    "day": "days day",
    "week": "weeks week wks",
    "month": "months month",
    "year": "years year yrs yr",
    "kb": "kb kilobytes",
    "mb": "mb megabytes megabyte",
    "gb": "gb gigabytes gigabyte",
    "tb": "tb terabytes terabyte",
    "km": "km kilometres kilometers kilometre kilometer",
    "mile": "miles mile",
    "kg": "kg kilos kilograms",
}
MEASURES = {word: unit for unit, words in _MEASURES.items() for word in words.split()}

_WORD = "|".join([*SMALL, *_SCALES])
_WORDED = re.compile(rf"\b(?:{_WORD})(?:(?:[ -]| and )(?:{_WORD}))*\b")
_ORDINAL = re.compile(rf"\b(?:({'|'.join(ORDINALS)})|(\d{{1,3}})(?:st|nd|rd|th))\b")
_ONE_OF = re.compile(
    r"\bone\b(?![ -](?:%|hundred|thousand|million|" + "|".join(map(re.escape, MEASURES)) + r")\b)"
)
_MONEY_SIGNS = "€$£¥"
_UNIT = "|".join(sorted(map(re.escape, [*CURRENCIES, *MEASURES]), key=len, reverse=True))
_CODE = "|".join(code for code in CURRENCIES if len(code) == 3 and code.isalpha())
_NUMBER = re.compile(
    rf"(?:(?P<sign>[{_MONEY_SIGNS}])\s*|\b(?P<code>{_CODE})\s+)?"
    r"(?<![\w.,])(?P<digits>\d+(?:[.,]\d+)*)(?:\s?(?P<scale>k|mn|bn|m)\b| (?P<word>thousand|million|billion)\b)?"
    rf"(?:[ -]?(?P<unit>{_UNIT})(?!\w))?(?!\w)"
)
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+$")


def spelled_as_digits(text: str) -> str:
    """Lower-case text with its number words as digits; a lone `one`, as in `which one`, stays."""
    kept = _ONE_OF.sub("\0", text) if "one" in text else text
    return _WORDED.sub(lambda match: str(_value_of(match[0])), kept).replace("\0", "one")


def ordinals(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """The ordinal numbers of a lower-case text, in words or as `3rd`."""
    for match in _ORDINAL.finditer(text):
        yield match, ORDINALS[match[1]] if match[1] else int(match[2])


def quantities(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The numbers of a lower-case text as `5000 eur`, `2 year` or, without a known unit, `619`."""
    for match in _NUMBER.finditer(text):
        scale = _SUFFIXES.get(match["scale"] or "", 1) * _SCALES.get(match["word"] or "", 1)
        unit = match["sign"] or match["code"] or match["unit"] or ""
        yield (
            match,
            f"{_canonical(match['digits'], scale)} {CURRENCIES.get(unit) or MEASURES.get(unit, '')}".strip(),
        )


def _canonical(digits: str, scale: int) -> str:
    """Without separators of thousands; `7.10` stays apart from `7.1`, as versions are."""
    if _GROUPED.match(digits):
        digits = re.sub(r"[.,]", "", digits)
    digits = digits.replace(",", ".")
    if scale == 1 or digits.count(".") > 1:
        return digits.lstrip("0") or "0" if digits.isdigit() else digits
    return f"{float(digits) * scale:.0f}"


def _value_of(words: str) -> int:
    """`two thousand five hundred` is 2500; words that do not combine are added up."""
    total, current = 0, 0
    for word in re.findall("[a-z]+", words):
        if word in SMALL:
            current += SMALL[word]
        elif word == "hundred":
            current = max(1, current) * 100
        elif word in _SCALES:
            total, current = total + max(1, current) * _SCALES[word], 0
    return total + current
