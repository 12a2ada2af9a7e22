"""What the cache did: hits, misses with their reasons, false hits, and what was saved, by day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.database import Database
from core.semantic_cache.entries import Entry
from core.semantic_cache.store import FALSE_HIT, used
from core.tables import cache_counts

_SAVED = ("saved_microusd", "saved_tokens", "saved_ms")
_MISS = "miss "


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums since a day; `size` counts entries now. `misses` are by reason; money is micro-dollars."""

    size: int
    hits_exact: int
    hits_meaning: int
    misses: dict[str, int]
    false_hits: int
    shadow_agreed: int
    shadow_disagreed: int
    saved_microusd: int
    saved_tokens: int
    saved_ms: int

    @property
    def hits(self) -> int:
        """Of both kinds."""
        return self.hits_exact + self.hits_meaning

    @property
    def hit_rate(self) -> float:
        """The share of hits in [0, 1]; 0 when nothing was asked."""
        return self.hits / max(1, self.hits + sum(self.misses.values()))


class Ledger:
    """Adds up in the database, one row for each day and outcome."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def count(
        self,
        outcome: str,
        entry: Entry | None = None,
        also: Callable[[sa.Connection], object] = lambda connection: None,
    ) -> None:
        """One more of this outcome; with an entry, also what it saved, and that it was of use.

        `also` is called last, within the transaction.
        """
        saved = (entry.cost_microusd, entry.tokens, entry.took_ms) if entry else (0, 0, 0)
        sums = {"count": 1, **dict(zip(_SAVED, saved, strict=True))}
        values = {"day": self._clock().date(), "outcome": outcome[:32], **sums}
        insert = self._database.insert(cache_counts).values(values)
        added = {name: cache_counts.c[name] + value for name, value in sums.items()}
        with self._database.write() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["day", "outcome"], set_=added))
            if entry is not None:
                connection.execute(used(entry.id, self._clock()))
            also(connection)

    def figures(self, since: datetime, size: int) -> Figures:
        """The sums from the day of `since` on."""
        columns = [sa.func.sum(cache_counts.c[name]).label(name) for name in ("count", *_SAVED)]
        query = sa.select(cache_counts.c.outcome, *columns).where(cache_counts.c.day >= since.date())
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(cache_counts.c.outcome)).all()
        counts = {row.outcome: int(row[1]) for row in rows}
        saved = [sum(int(row[place]) for row in rows) for place in (2, 3, 4)]
        return Figures(
            size,
            counts.get("hit exact", 0),
            counts.get("hit meaning", 0),
            {name.removeprefix(_MISS): n for name, n in counts.items() if name.startswith(_MISS)},
            counts.get(FALSE_HIT, 0),
            counts.get("shadow agreed", 0),
            counts.get("shadow disagreed", 0),
            *saved,
        )
