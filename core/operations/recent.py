"""How sure the answers of late were, and how many there were: a threshold's work for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.journal.entries import Kind
from core.journal.journal import Journal
from core.journal.search import Filters

WINDOW = timedelta(days=30)
NEWEST = 2_000
ENOUGH = 50
"""From so many answers on, a share of them says more than one measured elsewhere."""


@dataclass(frozen=True, slots=True)
class Recent:
    """The confidences, in [0, 1], of recent answers, and how many of those a day has."""

    confidences: tuple[float, ...] = ()
    a_day: float = 0.0

    def reviewed(self, threshold: float) -> float | None:
        """The share of them below a threshold; None while they are too few to tell."""
        if len(self.confidences) < ENOUGH:
            return None
        return sum(confidence < threshold for confidence in self.confidences) / len(self.confidences)


def recent(journal: Journal, now: datetime) -> Recent:
    """The newest answers of the last 30 days, at most 2,000, of questions that something was found for."""
    found = journal.search(Filters(since=now - WINDOW, kinds=(Kind.ANSWER,)), limit=NEWEST)
    confidences = [entry.data.get("confidence") for entry in found]
    known = tuple(float(one) for one in confidences if isinstance(one, int | float))
    if not known:
        return Recent()
    days = max((now - found[-1].at) / timedelta(days=1), 1.0)
    return Recent(known, len(known) / days)
