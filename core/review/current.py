"""What changed sources say now, beside what a verified answer cites of them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

import sqlalchemy as sa

from core.review.meaning import shared_words
from core.tables import chunks, versions
from core.types import Chunk, DataClass, Passage

EACH = 2
"""So many passages of the current version are shown for each cited one."""


def said_now(connection: sa.Connection, cited: Sequence[Passage]) -> tuple[Passage, ...]:
    """Of each cited document that has a newer version, the passages that have most words in common."""
    known = {passage.chunk.id for passage in cited}
    found: dict[int, Passage] = {}
    for passage in cited:
        current = _current(connection, passage.chunk.document_id)
        if passage.chunk.id in {chunk.id for chunk in current}:
            continue
        alike = shared_words(passage.chunk.text, [chunk.text for chunk in current])
        ranked = sorted(zip(current, alike, strict=True), key=itemgetter(1), reverse=True)
        found |= {chunk.id: Passage(chunk, 0.0, 0.0, score) for chunk, score in ranked[:EACH]}
    return tuple(passage for each, passage in found.items() if each not in known)


def _current(connection: sa.Connection, document_id: int) -> list[Chunk]:
    # Cut out in the database: a long document's whole text is not read for each of its chunks.
    stretch = sa.func.substr(versions.c.text, chunks.c.start + 1, chunks.c.end - chunks.c.start)
    query = (
        sa.select(chunks.c.id, chunks.c.heading_path, chunks.c.page, chunks.c.start, chunks.c.end)
        .add_columns(versions.c.id.label("version"), versions.c.number, versions.c.title)
        .add_columns(versions.c.readers, versions.c.data_class, stretch.label("stretch"))
        .join(versions, versions.c.id == chunks.c.version_id)
        .where(versions.c.document_id == document_id, versions.c.state == "current")
        .order_by(chunks.c.start)
    )
    return [
        Chunk(
            id=row.id,
            document_id=document_id,
            version_id=row.version,
            title=row.title,
            version=row.number,
            readers=row.readers,
            heading_path=tuple(row.heading_path),
            page=row.page,
            start=row.start,
            end=row.end,
            text=row.stretch,
            indexed_text="",
            data_class=DataClass.named(row.data_class),
        )
        for row in connection.execute(query)
    ]
