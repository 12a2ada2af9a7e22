"""Units by their names and signs, and which one a number in a text has."""

from __future__ import annotations

import re

_NAMES_TEXT = """
second: second seconds sec secs s sekunde sekunden
minute: minute minutes min mins minuten
hour: hour hours hr hrs h stunde stunden
day: day days tag tage tagen
night: night nights
week: week weeks wk wks woche wochen
month: month months monat monate monaten
quarter: quarter quarters
year: year years yr yrs jahr jahre jahren
percent: % percent pct prozent
euro: € eur euro euros
dollar: $ usd dollar dollars
pound: £ gbp
franc: chf
cent: cent cents
millimetre: mm millimetre millimetres millimeter millimeters
centimetre: cm centimetre centimetres centimeter centimeters
metre: m metre metres meter meters
kilometre: km kilometre kilometres kilometer kilometers
mile: mile miles
micrometre: µm μm um micron microns
nanometre: nm nanometre nanometres
gram: g gram grams
kilogram: kg kilogram kilograms kilo kilos
tonne: t tonne tonnes
litre: l litre litres liter liters
degree: °c celsius
fahrenheit: °f fahrenheit
volt: v volt volts
millivolt: mv
ampere: a amp amps ampere amperes
milliampere: ma
watt: w watt watts
kilowatt: kw kilowatt kilowatts
kilowatthour: kwh
bar: bar
hertz: hz
kilohertz: khz
megahertz: mhz
gigahertz: ghz
byte: byte bytes
kilobyte: kb kilobyte kilobytes
megabyte: mb megabyte megabytes
gigabyte: gb gigabyte gigabytes
terabyte: tb terabyte terabytes
millisecond: ms millisecond milliseconds
"""
_NAMES = {
    word: unit.strip()
    for line in _NAMES_TEXT.split("\n")
    if line
    for unit, words in [line.split(":")]
    for word in words.split()
}
_CURRENCIES = r"€|\$|£|\bEUR|\bUSD|\bGBP|\bCHF"
_BEFORE = re.compile(rf"({_CURRENCIES})\s?$", re.IGNORECASE)
_QUALIFIERS = (
    "working|business|calendar|full|whole|paid|unpaid|consecutive|additional|more|further|extra|other|"
    "single|half|entire|complete"
)
_AFTER = re.compile(
    rf"(?:\s?(?:to|–|-|and|or|bis)\s?(?:(?:{_CURRENCIES})\s?)?\d[\d.,]*)?"
    rf"[\s-]?(?:(?:{_QUALIFIERS})[\s-]+){{0,2}}(€|\$|£|%|°[CF]|[^\W\d_]+)",
    re.IGNORECASE,
)


def is_qualifier(word: str) -> bool:
    """Whether this may stand between a number and its unit, as in ten working days."""
    return word.casefold() in _QUALIFIERS.split("|")


def is_unit(word: str) -> bool:
    """Whether this is the name or the sign of a unit."""
    return unit_of(word) is not None


def unit_of(word: str) -> str | None:
    """What the name or sign stands for: `hrs` is `hour`."""
    # These in capitals belong to codes: the 210S is a probe and takes no 210 seconds.
    return None if word in ("S", "G", "T") else _NAMES.get(word.casefold())


def unit_at(text: str, start: int, end: int) -> str | None:
    """The unit of the number from `start` to `end`: `EUR 5`, `5 to 10 working days`."""
    if before := _BEFORE.search(text, max(0, start - 5), start):
        return unit_of(before[1])
    after = _AFTER.match(text, end)
    if after is None:
        return None
    # A single letter is a unit only right behind its number: "5 a day" speaks of no amperes.
    if len(after[1]) == 1 and after[1].isalpha() and (after.start(1) > end + 1 or after[1] in "as"):
        return None
    return unit_of(after[1])


def units_in(text: str) -> frozenset[str]:
    """The units that a text names, as words of their own or within a column's name."""
    words = re.findall(r"[^\W\d_]+|[€$£%]|°[CF]", text)
    return frozenset(
        unit for word in words if (len(word) > 1 or not word.isalpha()) and (unit := unit_of(word))
    )
