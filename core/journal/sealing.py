"""Retention: a whole month is exported and sealed, and only then may it leave the database.

The export is JSON lines in order: the month's entries, each exactly as it is hashed plus its hash,
and last the seal, itself an entry of the journal, whose `data` names the first and last number and
hash and the count. Anybody can check the file with SHA-256 alone.

This code deletes nothing. Where the law asks for deletion, the owner of the database does it by
hand, from the oldest month on, once the exported file is stored safely; verifying afterwards
accepts the gap because the seal, still in the chain, names the last removed entry:

    SQLite      DROP TRIGGER journal_no_delete;
                DELETE FROM journal WHERE seq <= <last_seq of the seal>;
                CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
                BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    PostgreSQL  ALTER TABLE journal DISABLE TRIGGER journal_no_change;
                DELETE FROM journal WHERE seq <= <last_seq>;
                DELETE FROM journal_words WHERE seq <= <last_seq>;
                ALTER TABLE journal ENABLE TRIGGER journal_no_change;
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.database import Database
from core.errors import BadInput, NotFound
from core.journal.chain import ChainBroken, Walk, rows
from core.journal.entries import COLUMNS, Columns, Entry, Head, Kind, Record, canonical, stamp
from core.tables import journal

SEAL_AFTER = timedelta(hours=1)  # clocks of several machines differ a little


@dataclass(frozen=True, slots=True)
class Month:
    """A month in UTC, of which `first` is the first day."""

    first: date

    @property
    def name(self) -> str:
        """As in 2026-11."""
        return f"{self.first:%Y-%m}"

    @property
    def begin(self) -> datetime:
        """Its first moment."""
        return datetime(self.first.year, self.first.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return (self.begin + timedelta(days=31)).replace(day=1)


def export(
    database: Database,
    month: Month,
    now: datetime,
    append: Callable[[Record], Entry],
    person_id: int | None,
) -> Iterator[str]:
    """The month's lines, closed by its seal, which is in the journal when it is yielded.

    Raises BadInput when the month is not over or the journal is broken within it (nothing is
    sealed then), NotFound when it has no entries.
    """
    if now < month.end + SEAL_AFTER:
        raise BadInput(f"{month.name} is not over yet: a month is sealed an hour after its end.")
    first, last = _span(database, month)
    walk, opening = Walk(), None
    try:
        for row in rows(database, first, last):
            walk.step(row)
            opening = opening or Head(row["seq"], row["hash"])
            yield canonical(row)
    except ChainBroken as broken:
        raise BadInput(f"The journal does not fit: {broken.reason} Nothing was sealed.") from broken
    if opening is None or walk.head.seq != last:
        raise BadInput(f"The journal does not fit: it ends before entry {last}. Nothing was sealed.")
    yield canonical(_columns(append(_seal(month, opening, walk, person_id))))


def _span(database: Database, month: Month) -> tuple[int, int]:
    # By number, not by time alone: entries of a clock that runs slow must not fall between two months.
    with database.read() as connection:
        first = connection.scalar(_first_from(month.begin))
        after = connection.scalar(_first_from(month.end))
        last = after - 1 if after else connection.scalar(sa.select(sa.func.max(journal.c.seq)))
    if not first or first > (last or 0):
        raise NotFound(f"The journal has no entries of {month.name}.")
    return first, last


def _first_from(moment: datetime) -> sa.Select[Any]:
    return sa.select(sa.func.min(journal.c.seq)).where(journal.c.at >= stamp(moment))


def _seal(month: Month, opening: Head, walk: Walk, person_id: int | None) -> Record:
    data = {
        "month": month.name,
        "count": walk.count,
        "first_seq": opening.seq,
        "first_hash": opening.hash,
        "last_seq": walk.head.seq,
        "last_hash": walk.head.hash,
    }
    return Record(f"seal-{month.name}", Kind.SEAL, person_id=person_id, data=data)


def _columns(entry: Entry) -> Columns:
    row = {name: getattr(entry, name) for name in COLUMNS}
    return {**row, "at": stamp(entry.at), "data": canonical(entry.data)}
