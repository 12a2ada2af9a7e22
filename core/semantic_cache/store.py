"""The entries in the database, which is the truth: Chroma only helps to find them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from core.answering.answer import Answer
from core.database import Database
from core.semantic_cache.entries import Entry, NewEntry, Source, Vector
from core.tables import cache_entries, cache_sources, cache_wordings

_E = cache_entries.c
_S = cache_sources.c
_W = cache_wordings.c
SAME_FACTS = 200
"""So many entries with the same facts are compared, the newest first."""
ID_BATCH = 500


class EntryStore:
    """Reads and writes entries. `clock` gives the time in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def add(self, new: NewEntry) -> int:
        """Store an entry with its sources and its wording, in one transaction; gives its id."""
        now = self._clock()
        values = {
            "cache_key": new.cache_key,
            "signature": new.signature,
            "question": new.question,
            "vector": None if new.vector is None else new.vector.astype(np.float32).tobytes(),
            "text": new.answer.text,
            "answer": new.answer.to_json(),
            "department": new.department,
            "verified": new.verified,
            "created_at": now,
            "expires_at": new.expires_at,
            "weakest_cosine": new.weakest_cosine,
            "checked_change": new.checked_change,
            "cost_microusd": new.answer.cost_microusd,
            "tokens": new.answer.prompt_tokens + new.answer.completion_tokens,
            "took_ms": new.took_ms,
            "uses": 0,
            "last_used_at": now,
        }
        with self._database.write() as connection:
            key = connection.execute(sa.insert(cache_entries).values(values)).inserted_primary_key
            assert key is not None  # noqa: S101 - for the type checker: an insert gives its key
            entry_id = int(key[0])
            connection.execute(
                sa.insert(cache_sources),
                [
                    {
                        "entry_id": entry_id,
                        "chunk_id": source.chunk_id,
                        "document_id": source.document_id,
                        "version_id": source.version_id,
                        "readers": source.readers,
                    }
                    for source in new.sources
                ],
            )
            wording = {"cache_key": new.cache_key, "sha256": new.sha256, "entry_id": entry_id}
            connection.execute(sa.insert(cache_wordings).values(wording))
        return entry_id

    def add_alias(self, entry: Entry, sha256: str) -> None:
        """Find the entry by these words too from now on; once is enough."""
        row = {"cache_key": entry.cache_key, "sha256": sha256, "entry_id": entry.id}
        known = sa.select(_W.entry_id).where(*(_W[name] == value for name, value in row.items()))
        with self._database.write() as connection:
            live = connection.scalar(
                sa.select(_E.id).where(_E.id == entry.id, _E.retired_at.is_(None)).with_for_update()
            )
            if live is not None and connection.scalar(known) is None:
                connection.execute(sa.insert(cache_wordings).values(row))

    def worded(self, cache_key: str, sha256: str) -> list[Entry]:
        """The live entries with these very words, newest first."""
        ids = sa.select(_W.entry_id).where(_W.cache_key == cache_key, _W.sha256 == sha256)
        return self._live(_E.id.in_(ids), 16)

    def with_signature(self, cache_key: str, signature: str) -> list[Entry]:
        """The live entries with these very facts, newest first."""
        return self._live(sa.and_(_E.cache_key == cache_key, _E.signature == signature), SAME_FACTS)

    def among(self, ids: Collection[int]) -> list[Entry]:
        """The live entries among these ids."""
        return self._live(_E.id.in_(list(ids)), len(ids)) if ids else []

    def newest_vectors(self, cache_key: str, limit: int) -> Vector:
        """The embeddings of the newest live entries, float32[n, dim]."""
        query = (
            sa.select(_E.vector)
            .where(_E.cache_key == cache_key, _E.retired_at.is_(None), _E.vector.is_not(None))
            .order_by(_E.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = [np.frombuffer(raw, np.float32) for raw in connection.scalars(query)]
        return np.stack(rows) if rows else np.zeros((0, 1), np.float32)

    def without_facts(self, cache_key: str, after: int, limit: int) -> tuple[list[int], Vector]:
        """The next live entries without facts, by id, with their embeddings: what Chroma should hold."""
        query = (
            sa.select(_E.id, _E.vector)
            .where(_E.cache_key == cache_key, _E.signature == "", _E.id > after)
            .where(_E.retired_at.is_(None), _E.vector.is_not(None))
            .order_by(_E.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        vectors = [np.frombuffer(row.vector, np.float32) for row in rows]
        return [row.id for row in rows], np.stack(vectors) if rows else np.zeros((0, 1), np.float32)

    def size(self, cache_key: str | None = None) -> int:
        """How many live entries there are."""
        query = sa.select(sa.func.count()).where(_E.retired_at.is_(None))
        if cache_key is not None:
            query = query.where(_E.cache_key == cache_key)
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def used(self, entry_id: int) -> None:
        """Count a use, which keeps an entry from eviction."""
        update = sa.update(cache_entries).where(_E.id == entry_id)
        with self._database.write() as connection:
            connection.execute(update.values(uses=_E.uses + 1, last_used_at=self._clock()))

    def checked(self, entry_id: int, change: int) -> None:
        """Note up to which change of the index an entry is known to stand; it never goes back."""
        update = sa.update(cache_entries).where(_E.id == entry_id, _E.checked_change < change)
        with self._database.write() as connection:
            connection.execute(update.values(checked_change=change))

    def retire(self, which: sa.ColumnElement[bool], reason: str) -> list[int]:
        """Take entries out of use for good; gives the ids of those that were not yet."""
        with self._database.write() as connection:
            update = (
                sa.update(cache_entries)
                .where(_E.retired_at.is_(None), which)
                .values(retired_at=self._clock(), retired_reason=reason, vector=None)
            )
            return list(connection.scalars(update.returning(_E.id)))

    def evict(self, above: int) -> list[int]:
        """Retire what is too many: verified answers last, then by use, of which a tenth of the least goes."""
        excess = self.size() - above
        if excess <= 0:
            return []
        query = (
            sa.select(_E.id)
            .where(_E.retired_at.is_(None))
            .order_by(_E.verified, _E.uses, _E.last_used_at, _E.id)
            .limit(excess + above // 10)
        )
        with self._database.write() as connection:
            # Use is forgotten by halves, so that what was popular once does not stay for ever.
            connection.execute(sa.update(cache_entries).where(_E.uses > 0).values(uses=_E.uses / 2))
            ids = list(connection.scalars(query))
        return [
            i for start in range(0, len(ids), ID_BATCH) for i in self._evicted(ids[start : start + ID_BATCH])
        ]

    def _evicted(self, ids: Sequence[int]) -> list[int]:
        return self.retire(_E.id.in_(ids), "evicted")

    def _live(self, which: sa.ColumnElement[bool], limit: int) -> list[Entry]:
        now = self._clock()
        query = (
            sa.select(cache_entries)
            .where(which, _E.retired_at.is_(None), sa.or_(_E.expires_at.is_(None), _E.expires_at > now))
            .order_by(_E.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            found = sa.select(cache_sources).where(_S.entry_id.in_([row.id for row in rows]))
            sources = connection.execute(found.order_by(_S.chunk_id)).all() if rows else []
        of_entry: dict[int, list[Source]] = {}
        for row in sources:
            source = Source(row.chunk_id, row.document_id, row.version_id, row.readers)
            of_entry.setdefault(row.entry_id, []).append(source)
        return [_entry(row, of_entry.get(row.id, [])) for row in rows]


def _entry(row: sa.Row[Any], sources: Sequence[Source]) -> Entry:
    return Entry(
        id=row.id,
        cache_key=row.cache_key,
        question=row.question,
        vector=None if row.vector is None else np.frombuffer(row.vector, np.float32),
        answer=Answer.from_json(row.text, row.answer),
        sources=tuple(sources),
        created_at=row.created_at,
        verified=row.verified,
        weakest_cosine=row.weakest_cosine,
        checked_change=row.checked_change,
        cost_microusd=row.cost_microusd,
        tokens=row.tokens,
        took_ms=row.took_ms,
    )
