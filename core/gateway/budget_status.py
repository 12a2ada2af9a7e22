"""How a budget stands, and how that reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from core.errors import BudgetExceeded
from core.gateway.counters import Counter, Level
from core.gateway.money import Period, Scope, ScopeKind, day_name, dollars
from core.tables import departments

WARNS_FROM = 0.8
"""The share of a budget from which on its being spent is worth a warning."""


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """One budget in the period that runs, in micro-dollars; days are UTC.

    Without a budget `limit_microusd` and `share` are None and the period is the month.
    `turns_on` is the first day of the next period.
    """

    scope: Scope
    name: str
    period: Period
    starts_on: date
    turns_on: date
    spent_microusd: int
    held_microusd: int
    limit_microusd: int | None

    @property
    def share(self) -> float | None:
        """The spent part of the limit, where 1 is all of it."""
        if self.limit_microusd is None:
            return None
        return self.spent_microusd / self.limit_microusd if self.limit_microusd else 1.0

    @property
    def warning(self) -> str | None:
        """A sentence from 80 % on, otherwise None."""
        if self.share is None or self.limit_microusd is None or self.share < WARNS_FROM:
            return None
        return (
            f"{self.name} has spent {int(self.share * 100)} % of its budget for "
            f"{self.period.called(self.starts_on)}: {dollars(self.spent_microusd)} of "
            f"{dollars(self.limit_microusd)}. The budget turns on {day_name(self.turns_on)}."
        )


def status_of(connection: sa.Connection, counter: Counter, level: Level) -> BudgetStatus:
    """The status of a counter that stands at this level."""
    return BudgetStatus(
        counter.scope,
        _name(connection, counter.scope),
        counter.period,
        counter.starts_on,
        counter.period.turn(counter.starts_on),
        level.spent_microusd,
        level.held_microusd,
        level.limit_microusd,
    )


def refusal(status: BudgetStatus, needed_microusd: int) -> BudgetExceeded:
    """The error for a question that may cost more than the budget has room for."""
    limit = status.limit_microusd or 0
    passing = status.spent_microusd + needed_microusd <= limit
    left = limit - status.spent_microusd - status.held_microusd
    period = status.period.called(status.starts_on)
    opening = (
        f"{status.name} has used its budget for {period}"
        if left <= 0
        else f"{status.name} has too little left of its budget for {period}"
    )
    ending = " Ask again in a moment: part of what is held usually comes back." if passing else ""
    sentence = (
        f"{opening}: {dollars(status.spent_microusd)} of {dollars(limit)} spent, "
        f"{dollars(status.held_microusd)} held for questions that are being answered, "
        f"and this one may cost up to {dollars(needed_microusd)}.{ending} "
        f"The budget turns on {day_name(status.turns_on)}."
    )
    return BudgetExceeded(sentence, status.scope.kind.value, passing, status.turns_on)


def _name(connection: sa.Connection, scope: Scope) -> str:
    if scope.kind is ScopeKind.PROVIDER:
        return f"The provider {scope.id}"
    name = connection.execute(
        sa.select(departments.c.name).where(departments.c.id == scope.id)
    ).scalar_one_or_none()
    return f"The {name or scope.id} department"
