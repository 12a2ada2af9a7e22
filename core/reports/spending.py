"""Spending: every report behind the screen of managers, and the budgets that administrators set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.database import Database
from core.errors import BadInput, NotAllowed
from core.gateway.budget_status import BudgetStatus
from core.gateway.budgets import Budgets
from core.gateway.money import Period, Scope, ScopeKind
from core.reports import frames
from core.reports.burning import Burning
from core.reports.outlook import Outlook, outlook
from core.reports.periods import Choice, Span
from core.reports.refusals import refusals
from core.reports.savings import CacheReport, cache_report
from core.reports.view import View
from core.tables import charge_days, departments
from core.types import Person, Role

if TYPE_CHECKING:
    import pandas as pd

MOST_MICROUSD = 1_000_000_000 * 1_000_000
"""The highest budget that can be set: a thousand million dollars."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a report; money in micro-dollars, `demonstration_calls` is part of `calls`."""

    cost_microusd: int
    calls: int
    tokens: int
    cached_calls: int
    saved_microusd: int
    saved_ms: int
    refusals: int
    demonstration_calls: int


@dataclass(frozen=True, slots=True)
class SpendReport:
    """What one reader sees of a stretch of days; the columns of each frame stand in `frames`.

    `has_demonstration` and `has_charges` are about all days: whether there is anything to leave
    out, and anything at all. `by_person` is about the reader's own department.
    """

    span: Span
    totals: Totals
    daily: pd.DataFrame
    by_model: pd.DataFrame
    by_person: pd.DataFrame
    refusals: pd.DataFrame
    has_demonstration: bool
    has_charges: bool


class Spending:
    """What is spent. `clock` gives the time in UTC.

    `providers` names those that are configured. Managers read their own department, administrators
    everything; every method raises NotAllowed for others.
    """

    def __init__(
        self,
        database: Database,
        budgets: Budgets,
        clock: Callable[[], datetime],
        providers: Callable[[], Iterable[str]],
    ) -> None:
        self._database = database
        self._budgets = budgets
        self._clock = clock
        self._providers = providers

    def report(self, actor: Person, choice: Choice, demonstration: bool = True) -> SpendReport:
        """All frames of a period, from one snapshot; made-up charges only if `demonstration`."""
        view = View.of(actor)
        span = Span.of(choice, self._clock().date())
        with self._database.read() as connection:
            has_demonstration = _any(connection, view, charge_days.c.demonstration)
            shown = demonstration and has_demonstration
            cube = frames.cube(connection, view, span, shown)
            refused = refusals(connection, view, span)
            return SpendReport(
                span,
                _totals(cube, refused),
                frames.daily(cube),
                frames.by_model(cube),
                frames.by_person(connection, cube, view),
                refused,
                has_demonstration,
                has_demonstration or _any(connection, view),
            )

    def outlooks(self, actor: Person) -> list[Outlook]:
        """The budgets that the reader may see, the most used first; without demonstration charges."""
        view = View.of(actor)
        statuses = [
            status
            for status in self._budgets.statuses()
            if status.limit_microusd is not None and view.admits(status.scope)
        ]
        now = self._clock()
        with self._database.read() as connection:
            burning = Burning(connection, statuses)
        found = [outlook(status, burning.steps(status), now) for status in statuses]
        return sorted(found, key=lambda item: (-item.share, item.status.scope))

    def cache(self, actor: Person, choice: Choice) -> CacheReport:
        """What the semantic cache did for the whole company; for administrators."""
        if not actor.has(Role.ADMINISTRATOR):
            raise NotAllowed("Only an administrator may see what the cache does for the whole company.")
        with self._database.read() as connection:
            return cache_report(connection, Span.of(choice, self._clock().date()))

    def open_holds(self, actor: Person) -> pd.DataFrame:
        """Money that is set aside at this moment, oldest first.

        Columns: department, purpose, held_microusd, held_usd, taken_at and expires_at (UTC),
        demonstration. A hold counts in its department and its provider: the larger is shown.
        """
        import pandas as pd

        view = View.of(actor)
        with self._database.read() as connection:
            names = frames.department_names(connection)
        rows = [
            {
                "department": names.get(hold.caller.department, hold.caller.department),
                "purpose": hold.caller.purpose,
                "held_microusd": max(hold.amounts.values(), default=0),
                "taken_at": hold.taken_at,
                "expires_at": hold.expires_at,
                "demonstration": hold.caller.demonstration,
            }
            for hold in self._budgets.open_holds()
            if view.admits(Scope.department(hold.caller.department))
        ]
        columns = ["department", "purpose", "held_microusd", "taken_at", "expires_at", "demonstration"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.assign(held_usd=frame["held_microusd"].astype("float64") / 1_000_000)

    def budget_scopes(self, actor: Person) -> dict[ScopeKind, list[str]]:
        """What a budget may be set for, by kind; for administrators."""
        _admit(actor)
        with self._database.read() as connection:
            # What the cache answers costs nothing, whoever is named as its provider.
            paid = sa.select(charge_days.c.provider).where(sa.not_(charge_days.c.cached))
            used = set(connection.scalars(paid.distinct()))
            own = list(connection.scalars(sa.select(departments.c.id).order_by(departments.c.name)))
        limited = {status.scope for status in self._budgets.statuses() if status.limit_microusd is not None}
        used |= {scope.id for scope in limited if scope.kind is ScopeKind.PROVIDER}
        return {ScopeKind.DEPARTMENT: own, ScopeKind.PROVIDER: sorted(used | set(self._providers()))}

    def budget(self, actor: Person, scope: Scope) -> BudgetStatus:
        """How a scope stands, with a budget or without; for administrators."""
        _admit(actor)
        return self._budgets.status(scope)

    def set_budget(self, actor: Person, scope: Scope, amount_microusd: int | None, period: Period) -> None:
        """Set a budget, or take it away with None; the journal is told of it.

        Raises NotAllowed for anybody but an administrator, BadInput for an unknown scope and an
        amount that is negative or above MOST_MICROUSD.
        """
        if scope.id not in self.budget_scopes(actor)[scope.kind]:
            raise BadInput(f"There is no {scope.kind.value} called {scope.id}.")
        if amount_microusd is not None and amount_microusd > MOST_MICROUSD:
            raise BadInput("A budget cannot be more than a thousand million dollars.")
        self._budgets.set_limit(actor, scope, amount_microusd, period)


def _admit(actor: Person) -> None:
    if not actor.has(Role.ADMINISTRATOR):
        raise NotAllowed("Only an administrator may change a budget.")


def _any(connection: sa.Connection, view: View, *conditions: sa.ColumnElement[bool]) -> bool:
    found = sa.exists().where(*view.among(charge_days.c.department), *conditions)
    return bool(connection.execute(sa.select(found.select_from(charge_days))).scalar())


def _totals(cube: pd.DataFrame, refused: pd.DataFrame) -> Totals:
    sums = {name: int(cube[name].sum()) for name in frames.SUMS}
    return Totals(
        sums["cost_microusd"],
        sums["calls"],
        sums["prompt_tokens"] + sums["completion_tokens"],
        sums["cached_calls"],
        sums["saved_microusd"],
        sums["saved_ms"],
        int(refused["refusals"].sum()),
        int(cube.loc[cube["demonstration"], "calls"].sum()),
    )
