"""The documents behind an answer: which versions, who may read them, and their passages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.answering.answer import Answer
from core.answering.checks.sources import plain_text
from core.answering.citations import Citation, VerifiedBy
from core.review.access import narrowest
from core.tables import chunks, documents, verified_answers, versions
from core.types import Chunk, DataClass, Passage, Readership, VerifiedText

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
    """What is cited and what was retrieved; where both name a document, the retrieved version.

    A person's answer counts as the documents that it rests on; a citation of one has theirs beside it.
    """
    cited = {each.document_id: each.version_id for each in citations if each.verified is None}
    chunks_of = (each.chunk.verified.sources if each.chunk.verified else (each.chunk,) for each in passages)
    return cited | {chunk.document_id: chunk.version_id for of in chunks_of for chunk in of}


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
    """The cited stretches as passages without scores, for an answer whose retrieval is over.

    A cited answer of a person is among them as long as it says what was cited.
    """
    known = _versions(connection, {citation.version_id for citation in citations})
    stretches = {c.chunk_id: _chunk(c, known[c.version_id]) for c in citations if c.version_id in known}
    said = _verified_texts(connection, citations)
    found = (
        stretches.get(c.chunk_id) if c.verified is None else _verified_chunk(c, c.verified, said, stretches)
        for c in citations
    )
    return tuple(Passage(chunk, 0.0, 0.0, 0.0) for chunk in found if chunk is not None)


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
    if citation.verified or version_id is None or not {version_id, citation.version_id} <= known.keys():
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


def _verified_texts(connection: sa.Connection, citations: Iterable[Citation]) -> dict[int, sa.Row[Any]]:
    ids = [citation.verified.id for citation in citations if citation.verified]
    columns = (verified_answers.c[name] for name in ("id", "text", "readers", "verified_at"))
    query = sa.select(*columns).where(verified_answers.c.id.in_(ids), verified_answers.c.text != "")
    return {row.id: row for row in connection.execute(query)} if ids else {}


def _verified_chunk(
    citation: Citation, by: VerifiedBy, said: Mapping[int, sa.Row[Any]], stretches: Mapping[int, Chunk]
) -> Chunk | None:
    row = said.get(by.id)
    sources = tuple(stretches[i] for i in by.rests_on if i in stretches)
    if row is None or row.verified_at.isoformat() != by.at or len(sources) < len(by.rests_on):
        return None
    return replace(
        sources[0],
        id=citation.chunk_id,
        title=citation.title,
        readers=row.readers,
        heading_path=citation.heading_path,
        page=None,
        start=citation.start,
        end=citation.end,
        text=plain_text(row.text),
        data_class=max(source.data_class for source in sources),
        verified=VerifiedText(by.id, by.by, by.at, sources),
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
