"""Rows of tables that an answer quotes, drawn as tables: `Column: value; Column: value` is hard to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.table_rows import TableRow, table_row

_MARKERS = re.compile(r"\s*((?:\[\d{1,3}\]\s*)*)\Z")
_MARKER = re.compile(r"\[\d{1,3}\]")
_UNIT = re.compile(r"\b(?:eur|usd|gbp|chf)\b", re.IGNORECASE)
_MOST_COLUMNS = 6
"""Wider tables would have to be moved sideways; their rows stand one below the other."""


@dataclass(frozen=True, slots=True)
class _Quoted:
    row: TableRow
    markers: str


def with_tables(text: str) -> str:
    """The text with each run of quoted rows as a Markdown table; anything else stays as it is."""
    return "\n\n".join(_drawn(text.split("\n\n")))


def _drawn(paragraphs: Sequence[str]) -> Iterator[str]:
    run: list[_Quoted] = []
    for paragraph in paragraphs:
        quoted = _quoted(paragraph)
        if run and (quoted is None or not quoted.row.is_beside(run[-1].row)):
            yield from _tables(run)
            run = []
        if quoted is None:
            yield paragraph
        else:
            run.append(quoted)
    yield from _tables(run)


def _quoted(paragraph: str) -> _Quoted | None:
    found = _MARKERS.search(paragraph)
    body = paragraph[: found.start()].strip() if found is not None else ""
    if found is None or not found[1] or "\n" in body or _MARKER.search(body):
        return None
    row = table_row(body)
    return None if row is None else _Quoted(row, found[1].strip())


def _tables(run: Sequence[_Quoted]) -> Iterator[str]:
    names = list(dict.fromkeys(name for quoted in run for name in quoted.row.names))
    if len(run) == 1 or len(names) > _MOST_COLUMNS:
        yield from (_upright(quoted) for quoted in run)
    elif run:
        lines = [_across(quoted, names) for quoted in run]
        captions = [_caption(name, value) for name, value in zip(names, lines[0][:-1], strict=True)]
        yield _table([*captions, ""], lines)


def _upright(quoted: _Quoted) -> str:
    """One row as two columns: names and values."""
    first, *rest = zip(quoted.row.names, quoted.row.values, strict=True)
    header = [_caption(*first), f"{_cell(first[1])} {quoted.markers}"]
    return _table(header, [[_caption(name, value), _cell(value)] for name, value in rest])


def _across(quoted: _Quoted, names: Sequence[str]) -> list[str]:
    values = dict(zip(quoted.row.names, quoted.row.values, strict=True))
    return [*(_cell(values.get(name, "")) for name in names), quoted.markers]


def _table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(header)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *lines))


def _caption(name: str, value: str) -> str:
    """A column's name as people write it: `list_price_eur` is List price (EUR), unless the value says so."""
    if "_" not in name:
        return _cell(name[:1].upper() + name[1:])

    def unit(found: re.Match[str]) -> str:
        return "" if found[0].upper() in value else f"({found[0].upper()})"

    words = " ".join(_UNIT.sub(unit, name.replace("_", " ")).split())
    return _cell(words[:1].upper() + words[1:])


def _cell(text: str) -> str:
    # A bar would end the cell, and a mark before it would be shown as one.
    return " ".join(text.replace("|", "\u2223").split())
