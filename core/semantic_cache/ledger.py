"""What the cache did: hits, misses with their reasons, false hits, and what was saved, by day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.database import Database
from core.semantic_cache.entries import Entry
from core.tables import cache_counts

FALSE_HIT = "false hit"


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums since `since`. `misses` are counted by reason; money is micro-dollars, time milliseconds."""

    size: int
    hits: int
    misses: dict[str, int]
    false_hits: int
    disagreements: int
    saved_microusd: int
    saved_tokens: int
    saved_ms: int


class Ledger:
    """Adds up in the database, one row for each day and outcome."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def count(self, outcome: str, entry: Entry | None = None) -> None:
        """One more of this outcome; with an entry, also what it saved."""
        saved = (entry.cost_microusd, entry.tokens, entry.took_ms) if entry else (0, 0, 0)
        names = ("saved_microusd", "saved_tokens", "saved_ms")
        values = {
            "day": self._clock().date(),
            "outcome": outcome,
            "count": 1,
            **dict(zip(names, saved, strict=True)),
        }
        dialect = sqlite if self._database.is_sqlite else postgresql
        insert = dialect.insert(cache_counts).values(values)
        added = {name: cache_counts.c[name] + values[name] for name in ("count", *names)}
        with self._database.write() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["day", "outcome"], set_=added))

    def figures(self, since: datetime, size: int) -> Figures:
        """The sums from the day of `since` on."""
        sums = [
            sa.func.sum(cache_counts.c[n]).label(n)
            for n in ("count", "saved_microusd", "saved_tokens", "saved_ms")
        ]
        query = sa.select(cache_counts.c.outcome, *sums).where(cache_counts.c.day >= since.date())
        with self._database.read() as connection:
            rows = {row.outcome: row for row in connection.execute(query.group_by(cache_counts.c.outcome))}
        counts = {name: int(row[1]) for name, row in rows.items()}
        served = [row for name, row in rows.items() if name.startswith("hit ")]
        return Figures(
            size=size,
            hits=sum(int(row[1]) for row in served),
            misses={n.removeprefix("miss "): c for n, c in counts.items() if n.startswith("miss ")},
            false_hits=counts.get(FALSE_HIT, 0),
            disagreements=counts.get("shadow disagreed", 0),
            saved_microusd=sum(int(row[2]) for row in served),
            saved_tokens=sum(int(row[3]) for row in served),
            saved_ms=sum(int(row[4]) for row in served),
        )
