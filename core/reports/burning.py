"""What the burn lines are drawn from: spending by the day, or by the hour, of running budgets.

Demonstration charges take nothing from a budget, so they are in no line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.gateway.budget_status import BudgetStatus
from core.gateway.money import Period, Scope
from core.reports.outlook import midnight
from core.tables import charge_days, charges


class Burning:
    """The steps of each budget; read once for all budgets."""

    def __init__(self, connection: sa.Connection, statuses: Sequence[BudgetStatus]) -> None:
        self._steps: defaultdict[tuple[Period, Scope], defaultdict[datetime, int]] = defaultdict(
            lambda: defaultdict(int)
        )
        for period, read in ((Period.MONTH, _by_day), (Period.DAY, _by_hour)):
            running = [status for status in statuses if status.period is period]
            if running:
                self._add(period, connection.execute(read(running[0])))

    def steps(self, status: BudgetStatus) -> list[tuple[datetime, int]]:
        """Micro-dollars by the end of the day or hour in which they were spent, in order."""
        return sorted(self._steps[status.period, status.scope].items())

    def _add(self, period: Period, rows: sa.CursorResult[Any]) -> None:
        for row in rows:
            end = midnight(row.day) + (
                timedelta(days=1) if period is Period.MONTH else timedelta(hours=int(row.hour) + 1)
            )
            for scope in (Scope.department(row.department), Scope.provider(row.provider)):
                self._steps[period, scope][end] += int(row.cost)


def _by_day(status: BudgetStatus) -> sa.Select[Any]:
    c = charge_days.c
    keys = (c.day, c.department, c.provider)
    return (
        sa.select(*keys, sa.func.sum(c.cost_microusd).label("cost"))
        .where(c.day >= status.starts_on, c.day < status.turns_on, sa.not_(c.demonstration))
        .group_by(*keys)
    )


def _by_hour(status: BudgetStatus) -> sa.Select[Any]:
    c = charges.c
    keys = (c.day, c.department, c.provider)
    begin = midnight(status.starts_on)
    # By comparing, because the two databases name the parts of a time differently. What is settled
    # after midnight still belongs to the day of its hold.
    hour = sa.case(
        *((c.at < begin + timedelta(hours=number + 1), number) for number in range(23)), else_=23
    ).label("hour")
    return (
        sa.select(*keys, hour, sa.func.sum(c.cost_microusd).label("cost"))
        .where(c.day == status.starts_on, sa.not_(c.demonstration))
        .group_by(*keys, "hour")
    )
