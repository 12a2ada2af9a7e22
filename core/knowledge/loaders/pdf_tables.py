"""Tables on a PDF page: a PDF draws them as runs of text, only their places tell of columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SLACK_POINTS = 3.0
_WIDEST_LETTER = 0.55
_NARROWEST_LETTER = 0.4
"""Widths of an average letter in font sizes: text is at most, and at least, as wide as these say."""
_SAME_CELL = 1.75
"""Lines of a cell are at most this many font sizes apart."""
_NEXT_ROW = 5.0
_MARKER = re.compile(r"\s*(?:[-–•*◦▪·‣]|\(?\w{1,3}[.)])\s*")

Cells = list[list[str]]
"""The lines of each cell of a row."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text with its origin on the page in points, its font size and its weight."""

    text: str
    x: float
    y: float
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: the pieces it is made of, from `start` to `end`, its rows, whether the first is bold."""

    start: int
    end: int
    rows: list[Cells]
    bold_header: bool


def grids(pieces: Sequence[Piece]) -> Iterator[Grid]:
    """The tables among the pieces of a page, in the order in which they are drawn."""
    filled = [index for index, piece in enumerate(pieces) if piece.text.strip()]
    position = 0
    while position < len(filled):
        columns = _columns(pieces, filled, position)
        grid = _grid(pieces, filled, position, columns) if len(columns) > 1 else None
        if grid:
            yield grid
            position = next((i for i, index in enumerate(filled) if index >= grid.end), len(filled))
        else:
            position += 1


def _columns(pieces: Sequence[Piece], filled: list[int], position: int) -> list[float]:
    """Where the columns of a table begin whose first row begins here; one where no table does."""
    before = pieces[filled[position]]
    columns = [before.x]
    if _MARKER.fullmatch(before.text):
        return columns
    top, bottom = before.y, before.y
    for index in filled[position + 1 : position + 40]:
        piece = pieces[index]
        beside = bottom - piece.size <= piece.y <= top + piece.size
        below = 0 < before.y - piece.y < _SAME_CELL * piece.size
        if piece.x > _right_edge(before) and beside and _alike(before, piece):
            columns.append(piece.x)
        elif not (below and abs(piece.x - columns[-1]) < _SLACK_POINTS and _alike(before, piece)):
            break
        top, bottom = max(top, piece.y), min(bottom, piece.y)
        before = piece
    return columns


def _right_edge(piece: Piece) -> float:
    return piece.x + _WIDEST_LETTER * piece.size * len(piece.text.strip())


def _alike(one: Piece, other: Piece) -> bool:
    return abs(one.size - other.size) < 0.1 * one.size


def _grid(pieces: Sequence[Piece], filled: list[int], position: int, columns: list[float]) -> Grid | None:
    first = before = pieces[filled[position]]
    rows: list[Cells] = [[[] for _ in columns]]
    bolds: list[bool] = [True]
    column, end = 0, filled[position]
    for index in filled[position:]:
        piece = pieces[index]
        found = _column(columns, piece)
        if found is None or not _alike(first, piece) or before.y - piece.y > _NEXT_ROW * piece.size:
            break
        if found < column or (found == column and before.y - piece.y > _SAME_CELL * piece.size):
            rows.append([[] for _ in columns])
            bolds.append(True)
        rows[-1][found] += [line for line in piece.text.split("\n") if line.strip()]
        bolds[-1] = bolds[-1] and piece.bold
        column, before, end = found, piece, index + 1
    full = sum(sum(map(bool, row)) > 1 for row in rows)
    if len(rows) < 2 or full < 2 or full < 0.6 * len(rows):
        return None
    return Grid(filled[position], end, rows, bolds[0] and not all(bolds[1:]))


def _column(columns: list[float], piece: Piece) -> int | None:
    """The column a piece stands in; None for a line of running text below the table."""
    least = _NARROWEST_LETTER * piece.size * len(piece.text.strip())
    if abs(piece.x - columns[0]) < _SLACK_POINTS:
        return 0 if least < columns[1] - columns[0] else None
    within = [index for index, x in enumerate(columns) if index and x - _SLACK_POINTS <= piece.x]
    return within[-1] if within else None
