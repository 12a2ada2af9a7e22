"""Numbers in a question, however they are written: `5,000 euros`, `EUR 5k`, `five thousand euros`.

They are read as the checks of answers read them, but into one canonical form each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.answering.checks.numerals import Numeral, numerals
from core.answering.checks.units import unit_at

Span = tuple[int, int]

# `7.10` is not `7.1` where versions and sections are meant; only groups of three are thousands.
_VERSION = re.compile(r"(?<![\w.,])\d+(?:\.\d+){2,}(?![\w])")
_DECIMAL = re.compile(r"\d+\.(?:\d{1,2}|\d{4,})(?!\d)")


def quantities(text: str) -> Iterator[tuple[Span, str]]:
    """The numbers of a lower-case text as `5000 euro`, `2 year` or, without a known unit, `619`.

    A lone `one`, as in `which one`, is none.
    """
    versions = [match.span() for match in _VERSION.finditer(text)]
    for start, end in versions:
        yield (start, end), text[start:end]
    for numeral in numerals(text):
        unit = unit_at(text, numeral.start, numeral.end)
        inside = any(start <= numeral.start < end for start, end in versions)
        if (
            inside
            or numeral.ordinal
            or (unit is None and text[numeral.start : numeral.end] in ("one", "ones"))
        ):
            continue
        yield (numeral.start, numeral.end), f"{_canonical(text, numeral)} {unit or ''}".rstrip()


def ordinals(text: str) -> Iterator[tuple[Span, int]]:
    """The ordinal numbers of a lower-case text, in words or as `3rd`."""
    for numeral in numerals(text):
        if numeral.ordinal:
            yield (numeral.start, numeral.end), int(max(numeral.values))


def _canonical(text: str, numeral: Numeral) -> str:
    written = text[numeral.start : numeral.end]
    if _DECIMAL.fullmatch(written):
        return written
    # `1.200` may be 1.2 as well, `5m` five metres: the larger is meant more often.
    value = max(numeral.values)
    return str(int(value)) if value.is_integer() else f"{value:.10g}"
