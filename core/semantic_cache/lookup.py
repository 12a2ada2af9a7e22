"""Finding live entries in the database, which is the truth: Chroma only helps to find them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from core.answering.answer import Answer
from core.database import Database
from core.semantic_cache.entries import Entry, Source, StoredQuestion, Vector
from core.tables import cache_entries, cache_sources, cache_wordings, changes, documents

_E = cache_entries.c
_S = cache_sources.c
_W = cache_wordings.c
SAME_WORDS = 16
SAME_FACTS = 200
"""So many entries with the same facts are compared, the newest first."""
NO_VECTORS = np.zeros((0, 1), np.float32)


def _live(columns: Sequence[sa.ColumnElement[Any]], which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Built once: putting a statement together takes longer than SQLite needs to run it."""
    unexpired = sa.or_(_E.expires_at.is_(None), _E.expires_at > sa.bindparam("now", type_=_E.expires_at.type))
    # Not by the index of this column, by which SQLite would read every live entry to find a few ids.
    in_use = sa.func.coalesce(_E.retired_at, sa.null()).is_(None)
    query = sa.select(*columns).where(which, in_use, unexpired)
    return query.order_by(_E.id.desc()).limit(sa.bindparam("most", type_=sa.Integer))


_QUESTION = (_E.id, _E.question, _E.vector)
_IDS = _E.id.in_(sa.bindparam("ids", expanding=True))
_WITH_SIGNATURE = _live(
    _QUESTION, sa.and_(_E.cache_key == sa.bindparam("key"), _E.signature == sa.bindparam("facts"))
)
_AMONG = _live(_QUESTION, _IDS)
_ENTRIES = _live(tuple(cache_entries.c), _IDS)
_WORDED = _live(
    tuple(cache_entries.c),
    sa.and_(_W.entry_id == _E.id, _W.cache_key == sa.bindparam("key"), _W.sha256 == sa.bindparam("words")),
)
# One statement says what an entry rests on, whether that still stands, and as of which change.
_SOURCES = (
    sa.select(
        cache_sources,
        documents.c.id.is_not(None).label("stands"),
        sa.select(sa.func.max(changes.c.id)).scalar_subquery().label("last_change"),
    )
    .select_from(
        cache_sources.outerjoin(
            documents,
            sa.and_(
                documents.c.id == _S.document_id,
                documents.c.current_version_id == _S.version_id,
                documents.c.readers == _S.readers,
            ),
        )
    )
    .where(_S.entry_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(_S.chunk_id)
)


class Lookup:
    """Reads entries that are neither retired nor expired. `clock` gives the time in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def worded(self, cache_key: str, sha256: str) -> list[Entry]:
        """Those with these very words, the newest first."""
        return self._entries(_WORDED, key=cache_key, words=sha256, most=SAME_WORDS)

    def among(self, ids: Collection[int]) -> list[Entry]:
        """Those among these ids, the newest first."""
        return self._entries(_ENTRIES, ids=list(ids), most=len(ids)) if ids else []

    def with_signature(self, cache_key: str, signature: str) -> list[StoredQuestion]:
        """Those with these very facts, the newest first."""
        return self._questions(_WITH_SIGNATURE, key=cache_key, facts=signature, most=SAME_FACTS)

    def questions(self, ids: Collection[int]) -> list[StoredQuestion]:
        """The questions of those among these ids."""
        return self._questions(_AMONG, ids=list(ids), most=len(ids)) if ids else []

    def newest_vectors(self, cache_key: str, limit: int) -> Vector:
        """The embeddings of the newest, float32[n, dim]."""
        query = (
            sa.select(_E.vector)
            .where(_E.cache_key == cache_key, _E.retired_at.is_(None))
            .order_by(_E.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = [np.frombuffer(raw, np.float32) for raw in connection.scalars(query)]
        return np.stack(rows) if rows else NO_VECTORS

    def without_facts(self, cache_key: str, after: int, limit: int) -> tuple[list[int], Vector]:
        """The next ones without facts, by id, with their embeddings: what Chroma should hold."""
        query = (
            sa.select(_E.id, _E.vector)
            .where(_E.cache_key == cache_key, _E.signature == "", _E.id > after, _E.retired_at.is_(None))
            .order_by(_E.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        vectors = [np.frombuffer(row.vector, np.float32) for row in rows]
        return [row.id for row in rows], np.stack(vectors) if rows else NO_VECTORS

    def size(self, cache_key: str | None = None, signature: str | None = None) -> int:
        """How many there are, expired ones included: of one key, with one signature."""
        query = sa.select(sa.func.count()).select_from(cache_entries).where(_E.retired_at.is_(None))
        if cache_key is not None:
            query = query.where(_E.cache_key == cache_key)
        if signature is not None:
            query = query.where(_E.signature == signature)
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def _questions(self, query: sa.Select[Any], **values: object) -> list[StoredQuestion]:
        with self._database.read() as connection:
            rows = connection.execute(query, {"now": self._clock(), **values}).all()
        return [StoredQuestion(row[0], row[1], np.frombuffer(row[2], np.float32)) for row in rows]

    def _entries(self, query: sa.Select[Any], **values: object) -> list[Entry]:
        with self._database.read() as connection:
            rows = connection.execute(query, {"now": self._clock(), **values}).all()
            ids = [row.id for row in rows]
            sources = connection.execute(_SOURCES, {"ids": ids}).all() if rows else []
        of_entry: dict[int, list[Source]] = {}
        for row in sources:
            source = Source(row.chunk_id, row.document_id, row.version_id, row.readers, row.stands)
            of_entry.setdefault(row.entry_id, []).append(source)
        last_change = (sources[0].last_change or 0) if sources else 0
        return [_entry(row, of_entry.get(row.id, []), last_change) for row in rows]


def _entry(row: sa.Row[Any], sources: Sequence[Source], last_change: int) -> Entry:
    return Entry(
        id=row.id,
        cache_key=row.cache_key,
        question=row.question,
        vector=np.frombuffer(row.vector, np.float32),
        answer=Answer.from_json(row.text, row.answer),
        sources=tuple(sources),
        created_at=row.created_at,
        verified=row.verified,
        weakest_cosine=row.weakest_cosine,
        checked_change=row.checked_change,
        cost_microusd=row.cost_microusd,
        tokens=row.tokens,
        took_ms=row.took_ms,
        department=row.department,
        last_change=last_change,
    )
