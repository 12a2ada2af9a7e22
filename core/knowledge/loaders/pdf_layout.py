"""The lines of a PDF page, from runs of text and their places; running headers and footers go."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

from core.knowledge.loaders.canonical import one_line
from core.knowledge.loaders.pdf_tables import Grid, Piece, grids


@dataclass(slots=True)
class Line:
    """A line of a page, or a table (`grid`): its text, its baseline in points, size and weight."""

    page: int
    y: float
    size: float
    bold: bool
    text: str = ""
    grid: Grid | None = None


_EDGE_LINES = 3
"""Headers and footers are looked for in this many lines at either end of a page."""
_RECURRENCE = 0.6
_NUMBERS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|seite)?\s*[-–|]?\s*(\d{1,4})(?:\s*(?:/|of|von|de)\s*\d{1,4})?\s*[-–|]?", re.I
)


def page_lines(pieces: list[Piece], page: int) -> list[Line]:
    """The lines and tables of a page in the order drawn; pieces on one baseline are one line.

    Some programs draw each word on its own, which pypdf returns as a line for each word.
    """
    lines: list[Line] = []
    position = 0
    for grid in grids(pieces):
        lines += _running_lines(pieces[position : grid.start], page)
        first = pieces[grid.start]
        text = " ".join(line for row in grid.rows for cell in row for line in cell)
        lines.append(Line(page, first.y, first.size, False, text, grid))
        position = grid.end
    return lines + _running_lines(pieces[position:], page)


def _running_lines(pieces: list[Piece], page: int) -> list[Line]:
    lines: list[Line] = []
    broken = False
    for piece in pieces:
        for index, part in enumerate(piece.text.split("\n")):
            broken = broken or index > 0
            if part.strip():
                _add(lines, replace(piece, text=part), page, broken, index > 0)
                broken = False
            elif part and lines and not lines[-1].text.endswith(" "):
                lines[-1].text += " "
    for line in lines:
        line.text = one_line(line.text)
    return [line for line in lines if line.text]


def _add(lines: list[Line], piece: Piece, page: int, broken: bool, inner: bool) -> None:
    """`broken` says that pypdf ended a line before this piece, `inner` that the piece itself did."""
    last = lines[-1] if lines else None
    same = last is not None and not inner and abs(last.y - piece.y) < 0.3 * max(piece.size, 1.0)
    if last is None or (broken and not same):
        lines.append(Line(page, piece.y, piece.size, piece.bold, piece.text))
        return
    apart = broken and not last.text.endswith(" ") and not piece.text.startswith(" ")
    last.text += (" " if apart else "") + piece.text
    last.bold = last.bold and piece.bold
    last.size = max(last.size, piece.size) if len(piece.text.strip()) > 1 else last.size


def without_running_lines(pages: list[list[Line]]) -> list[list[Line]]:
    """The pages without page numbers and without lines that recur at the edge of most of them."""
    recurring = _recurring(pages)
    return [_body(lines, recurring) for lines in pages]


def _recurring(pages: list[list[Line]]) -> set[str]:
    counts = Counter(shape for lines in pages for shape in set(_shapes(lines).values()))
    return {shape for shape, count in counts.items() if count >= max(_least(shape), _RECURRENCE * len(pages))}


def _least(shape: str) -> int:
    """On how many pages a line must recur: on two it may be chance, unless it counts the pages."""
    return 2 if "page #" in shape else 3


def _edges(lines: list[Line]) -> list[Line]:
    lines = [line for line in lines if line.grid is None]
    return lines if len(lines) <= 2 * _EDGE_LINES else lines[:_EDGE_LINES] + lines[-_EDGE_LINES:]


def _shapes(lines: list[Line]) -> dict[int, str]:
    """What recurs of each line at the edge of a page, by the line's id: numbers count up only in the
    outermost lines, further in a line must be the same."""
    outermost = {id(line) for line in lines[:1] + lines[-1:]}
    texts = {id(line): line.text.casefold() for line in _edges(lines)}
    return {key: _NUMBERS.sub("#", text) if key in outermost else text for key, text in texts.items()}


def _body(lines: list[Line], recurring: set[str]) -> list[Line]:
    shapes = _shapes(lines)
    outermost = {id(line) for line in lines[:1] + lines[-1:]}
    return [
        line
        for line in lines
        if shapes.get(id(line)) not in recurring and not (id(line) in outermost and _is_page_number(line))
    ]


def _is_page_number(line: Line) -> bool:
    found = _PAGE_NUMBER.fullmatch(line.text)
    return bool(found and (int(found[1]) == line.page or not line.text.isdecimal()))
