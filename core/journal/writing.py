"""Appending: one transaction reads the head and inserts what follows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from core.database import Database
from core.journal.entries import GENESIS, Columns, Entry, Head, Record, entry_of, linked, prepared
from core.tables import journal

_CHAIN_LOCK = 0x6A6F7572  # any fixed number: it names the advisory lock that appending takes
_INSERT = sa.insert(journal)
_NEWEST = sa.select(journal.c.seq, journal.c.hash).order_by(journal.c.seq.desc()).limit(1)


class Writer:
    """Appends to the chain; safe from many threads and processes.

    Threads that append at the same time share one commit: the first to get its turn writes what all
    of them have queued. Nobody returns before the own records are committed.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._turn = threading.Lock()
        self._queue_lock = threading.Lock()
        self._queue: list[_Waiting] = []

    def append(self, records: Sequence[Record]) -> list[Entry]:
        """Commit the records, side by side and in their order."""
        waiting = _Waiting([prepared(record) for record in records])
        with self._queue_lock:
            self._queue.append(waiting)
        with self._turn:
            if not waiting.done:
                self._commit_queued()
        if waiting.error is not None:
            raise waiting.error
        return waiting.entries

    def append_in(self, connection: sa.Connection, columns: Sequence[Columns]) -> list[Entry]:
        """Insert within the caller's transaction; other appends wait until it ends."""
        if not columns:
            return []
        if not self._database.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CHAIN_LOCK)))
        head, at = head_of(connection), self._clock()
        rows: list[Columns] = []
        for each in columns:
            rows.append(linked(each, at, head))
            head = Head(rows[-1]["seq"], rows[-1]["hash"])
        connection.execute(_INSERT, rows)
        return [entry_of(row) for row in rows]

    def _commit_queued(self) -> None:
        with self._queue_lock:
            group, self._queue = self._queue, []
        try:
            with self._database.write() as connection:
                entries = iter(self.append_in(connection, [c for each in group for c in each.columns]))
        except BaseException as exc:
            for each in group:
                each.error, each.done = exc, True
            raise
        for each in group:
            each.entries, each.done = [next(entries) for _ in each.columns], True


def head_of(connection: sa.Connection) -> Head:
    """The newest entry's number and hash; zeros when there is none."""
    row = connection.execute(_NEWEST).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row.seq, row.hash)


class _Waiting:
    def __init__(self, columns: list[Columns]) -> None:
        self.columns = columns
        self.entries: list[Entry] = []
        self.error: BaseException | None = None
        self.done = False
