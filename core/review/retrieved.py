"""Verified answers as a source of retrieval: scored exactly, and asked at that moment whether they stand.

A score is made from the answer, the question and the documents that the asker may read, and from nothing
else; an answer that the asker may not read, or whose sources have changed, is no candidate. So neither
can show in another's score or place.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import sqlalchemy as sa

from core.answering.answer import Answer
from core.answering.checks.sources import plain_text
from core.knowledge.retrieval import Query
from core.review.access import Access
from core.review.indexing import indexed_text
from core.review.store import Store
from core.review.verified import ACTIVE, outdated, readable, sources_by_id
from core.review.verified_index import Row, Scored, VerifiedIndex
from core.tables import chunks, people, verified_answers, verified_passages
from core.types import Chunk, Passage, Person, VerifiedText

PROPOSED = 10
"""So many candidates are proposed by meaning and by words each."""
PAGE = 1_000
SECTION = ("Verified answer",)


class CurrentChunks(Protocol):
    """Knows the chunks of current versions."""

    def chunks(self, ids: Collection[int]) -> dict[int, Chunk]:
        """Those among these ids."""
        ...


class VerifiedSource:
    """What people have answered, beside the documents; `embedding` names the model of the vectors.

    The index in memory follows the database at each question, so that an answer which another process
    has indexed is found at once.
    """

    def __init__(self, store: Store, access: Access, current: CurrentChunks, embedding: str) -> None:
        self._store = store
        self._access = access
        self._current = current
        self._embedding = embedding
        self._index = VerifiedIndex()
        self._followed: tuple[Any, ...] = ()
        self._turn = threading.Lock()

    def candidates(self, person: Person, query: Query) -> list[Passage]:
        """The nearest by meaning and by words, of those that stand and that this person may read."""
        self._follow()
        scored = self._index.scored(person, query)
        if not len(scored.ids):
            return []
        found = self._chunks(self._standing(person, scored))
        at = {row_id: int(np.flatnonzero(scored.ids == row_id)[0]) for row_id in found}
        return [
            Passage(chunk, float(scored.bm25[at[row_id]]), float(scored.cosines[at[row_id]]), 0.0)
            for row_id, chunk in sorted(found.items())
        ]

    def _standing(self, person: Person, scored: Scored) -> dict[int, sa.Row[Any]]:
        """The rows of the best that stand by either score, deeper when too many of them do not."""
        orders = [np.argsort(-scored.cosines, kind="stable"), np.argsort(-scored.bm25, kind="stable")]
        depth = 2 * PROPOSED
        while True:
            best = [[int(i) for i in scored.ids[order[:depth]]] for order in orders]
            rows = self._rows(person, set().union(*best))
            proposed = [[i for i in ids if i in rows][:PROPOSED] for ids in best]
            if depth >= len(scored.ids) or all(len(ids) == PROPOSED for ids in proposed):
                return {i: rows[i] for ids in proposed for i in ids}
            depth *= 4

    def _rows(self, person: Person, ids: Collection[int]) -> dict[int, sa.Row[Any]]:
        # Not the plain column: with its index SQLite may begin with all answers in force, not with these.
        in_force = verified_answers.c.state.concat("") == ACTIVE
        query = (
            sa.select(verified_answers, people.c.name, verified_passages.c.id.label("passage_id"))
            .join(verified_passages, verified_passages.c.verified_id == verified_answers.c.id)
            .join(people, people.c.id == verified_answers.c.verified_by)
            .where(verified_passages.c.id.in_(ids), in_force, ~outdated())
            .where(readable(self._access.of(person)))
        )
        with self._store.read() as connection:
            return {row.passage_id: row for row in connection.execute(query)}

    def _chunks(self, rows: Mapping[int, sa.Row[Any]]) -> dict[int, Chunk]:
        with self._store.read() as connection:
            bound = sources_by_id(connection, [row.id for row in rows.values()])
            answers = {i: Answer.from_json(row.text, row.answer) for i, row in rows.items()}
            first = _first_chunks(connection, {v for of in bound.values() for v in of.values()})
        cited = {c.chunk_id for answer in answers.values() for c in answer.citations}
        known = self._current.chunks({*(i for i in cited if i > 0), *first.values()})
        sources = {i: _sources(answers[i], bound.get(row.id, {}), known, first) for i, row in rows.items()}
        return {i: _chunk(row, answers[i], sources[i]) for i, row in rows.items() if sources[i]}

    def _follow(self) -> None:
        """Take in what was indexed, and let go of what was dropped; quick when nothing was."""
        mine = verified_passages.c.embedding == self._embedding
        ids = verified_passages.c.id
        # Ids may be committed in another order than they were given out: the greatest one says too little.
        marks = sa.select(sa.func.count(ids), sa.func.max(ids), sa.func.sum(ids)).where(mine)
        with self._turn:
            with self._store.read() as connection:
                seen = tuple(connection.execute(marks).one())
                if seen == self._followed:
                    return
                found = sa.select(ids).where(mine, verified_passages.c.vector.is_not(None))
                stored = set(connection.scalars(found))
                known = self._index.ids()
                added = list(_indexed(connection, sorted(stored - known)))
            self._index.change(added, known - stored)
            self._followed = seen


def _indexed(connection: sa.Connection, ids: Sequence[int]) -> Iterable[Row]:
    query = sa.select(
        *(verified_passages.c[name] for name in ("id", "vector", "terms")), verified_answers.c.readers
    ).join(verified_answers, verified_answers.c.id == verified_passages.c.verified_id)
    for start in range(0, len(ids), PAGE):
        page = query.where(verified_passages.c.id.in_(ids[start : start + PAGE]))
        for row in connection.execute(page):
            vector = np.frombuffer(row.vector, np.float32)
            yield Row(row.id, row.readers, vector, row.terms.split())


def _first_chunks(connection: sa.Connection, version_ids: Collection[int]) -> dict[int, int]:
    query = sa.select(chunks.c.version_id, sa.func.min(chunks.c.id).label("first"))
    rows = connection.execute(query.where(chunks.c.version_id.in_(version_ids)).group_by(chunks.c.version_id))
    return {row.version_id: row.first for row in rows}


def _sources(
    answer: Answer, bound: Mapping[int, int], known: Mapping[int, Chunk], first: Mapping[int, int]
) -> tuple[Chunk, ...]:
    """The cited chunks, and the first one of each document that is cited nowhere; empty if one is gone."""
    cited = (known.get(citation.chunk_id) for citation in answer.citations)
    found = {c.id: c for c in cited if c is not None and bound.get(c.document_id) == c.version_id}
    held = {chunk.document_id for chunk in found.values()}
    for document, version in bound.items():
        if document not in held:
            chunk = known.get(first.get(version, 0))
            if chunk is None:
                return ()
            found[chunk.id] = chunk
    return tuple(found.values())


def _chunk(row: sa.Row[Any], answer: Answer, sources: tuple[Chunk, ...]) -> Chunk:
    text = plain_text(row.text)
    return Chunk(
        id=-row.passage_id,
        document_id=sources[0].document_id,
        version_id=sources[0].version_id,
        title=row.question,
        version=sources[0].version,
        readers=row.readers,
        heading_path=SECTION,
        page=None,
        start=0,
        end=len(text),
        text=text,
        indexed_text=indexed_text(row.question, row.text),
        data_class=max(answer.data_class, *(source.data_class for source in sources)),
        verified=VerifiedText(row.id, row.name, row.verified_at.isoformat(), sources),
    )
