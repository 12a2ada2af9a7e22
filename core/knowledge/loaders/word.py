"""Word files to blocks: python-docx opens the file, paragraphs and tables are walked in order."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from core.knowledge.loaders.plain import heading_level
from core.knowledge.loaders.reading import Block, Reading
from core.knowledge.loaders.tables import table_text

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING_STYLE = re.compile(r"heading\s*(\d)", re.I)
_PRINTED = {f"{_W}tab": " ", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
# A nested paragraph is a text box: it is read after the paragraph that anchors it.
_SKIPPED = {
    _FALLBACK,
    *(f"{_W}{name}" for name in ("del", "moveFrom", "txbxContent", "instrText", "pPr", "rPr")),
}
_WRAPPERS = {f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml", f"{_W}smartTag"}
_DEEPEST_TABLE = 5


def read_word(content: bytes) -> Reading:
    """Paragraphs, lists, tables and headings; contents lists and running headers are left out.

    Headings are styles with an outline level; where a file has none, bold lines that stand alone.
    """
    import docx

    file = docx.Document(io.BytesIO(content))
    blocks = list(_Body(file).blocks(file.element.body))
    title = next((block.text for block, style in blocks if style == "title"), None)
    found = [block for block, _ in blocks]
    if not any(block.level for block in found):
        found = [_bold_heading(block, style) for block, style in blocks]
    return Reading(_lists_joined(found), title=title or file.core_properties.title or None)


def _bold_heading(block: Block, style: str) -> Block:
    level = heading_level(block.text) if style == "bold" else 0
    return Block(block.text, level=level)


def _lists_joined(blocks: list[Block]) -> list[Block]:
    """Neighbouring items of a list as one block of lines."""
    joined: list[Block] = []
    for block in blocks:
        item = block.text.startswith("- ") and not block.level
        if item and joined and joined[-1].text.startswith("- ") and not joined[-1].level:
            joined[-1] = Block(f"{joined[-1].text}\n{block.text}")
        else:
            joined.append(block)
    return joined


class _Body:
    """The styles and tables of one file."""

    def __init__(self, file: Any) -> None:
        self._styles = {style.style_id: style for style in file.styles if style.type == 1}

    def blocks(self, parent: Any) -> Iterator[tuple[Block, str]]:
        """The blocks below an element, each with what its style says: title, item, bold or nothing."""
        for element in parent:
            if element.tag == f"{_W}p":
                yield from self._paragraph(element)
            elif element.tag == f"{_W}tbl":
                yield Block(_table(element, 0)), ""
            elif element.tag in _WRAPPERS:
                yield from self.blocks(element)

    def _paragraph(self, element: Any) -> Iterator[tuple[Block, str]]:
        text = _text(element).strip()
        name, level = self._style(element)
        if text and not name.startswith(("toc ", "table of contents", "header", "footer")):
            kind = _kind(element, name, text)
            if name == "title":
                level = 1
            elif not level and kind == "item":
                text = f"- {text}"
            yield Block(text, level=level), kind
        for box in element.iter(f"{_W}txbxContent"):
            if not any(parent.tag == _FALLBACK for parent in box.iterancestors()):
                yield from self.blocks(box)

    def _style(self, element: Any) -> tuple[str, int]:
        """The name of a paragraph's style in lower case, and its level as a heading or 0.

        The file's title is the outermost heading, so the levels of headings begin at 2.
        """
        style = self._styles.get(element.style) if element.style else None
        name = (style.name or "").lower() if style is not None else ""
        outline = element.find(f"{_W}pPr/{_W}outlineLvl")
        for _ in range(10):
            if style is None or outline is not None:
                break
            found = _HEADING_STYLE.match(style.name or "")
            if found:
                return name, 1 + int(found[1] or 1)
            outline = style.element.find(f"{_W}pPr/{_W}outlineLvl")
            style = style.base_style
        value = outline.get(f"{_W}val") if outline is not None else "9"
        return name, 2 + int(value) if value.isdecimal() and int(value) < 9 else 0


def _kind(element: Any, style: str, text: str) -> str:
    if style == "title":
        return "title"
    if element.find(f"{_W}pPr/{_W}numPr") is not None or style.startswith("list "):
        return "item"
    return "bold" if "\n" not in text and _all_bold(element) else ""


def _all_bold(element: Any) -> bool:
    runs = [run for run in element.iter(f"{_W}r") if _text(run).strip()]
    marks = [run.find(f"{_W}rPr/{_W}b") for run in runs]
    return bool(runs) and all(m is not None and m.get(f"{_W}val") not in ("0", "false") for m in marks)


def _text(element: Any) -> str:
    """The words of a paragraph as they stand after all tracked changes are accepted."""
    parts: list[str] = []
    for child in element:
        if child.tag == f"{_W}t":
            parts.append(child.text or "")
        elif child.tag in _PRINTED:
            parts.append(_PRINTED[child.tag])
        elif child.tag not in _SKIPPED and len(child):
            parts.append(_text(child))
    return "".join(parts)


def _table(table: Any, depth: int) -> str:
    rows: list[list[str]] = []
    for row in _children(table, f"{_W}tr"):
        rows.append(_row(row, rows[-1] if rows else [], depth))
    if max(map(len, rows), default=0) == 1:
        return "\n".join(row[0] for row in rows)
    first = next(iter(_children(table, f"{_W}tr")), None)
    marked = first is not None and first.find(f"{_W}trPr/{_W}tblHeader") is not None
    return table_text(rows, header=True if marked and len(rows) > 1 else None)


def _row(row: Any, above: list[str], depth: int) -> list[str]:
    """The texts of a row; a cell that spans rows counts in each of them, one that spans columns in
    the first."""
    cells = [""] * _number(row.find(f"{_W}trPr/{_W}gridBefore"))
    for cell in _children(row, f"{_W}tc"):
        merged = cell.find(f"{_W}tcPr/{_W}vMerge")
        goes_on = merged is not None and merged.get(f"{_W}val") != "restart"
        held = above[len(cells)] if len(cells) < len(above) else ""
        span = max(_number(cell.find(f"{_W}tcPr/{_W}gridSpan")), 1)
        cells += [held if goes_on else _cell(cell, depth)] + [""] * (span - 1)
    return cells


def _cell(cell: Any, depth: int) -> str:
    parts = [_text(paragraph) for paragraph in _children(cell, f"{_W}p")]
    if depth < _DEEPEST_TABLE:
        parts += [_table(table, depth + 1) for table in _children(cell, f"{_W}tbl")]
    return "\n".join(part for part in parts if part.strip())


def _children(parent: Any, tag: str) -> Iterator[Any]:
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _children(child, tag)


def _number(element: Any) -> int:
    value = element.get(f"{_W}val") if element is not None else ""
    return min(int(value), 200) if value and value.isdecimal() else 0
