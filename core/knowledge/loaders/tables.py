"""Tables as lines: each row says for itself what its values mean."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from core.knowledge.loaders.canonical import one_line

_LONGEST_HEADER = 80


def table_text(rows: Sequence[Sequence[str]], header: bool | None = None) -> str:
    """One line a row: `Header: value; Header: value`, or `value; value` without a header.

    `header` says whether the first row names the columns; None lets the cells decide. Empty rows
    end a table, so that each part of a sheet gets the header above it; empty cells are skipped.
    """
    cleaned = [[one_line(cell) for cell in row] for row in rows]
    parts = [list(part) for filled, part in groupby(cleaned, any) if filled]
    if header is not None:
        # A format that knows its header has one table, whatever its empty rows.
        parts = [[row for part in parts for row in part]]
    lines = (line for part in parts if part for line in _lines(part, header))
    return "\n".join(line for line in lines if line)


def _lines(rows: list[list[str]], header: bool | None) -> list[str]:
    captions = _captions(rows) if header is None else 0
    lines = [_values(row) for row in rows[:captions]]
    body = rows[captions:]
    if header is False or (header is None and not _names_columns(body)):
        return lines + [_values(row) for row in body]
    if len(body) == 1:
        return [*lines, _values(body[0])]
    names = body[0]
    return lines + [_named(names, row) for row in body[1:]]


def _captions(rows: list[list[str]]) -> int:
    """How many rows above a table hold one value only: its caption."""
    if max(sum(map(bool, row)) for row in rows) < 2:
        return 0
    return next(i for i, row in enumerate(rows) if sum(map(bool, row)) > 1)


def _names_columns(rows: list[list[str]]) -> bool:
    """Whether the first row reads like column names: words, all different, above other rows."""
    if len(rows) < 2:
        return False
    names = [cell for cell in rows[0] if cell]
    widest = max(sum(map(bool, row)) for row in rows)
    wordy = all(len(name) <= _LONGEST_HEADER and any(map(str.isalpha, name)) for name in names)
    labels = widest == 2 and all(row[0].endswith(":") for row in rows if row and row[0])
    return wordy and not labels and len(set(names)) == len(names) >= max(1, widest - 1)


def _named(names: list[str], row: list[str]) -> str:
    padded = names + [""] * (len(row) - len(names))
    pairs = zip(padded, row, strict=False)
    return "; ".join(_pair(name, value) for name, value in pairs if value)


def _pair(name: str, value: str) -> str:
    name = name.rstrip(" :")
    return f"{name}: {value}" if name else value


def _values(row: list[str]) -> str:
    cells = [cell for cell in row if cell]
    if len(cells) == 2 and cells[0].endswith(":"):
        return " ".join(cells)
    return "; ".join(cells)
