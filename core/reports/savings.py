"""What the semantic cache spared, day by day, from its own ledger.

The ledger counts for the whole company. What the cache spared one department stands in its charges,
and so in the other frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.reports.frames import frame, total
from core.reports.periods import Span
from core.tables import cache_counts

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("hits_exact", "hits_meaning", "misses", "saved_microusd", "saved_tokens", "saved_ms")
_MICROUSD = 1_000_000


@dataclass(frozen=True, slots=True)
class CacheReport:
    """What the cache did in a stretch of days.

    `days` has a row for each day on which it was asked: day (datetime64), COLUMNS, `hits` and
    `saved_usd`. Money is micro-dollars, time is milliseconds.
    """

    span: Span
    days: pd.DataFrame
    hits: int
    misses: int
    saved_microusd: int
    saved_tokens: int
    saved_ms: int

    @property
    def asked(self) -> int:
        """How many questions it was looked for."""
        return self.hits + self.misses

    @property
    def hit_rate(self) -> float:
        """The share of hits in [0, 1]; 0 when nothing was asked."""
        return self.hits / self.asked if self.asked else 0.0


def cache_report(connection: sa.Connection, span: Span) -> CacheReport:
    """The ledger's days of a span. What is counted after a hit, such as a false one, is no question."""
    c = cache_counts.c
    counted = {
        "hits_exact": c.outcome == "hit exact",
        "hits_meaning": c.outcome == "hit meaning",
        "misses": c.outcome.startswith("miss "),
    }
    sums = [total(sa.case((which, c["count"]), else_=0)).label(name) for name, which in counted.items()]
    saved = [total(c[name]).label(name) for name in COLUMNS[len(counted) :]]
    query = (
        sa.select(c.day, *sums, *saved)
        .where(c.day.between(span.first, span.last), sa.or_(*counted.values()))
        .group_by(c.day)
        .order_by(c.day)
    )
    return _report(span, frame(connection.execute(query), ["day", *COLUMNS]))


def _report(span: Span, days: pd.DataFrame) -> CacheReport:
    import pandas as pd

    days = days.astype(dict.fromkeys(COLUMNS, "int64"))
    days = days.assign(
        day=pd.to_datetime(days["day"]),
        hits=days["hits_exact"] + days["hits_meaning"],
        saved_usd=days["saved_microusd"] / _MICROUSD,
    )
    names = ("hits", "misses", "saved_microusd", "saved_tokens", "saved_ms")
    return CacheReport(span, days, *(int(days[name].sum()) for name in names))
