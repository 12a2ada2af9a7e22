"""PowerPoint files to blocks: a slide is a page, its title a heading."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from core.knowledge.loaders.canonical import one_line
from core.knowledge.loaders.reading import Block, Reading
from core.knowledge.loaders.tables import table_text

_DEEPEST_GROUP = 20
_SIDE_PLACEHOLDERS = {"DATE", "FOOTER", "SLIDE_NUMBER", "HEADER"}


def read_slides(content: bytes) -> Reading:
    """Titles, texts and tables in reading order, then the speaker's notes of each slide."""
    import pptx

    deck = pptx.Presentation(io.BytesIO(content))
    blocks = [block for number, slide in enumerate(deck.slides, 1) for block in _slide(slide, number)]
    return Reading(
        blocks,
        title=deck.core_properties.title or None,
        pages=len(deck.slides),
        heading_as_title="first",
    )


def _slide(slide: Any, number: int) -> Iterator[Block]:
    title = slide.shapes.title
    if title is not None:
        yield Block(one_line(title.text_frame.text), level=1, page=number)
    for shape in _in_order(slide.shapes, 0):
        if title is None or shape.shape_id != title.shape_id:
            yield Block(_shape_text(shape), page=number)
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None and notes.text.strip():
        yield Block(f"Speaker notes: {notes.text}", page=number)


def _in_order(shapes: Any, depth: int) -> Iterator[Any]:
    """Shapes from top to bottom and left to right, those of groups in the place of their group."""
    from pptx.enum.shapes import MSO_SHAPE_TYPE

    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if getattr(shape, "shape_type", None) == MSO_SHAPE_TYPE.GROUP:
            if depth < _DEEPEST_GROUP:
                yield from _in_order(shape.shapes, depth + 1)
        elif not _is_side(shape):
            yield shape


def _is_side(shape: Any) -> bool:
    return bool(shape.is_placeholder) and shape.placeholder_format.type.name in _SIDE_PLACEHOLDERS


def _shape_text(shape: Any) -> str:
    if getattr(shape, "has_table", False):
        rows = [[cell.text for cell in row.cells] for row in shape.table.rows]
        return table_text(rows, header=True if shape.table.first_row and len(rows) > 1 else None)
    if getattr(shape, "has_chart", False):
        return _chart_text(shape.chart)
    if not shape.has_text_frame:
        return ""
    paragraphs = [one_line(paragraph.text) for paragraph in shape.text_frame.paragraphs]
    filled = [text for text in paragraphs if text]
    listed = len(filled) > 1 and shape.is_placeholder
    return "\n".join(f"- {text}" if listed else text for text in filled)


def _chart_text(chart: Any) -> str:
    """The values a chart draws, a line for each category."""
    title = chart.chart_title.text_frame.text if chart.has_title and chart.chart_title.has_text_frame else ""
    plots = list(chart.plots)
    if not plots:
        return str(title)
    names = ["", *(series.name or "" for series in plots[0].series)]
    values = [[str(value) for value in series.values] for series in plots[0].series]
    rows = [list(row) for row in zip(map(str, plots[0].categories), *values, strict=False)]
    return f"{title}\n{table_text([names, *rows], header=True)}"
