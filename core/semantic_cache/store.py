"""Writing entries to the database: each change is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
import sqlalchemy as sa

from core.database import Database
from core.semantic_cache.entries import Entry, NewEntry
from core.tables import cache_entries, cache_sources, cache_wordings, documents

_E = cache_entries.c
_S = cache_sources.c
_W = cache_wordings.c
FALSE_HIT = "false hit"
ALIASES = 100
"""An entry has no more wordings than these, so that nothing grows without bound."""
KEPT_AS_EVIDENCE = timedelta(days=90)
_ID_BATCH = 500

Retired = list[tuple[int, str]]
"""Ids with their cache keys."""


class EntryStore:
    """Writes entries. `clock` gives the time in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def add(self, new: NewEntry) -> int:
        """Store an entry with its sources and its wording; gives its id."""
        now = self._clock()
        values = {
            "cache_key": new.cache_key,
            "signature": new.signature,
            "question": new.question,
            "vector": new.vector.astype(np.float32).tobytes(),
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
            inserted = connection.execute(sa.insert(cache_entries).values(values).returning(_E.id))
            entry_id = int(inserted.scalar_one())
            sources = [
                {
                    "entry_id": entry_id,
                    "chunk_id": source.chunk_id,
                    "document_id": source.document_id,
                    "version_id": source.version_id,
                    "readers": source.readers,
                }
                for source in new.sources
            ]
            connection.execute(sa.insert(cache_sources), sources)
            wording = {"cache_key": new.cache_key, "sha256": new.sha256, "entry_id": entry_id}
            connection.execute(sa.insert(cache_wordings).values(wording))
        return entry_id

    def add_alias(self, entry: Entry, sha256: str) -> None:
        """Find the entry by these words too from now on; once is enough."""
        row = {"cache_key": entry.cache_key, "sha256": sha256, "entry_id": entry.id}
        with self._database.write() as connection:
            live = sa.select(_E.id).where(_E.id == entry.id, _E.retired_at.is_(None)).with_for_update()
            if connection.scalar(live) is None:
                return
            known = set(connection.scalars(sa.select(_W.sha256).where(_W.entry_id == entry.id)))
            if sha256 not in known and len(known) < ALIASES:
                connection.execute(sa.insert(cache_wordings).values(row))

    def checked(self, entry_id: int, change: int) -> None:
        """Note up to which change of the index an entry is known to stand; it never goes back."""
        update = sa.update(cache_entries).where(_E.id == entry_id, _E.checked_change < change)
        with self._database.write() as connection:
            connection.execute(update.values(checked_change=change))

    def retire(self, which: sa.ColumnElement[bool], reason: str) -> Retired:
        """Take entries out of use for good; gives those that were not yet.

        They are deleted with all that they hold. Of a false hit the question stays, as evidence.
        """
        condition = sa.and_(_E.retired_at.is_(None), which)
        # Looked for first: to read all entries takes a while, in which nobody could write.
        with self._database.read() as connection:
            ids = list(connection.scalars(sa.select(_E.id).where(condition)))
        batches = [ids[start : start + _ID_BATCH] for start in range(0, len(ids), _ID_BATCH)]
        return [
            gone for batch in batches for gone in self._retire(sa.and_(condition, _E.id.in_(batch)), reason)
        ]

    def _retire(self, condition: sa.ColumnElement[bool], reason: str) -> Retired:
        with self._database.write() as connection:
            if reason != FALSE_HIT:
                deleted = sa.delete(cache_entries).where(condition).returning(_E.id, _E.cache_key)
                return [(row.id, row.cache_key) for row in connection.execute(deleted)]
            emptied = {"retired_at": self._clock(), "retired_reason": reason, "vector": None, "text": ""}
            update = sa.update(cache_entries).where(condition).values(**emptied, answer={})
            rows = connection.execute(update.returning(_E.id, _E.cache_key)).all()
            ids = [row.id for row in rows]
            connection.execute(sa.delete(cache_sources).where(_S.entry_id.in_(ids)))
            connection.execute(sa.delete(cache_wordings).where(_W.entry_id.in_(ids)))
        return [(row.id, row.cache_key) for row in rows]

    def sweep(self) -> Retired:
        """Delete what could not be served any more: expired, a source not current, old evidence."""
        now = self._clock()
        current = sa.select(documents.c.id).where(
            documents.c.id == _S.document_id,
            documents.c.current_version_id == _S.version_id,
            documents.c.readers == _S.readers,
        )
        stale = sa.select(_S.entry_id).where(_S.entry_id == _E.id, ~current.exists())
        with self._database.write() as connection:
            old = sa.delete(cache_entries).where(_E.retired_at < now - KEPT_AS_EVIDENCE)
            connection.execute(old)
        return self.retire(sa.or_(_E.expires_at <= now, stale.exists()), "swept")

    def evict(self, excess: int) -> Retired:
        """Delete so many: verified answers last, otherwise by use."""
        query = (
            sa.select(_E.id)
            .where(_E.retired_at.is_(None))
            .order_by(_E.verified, _E.uses, _E.last_used_at, _E.id)
            .limit(excess)
        )
        with self._database.write() as connection:
            ids = list(connection.scalars(query))
            # Use is forgotten by halves, so that what was popular once does not stay for ever.
            connection.execute(sa.update(cache_entries).where(_E.uses > 0).values(uses=_E.uses // 2))
        batches = [ids[start : start + _ID_BATCH] for start in range(0, len(ids), _ID_BATCH)]
        return [gone for batch in batches for gone in self._retire(_live(batch), "evicted")]


def _live(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    return sa.and_(_E.retired_at.is_(None), _E.id.in_(ids))


def used(entry_id: int, at: datetime) -> sa.Update:
    """Counts a use, which keeps an entry from eviction."""
    update = sa.update(cache_entries).where(_E.id == entry_id)
    return update.values(uses=_E.uses + 1, last_used_at=at)
