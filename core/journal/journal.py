"""The journal: append, read, verify. There is no update and no delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

import sqlalchemy as sa

from core.database import Database
from core.journal import anchoring, chain, counting, sealing, search
from core.journal.chain import Verification
from core.journal.counting import Counts, Values
from core.journal.entries import Entry, Head, Record, prepared
from core.journal.search import Filters
from core.journal.words import WordIndex
from core.journal.writing import Writer, head_of
from core.tables import journal


class Journal:
    """Everything that happened, each entry holding the hash of the one before.

    Write ahead: append the attempt before a provider is called, and its outcome, which `closes`
    the attempt, after. `clock` gives the time in UTC.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._writer = Writer(database, clock)
        self._words = WordIndex(database)

    def append(self, record: Record) -> Entry:
        """Commit one record; when this returns, it is on disk.

        Raises ValueError or TypeError for data that may not or cannot be stored.
        """
        return self._writer.append([record])[0]

    def append_many(self, records: Sequence[Record]) -> list[Entry]:
        """Commit several records at once, side by side in the chain."""
        return self._writer.append(records) if records else []

    def append_in(self, connection: sa.Connection, *records: Record) -> list[Entry]:
        """Insert within the caller's `database.write()`, so that both commit or neither.

        Every other append waits until that transaction ends: call it last, just before leaving.
        """
        return self._writer.append_in(connection, [prepared(record) for record in records])

    def head(self) -> Head:
        """The newest entry's number and hash; `Head(0, "000…")` while there is none."""
        with self._database.read() as connection:
            return head_of(connection)

    def anchor(self, path: Path) -> Head:
        """Append the head as one line to a file, which belongs where the database's owner cannot write."""
        head = self.head()
        anchoring.append(path, head, self._clock())
        return head

    def verify(
        self, anchors: Path | Iterable[Head] = (), progress: Callable[[int], None] | None = None
    ) -> Verification:
        """Walk the whole chain, and look whether it still has the anchored heads.

        Without anchors, entries cut off at the end leave no trace. Raises BadInput when the file
        of anchors has none. `progress` is told now and then how many entries fit so far.
        """
        heads = [a.head for a in anchoring.read(anchors)] if isinstance(anchors, Path) else anchors
        return chain.verify(self._database, heads, progress)

    def search(
        self, filters: Filters | None = None, text: str = "", limit: int = 100, before: int | None = None
    ) -> list[Entry]:
        """Entries that match, newest first; the next page is `before=` the last one's `seq`.

        `text`: each of its words must begin a word in the entry's data.
        """
        self._index(text)
        with self._database.read() as connection:
            return search.search(connection, filters or Filters(), text, limit, before)

    def counts(self, filters: Filters, text: str, zone: tzinfo) -> Counts:
        """How many entries match, by kind and by day or hour of the zone."""
        self._index(text)
        with self._database.read() as connection:
            return counting.counts(connection, filters, text, zone)

    def index_words(self) -> None:
        """Make the words of new entries ready for a search, which then need not wait for that."""
        self._words.catch_up()

    def _index(self, text: str) -> None:
        if text.strip():
            self._words.catch_up()

    def values(self) -> Values:
        """The departments, providers, outcomes and kinds that stand in entries."""
        with self._database.read() as connection:
            return counting.values(connection)

    def trace(self, trace_id: str, limit: int | None = None) -> list[Entry]:
        """The entries of one question, oldest first: all of them, or at most `limit`."""
        with self._database.read() as connection:
            return search.trace(connection, trace_id, limit)

    def open_attempts(self, older_than: timedelta) -> list[Entry]:
        """Model calls that began longer ago than this and have no outcome: visible defects."""
        with self._database.read() as connection:
            return search.open_attempts(connection, self._clock() - older_than)

    def people(self) -> list[int]:
        """The ids of everyone with an entry."""
        query = sa.select(journal.c.person_id).where(journal.c.person_id.is_not(None)).distinct()
        with self._database.read() as connection:
            return sorted(connection.scalars(query))

    def export(self, month: date, person_id: int | None = None) -> Iterator[str]:
        """Export and seal the month of that day, as JSON lines without line ends; see `sealing`.

        `person_id` is who exports. The seal is written when the last line is reached.
        """
        whole = sealing.Month(month)
        return sealing.export(self._database, whole, self._clock(), self.append, person_id)
