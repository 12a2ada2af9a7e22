"""The documents behind an answer: which versions, who may read them, and their passages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import sqlalchemy as sa

from core.answering.answer import Answer
from core.answering.citations import Citation
from core.review.access import narrowest
from core.tables import chunks, documents, versions
from core.types import Chunk, DataClass, Passage, Readership

Sources = Mapping[int, int]
"""The version's id by the document's."""


class Version(NamedTuple):
    """What is asked of a document's version."""

    id: int
    text: str
    readers: str
    number: int
    data_class: str


def sources_of(citations: Iterable[Citation], passages: Iterable[Passage] = ()) -> dict[int, int]:
    """What is cited and what was retrieved; where both name a document, the retrieved version."""
    cited = {citation.document_id: citation.version_id for citation in citations}
    return cited | {passage.chunk.document_id: passage.chunk.version_id for passage in passages}


def readers_of(connection: sa.Connection, sources: Sources, department: str) -> str:
    """The narrowest reading group of these versions, as they were and as their documents are now.

    Where one is gone, nobody knows any more who could read it: then only `department`, whose
    person has seen it.
    """
    query = (
        sa.select(versions.c.id, versions.c.readers, documents.c.readers.label("now"))
        .join(documents, documents.c.id == versions.c.document_id)
        .where(versions.c.id.in_(list(sources.values())))
    )
    rows = connection.execute(query).all()
    keys = [key for row in rows for key in (row.readers, row.now)]
    if len(rows) < len(set(sources.values())):
        keys.append(Readership.of([department]).key)
    return narrowest(keys)


def passages_of(connection: sa.Connection, citations: Sequence[Citation]) -> tuple[Passage, ...]:
    """The cited stretches as passages without scores, for an answer whose retrieval is over."""
    known = _versions(connection, {citation.version_id for citation in citations})
    return tuple(
        Passage(_chunk(citation, known[citation.version_id]), 0.0, 0.0, 0.0)
        for citation in citations
        if citation.version_id in known
    )


def rebound(connection: sa.Connection, answer: Answer, sources: Sources) -> Answer:
    """The answer with its citations moved to these versions, where the cited stretch still stands.

    One whose words are gone keeps pointing into the version that had them.
    """
    wanted = {citation.version_id for citation in answer.citations} | set(sources.values())
    known = _versions(connection, wanted)
    moved = (_moved(connection, c, sources.get(c.document_id), known) for c in answer.citations)
    return replace(answer, citations=tuple(moved))


def _moved(
    connection: sa.Connection,
    citation: Citation,
    version_id: int | None,
    known: Mapping[int, Version],
) -> Citation:
    if version_id is None or not {version_id, citation.version_id} <= known.keys():
        return citation
    stretch = known[citation.version_id].text[citation.start : citation.end]
    start = known[version_id].text.find(stretch)
    if not stretch or start < 0:
        return citation
    shift = start - citation.start
    end = start + len(stretch)
    chunk = connection.scalar(
        sa.select(chunks.c.id)
        .where(chunks.c.version_id == version_id, chunks.c.start <= start, chunks.c.end > start)
        .limit(1)
    )
    return replace(
        citation,
        chunk_id=chunk or citation.chunk_id,
        version_id=version_id,
        version=known[version_id].number,
        start=start,
        end=end,
        quotes=tuple((a + shift, b + shift) for a, b in citation.quotes),
    )


def _versions(connection: sa.Connection, ids: Iterable[int]) -> dict[int, Version]:
    query = sa.select(*(versions.c[name] for name in Version._fields))
    rows = connection.execute(query.where(versions.c.id.in_(list(ids)))).all()
    return {row.id: Version(*row) for row in rows}


def _chunk(citation: Citation, version: Version) -> Chunk:
    return Chunk(
        id=citation.chunk_id,
        document_id=citation.document_id,
        version_id=citation.version_id,
        title=citation.title,
        version=citation.version,
        readers=version.readers,
        heading_path=citation.heading_path,
        page=citation.page,
        start=citation.start,
        end=citation.end,
        text=version.text[citation.start : citation.end],
        indexed_text="",
        data_class=DataClass.named(version.data_class),
    )
