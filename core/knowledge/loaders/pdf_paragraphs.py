"""Paragraphs, headings, lists and tables from the lines of PDF pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from statistics import median

from core.knowledge.loaders.canonical import one_line
from core.knowledge.loaders.pdf_layout import Line
from core.knowledge.loaders.pdf_tables import Grid
from core.knowledge.loaders.plain import heading_level, is_item, is_numbered
from core.knowledge.loaders.reading import Block
from core.knowledge.loaders.tables import table_text

_WIDE_GAP = 1.35
"""Lines further apart than this many times the usual distance belong to different paragraphs."""
_LARGER = 1.12
_SHORT = 0.72
_MOST_WORDS = 14
_ENDS = re.compile(r"[.!?:;…][\"'”’)]*$")
_HYPHEN = re.compile(r"([^\W\d_]+)[-\u2010\u0002]$")
_LAST_WORD = re.compile(r"[^\W\d_]+\Z")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def blocks_of(pages: list[list[Line]]) -> list[Block]:
    """The blocks of a document's pages, in order."""
    lines = [line for page in pages for line in page]
    if not lines:
        return []
    return list(_Composer(lines).blocks())


class _Composer:
    """What is usual in this document decides what stands out in it."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines
        # Tables are set in their own way and say nothing about running text.
        running = [line for line in lines if not line.grid] or lines
        sizes: Counter[float] = Counter()
        weights: Counter[bool] = Counter()
        for line in running:
            sizes[round(line.size, 1)] += len(line.text)
            weights[line.bold] += len(line.text)
        self._size = sizes.most_common(1)[0][0] or 1.0
        self._bold = weights.most_common(1)[0][0]
        self._width = max(len(line.text) for line in running)
        self._leading = self._usual_leading()
        self._words = Counter(word.casefold() for line in lines for word in _WORD.findall(line.text))

    def _usual_leading(self) -> float:
        """The distance of lines within a paragraph: what follows a long line mostly goes on with it."""
        pairs = list(pairwise(self._lines))
        gaps = [(a.y - b.y, len(a.text) > _SHORT * self._width) for a, b in pairs]
        near = [(gap, full) for gap, full in gaps if 0 < gap < 4 * self._size]
        full_gaps = [gap for gap, full in near if full]
        if full_gaps:
            return median(full_gaps)
        return min((gap for gap, _ in near), default=self._size * 1.2)

    def blocks(self) -> Iterator[Block]:
        """All blocks; a paragraph that runs over a page's end goes on in a block of the next page."""
        headings = self._headings()
        levels = {key: level for level, key in enumerate(sorted(set(headings.values())), 1)}
        position = 0
        while position < len(self._lines):
            line = self._lines[position]
            if line.grid:
                yield Block(self._table(line.grid), page=line.page)
                position += 1
            elif position in headings:
                end = self._heading_end(position, headings)
                text = self._joined(self._lines[position:end])
                yield Block(text, level=min(levels[headings[position]], 6), page=line.page)
                position = end
            else:
                end = self._paragraph_end(position, headings)
                text = self._joined(self._lines[position:end])
                yield Block(text, page=line.page, continues=self._continues(position, headings))
                position = end

    def _headings(self) -> dict[int, tuple[float, int]]:
        """The lines that are headings, each with a key that sorts outer ones first."""
        found = {}
        for index, line in enumerate(self._lines):
            key = self._heading_key(index, line)
            if key and index + 1 < len(self._lines):
                found[index] = key
        return found

    def _heading_key(self, index: int, line: Line) -> tuple[float, int] | None:
        text = line.text
        if (
            len(text.split()) > _MOST_WORDS
            or not any(map(str.isalpha, text))
            or text.endswith((".", ",", ";"))
        ):
            return None
        if text[0].islower() or (is_item(text) and not is_numbered(text)):
            return None
        numbered = is_numbered(text) and heading_level(text)
        depth = numbered - 1 if numbered else 1
        if line.size >= self._size * _LARGER:
            return (-round(line.size, 1), depth)
        if text.endswith(":"):
            return None
        if line.bold and not self._bold:
            return (-round(line.size, 1), depth)
        if numbered and self._stands_apart(index):
            return (-round(line.size, 1), depth)
        return None

    def _stands_apart(self, index: int) -> bool:
        """Whether space is above a line, and what follows is text rather than another number."""
        if index + 1 >= len(self._lines) or is_item(self._lines[index + 1].text):
            return False
        return index == 0 or self._gap(index) or self._lines[index - 1].page != self._lines[index].page

    def _gap(self, index: int) -> bool:
        distance = self._lines[index - 1].y - self._lines[index].y
        return distance > _WIDE_GAP * self._leading

    def _heading_end(self, start: int, headings: dict[int, tuple[float, int]]) -> int:
        """Past the lines of one heading: a long one is wrapped, in the same size and close."""
        first = self._lines[start]
        least = 0.6 * self._width * self._size / max(first.size, 1.0)
        end = start + 1
        while end < len(self._lines):
            before, line = self._lines[end - 1], self._lines[end]
            alike = line.bold == first.bold and abs(line.size - first.size) < 0.05 * first.size
            close = line.page == first.page and 0 < before.y - line.y < 1.6 * first.size
            if line.grid or is_numbered(line.text) or not (alike and close and len(before.text) > least):
                break
            end += 1
        return end

    def _paragraph_end(self, start: int, headings: dict[int, tuple[float, int]]) -> int:
        end = start + 1
        while end < len(self._lines) and end not in headings and not self._starts_paragraph(end):
            end += 1
        return end

    def _starts_paragraph(self, index: int) -> bool:
        before, line = self._lines[index - 1], self._lines[index]
        if line.grid or before.grid:
            return True
        if line.page != before.page or is_item(line.text) or self._gap(index):
            return True
        if abs(line.size - before.size) > 0.15 * self._size:
            return True
        ended = bool(_ENDS.search(before.text))
        jumped = before.y - line.y < -self._leading  # the next column
        return ended and (jumped or len(before.text) < _SHORT * self._width)

    def _continues(self, index: int, headings: dict[int, tuple[float, int]]) -> bool:
        if index == 0 or index - 1 in headings:
            return False
        before, line = self._lines[index - 1], self._lines[index]
        if before.grid or line.grid:
            return False
        return before.page != line.page and not _ENDS.search(before.text) and line.text[0].islower()

    def _joined(self, lines: Iterable[Line]) -> str:
        text = ""
        for line in lines:
            text = self._unhyphenated(text, line.text) if text else line.text
        return text

    def _unhyphenated(self, text: str, line: str) -> str:
        """Join two lines; a hyphen goes unless the document writes that word with one elsewhere."""
        broken = _HYPHEN.search(text)
        following = _WORD.match(line)
        if not broken or not following or not line[0].islower():
            return f"{text} {line}"
        left, right = broken[1], following[0].split("-")[0]
        kept = self._words[f"{left}-{right}".casefold()] > self._words[f"{left}{right}".casefold()]
        return text + line if kept else text[: broken.end(1)] + line

    def _table(self, grid: Grid) -> str:
        rows = [[self._cell(lines) for lines in row] for row in grid.rows]
        return table_text(rows, header=True if grid.bold_header else None)

    def _cell(self, lines: list[str]) -> str:
        """The lines of a cell joined; narrow columns break words without a hyphen."""
        text = ""
        for line in map(one_line, lines):
            left, right = _LAST_WORD.search(text), _WORD.match(line)
            broken = left and right and self._is_one_word(left[0], right[0])
            text = text + line if broken else self._unhyphenated(text, line) if text else line
        return text

    def _is_one_word(self, left: str, right: str) -> bool:
        """Whether two parts make a word of the document; a lone consonant is never a word itself."""
        lone = len(right) == 1 and right in "bcdfghjklmnpqrstvwxyz"
        return lone or self._words[f"{left}{right}".casefold()] > 0
