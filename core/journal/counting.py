"""How many entries match, by time and kind: what the chart over the search is drawn from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa

from core.journal.search import Filters, conditions
from core.tables import journal

HOURLY_UP_TO = timedelta(days=2)
_HOUR = len("2026-11-24T09")
_MINUTE_AT = len("2026-11-24T09:0")


@dataclass(frozen=True, slots=True)
class Count:
    """`number` entries of a kind in the day, or the hour, that begins at `start` in the asked zone."""

    start: datetime
    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Entries by time and kind, oldest first."""

    by_time: tuple[Count, ...]
    hourly: bool

    @property
    def total(self) -> int:
        """How many entries match."""
        return sum(count.number for count in self.by_time)


@dataclass(frozen=True, slots=True)
class Values:
    """The values that stand in the journal, sorted."""

    departments: tuple[str, ...]
    providers: tuple[str, ...]
    outcomes: tuple[str, ...]
    kinds: tuple[str, ...]


def counts(connection: sa.Connection, filters: Filters, text: str, zone: tzinfo) -> Counts:
    """Counted by day, within two days by hour, as clocks in `zone` show it."""
    found = conditions(connection, filters, text)
    if found is None:
        return Counts((), hourly=False)
    # Every zone of today is a whole number of quarters of an hour away from UTC.
    hour = sa.func.substr(journal.c.at, 1, _HOUR)
    # As text, so that a time that was tampered with is counted and not an error.
    minute = sa.func.substr(journal.c.at, _MINUTE_AT, 2)
    quarter = sa.case((minute < "15", 0), (minute < "30", 1), (minute < "45", 2), else_=3)
    query = (
        sa.select(hour, quarter, journal.c.kind, sa.func.count()).where(*found).group_by(sa.text("1, 2, 3"))
    )
    rows = [(_moment(row[0], row[1]), row[2], row[3]) for row in connection.execute(query)]
    moments = [at for at, *_ in rows]
    hourly = bool(moments) and max(moments) - min(moments) < HOURLY_UP_TO
    sums: Counter[tuple[datetime, str]] = Counter()
    for at, kind, number in rows:
        local = at.astimezone(zone).replace(minute=0)
        sums[local if hourly else local.replace(hour=0, fold=0), kind] += number
    return Counts(tuple(Count(*key, number) for key, number in sorted(sums.items())), hourly)


def values(connection: sa.Connection) -> Values:
    """What one may filter by, read in one pass."""
    columns = [journal.c[name] for name in ("department", "provider", "outcome", "kind")]
    rows = connection.execute(sa.select(*columns).distinct()).all()
    return Values(*(_sorted(row[at] for row in rows) for at in range(len(columns))))


def _sorted(found: Any) -> tuple[str, ...]:
    return tuple(sorted({value for value in found if value}))


def _moment(hour: str, quarter: int) -> datetime:
    try:
        at = datetime.fromisoformat(f"{hour}:00:00").replace(tzinfo=UTC)
    except ValueError:  # a row whose time was tampered with still counts
        return datetime(1970, 1, 1, tzinfo=UTC)
    return at + timedelta(minutes=15 * quarter)
