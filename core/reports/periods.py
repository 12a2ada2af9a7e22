"""The stretches of days that a report may be about. Days are UTC, as budgets count them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from core.gateway.money import Period, day_name


class Choice(StrEnum):
    """What a reader may choose; the value is what it is called."""

    THIS_MONTH = "This month"
    LAST_MONTH = "Last month"
    TODAY = "Today"
    LAST_7_DAYS = "Last 7 days"
    LAST_30_DAYS = "Last 30 days"
    LAST_90_DAYS = "Last 90 days"


_DAYS = {Choice.TODAY: 1, Choice.LAST_7_DAYS: 7, Choice.LAST_30_DAYS: 30, Choice.LAST_90_DAYS: 90}


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` to `last`, both included."""

    first: date
    last: date

    @classmethod
    def of(cls, choice: Choice, today: date) -> Span:
        """The days of a choice; what runs still ends today."""
        month = Period.MONTH.start(today)
        if choice is Choice.THIS_MONTH:
            return cls(month, today)
        if choice is Choice.LAST_MONTH:
            last = month - timedelta(days=1)
            return cls(Period.MONTH.start(last), last)
        return cls(today - timedelta(days=_DAYS[choice] - 1), today)

    def __str__(self) -> str:
        """`1 Nov 2026 to 24 Nov 2026`, or the one day."""
        if self.first == self.last:
            return day_name(self.first)
        return f"{day_name(self.first)} to {day_name(self.last)}"
