"""Keeps the keyword index in memory equal to the database, also when other processes write."""

from __future__ import annotations

import threading
from typing import Any

import sqlalchemy as sa

from core.database import Database
from core.knowledge.keyword_index import KeywordIndex
from core.tables import changes, chunks, versions

PAGE = 20_000


class KeywordFollower:
    """Applies the changes that the database lists since the last call.

    Queries never call it: whoever writes does, and a timer does for what other processes write.
    Until then a removed chunk is dropped by the catalog and a new one is not yet found by its words.
    """

    def __init__(self, database: Database, index: KeywordIndex) -> None:
        self._database = database
        self._index = index
        self._seen = 0
        self._lock = threading.Lock()

    def load(self) -> None:
        """Fill an empty index with all chunks of current versions."""
        with self._lock, self._database.read() as connection:
            self._seen = connection.scalar(sa.select(sa.func.max(changes.c.id))) or 0
            last = 0
            while rows := connection.execute(_terms().where(chunks.c.id > last).limit(PAGE)).all():
                self._add(rows)
                last = rows[-1].id

    def catch_up(self) -> None:
        """Apply what has changed since; quick when nothing has."""
        with self._lock, self._database.read() as connection:
            rows = connection.execute(
                sa.select(changes).where(changes.c.id > self._seen).order_by(changes.c.id)
            ).all()
            if not rows:
                return
            self._index.remove([i for row in rows if row.kind == "remove" for i in row.chunk_ids])
            added = [row.version_id for row in rows if row.kind == "add"]
            if added:
                self._add(connection.execute(_terms().where(versions.c.id.in_(added))).all())
            self._seen = rows[-1].id

    def _add(self, rows: Any) -> None:
        by_group: dict[str, list[tuple[int, list[str]]]] = {}
        for row in rows:
            by_group.setdefault(row.readers, []).append((row.id, row.terms.split(" ") if row.terms else []))
        for group, items in by_group.items():
            self._index.add(group, items)


def _terms() -> sa.Select[Any]:
    return (
        sa.select(chunks.c.id, chunks.c.terms, versions.c.readers)
        .join(versions, chunks.c.version_id == versions.c.id)
        .where(versions.c.state == "current")
        .order_by(chunks.c.id)
    )
