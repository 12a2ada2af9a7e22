"""The rows that budgets are kept with: for each scope and period, what is spent and what is held.

A scope is counted by the day and by the month, with or without a budget, so that a budget that is
set or changed knows at once what has been spent. The limit is read in the very statement that
takes from it. Every transaction goes through its counters in their sort order: no two can wait for
each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from core.database import insert
from core.gateway.money import Period, Scope
from core.tables import budget_counters, budgets

_ROW = budget_counters.c


@dataclass(frozen=True, slots=True, order=True)
class Counter:
    """Which row: a scope, a kind of period and the first day of the period (UTC)."""

    scope: Scope
    period: Period
    starts_on: date


@dataclass(frozen=True, slots=True)
class Level:
    """Where a counter stands, in micro-dollars; `limit_microusd` is None when no budget is set for it."""

    spent_microusd: int
    held_microusd: int
    limit_microusd: int | None

    @property
    def beyond_microusd(self) -> int:
        """By how much the budget is passed, at least 0."""
        if self.limit_microusd is None:
            return 0
        return max(0, self.spent_microusd + self.held_microusd - self.limit_microusd)


@dataclass(slots=True)
class Change:
    """What several calls do to one counter, in micro-dollars: amounts to hold, to give back, and spent."""

    taken: int = 0
    given_back: int = 0
    spent: int = 0

    @property
    def is_none(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.taken or self.given_back or self.spent)


def counters_of(scopes: Iterable[Scope], day: date) -> list[Counter]:
    """The counters that money spent on these scopes on this day counts in, in their order."""
    return sorted(Counter(scope, period, period.start(day)) for scope in scopes for period in Period)


def take(connection: sa.Connection, counter: Counter, amount_microusd: int) -> Level | None:
    """Hold the amount if spent, held and it together stay within the limit; None when they do not."""
    values = {**_key(counter), "held": amount_microusd, "spent": 0}
    row = connection.execute(_changing(conditional=True), values).one_or_none()
    if row is None:
        _open(connection, counter)
        row = connection.execute(_changing(conditional=True), values).one_or_none()
    return None if row is None else Level(*row)


def move(connection: sa.Connection, counter: Counter, given_back: int, spent: int) -> Level:
    """Give back what was held and add what was spent, whatever the limit; micro-dollars."""
    values = {**_key(counter), "held": -given_back, "spent": spent}
    row = connection.execute(_changing(conditional=False), values).one_or_none()
    if row is None:
        _open(connection, counter)
        row = connection.execute(_changing(conditional=False), values).one()
    return Level(*row)


def change_plainly(connection: sa.Connection, changes: Mapping[Counter, Change], warns_from: float) -> bool:
    """Write all changes, if each counter has room for what is taken and does not pass the warning mark.

    `warns_from` is that mark, as a share of the limit. Each counter is one statement with its condition
    in it. False where one of them did not apply, also because the counter has no row yet: then the
    transaction must be undone, and each call made by itself.
    """
    rows = [
        {
            **_key(counter),
            "held": change.taken - change.given_back,
            "spent": change.spent,
            "taken": change.taken,
            "warns_from": warns_from,
        }
        for counter, change in sorted(changes.items(), key=lambda each: each[0])
        if not change.is_none
    ]
    return not rows or connection.execute(_plainly(), rows).rowcount == len(rows)


def read(connection: sa.Connection, counter: Counter) -> Level:
    """Where the counter stands."""
    key = _key(counter)
    row = connection.execute(
        sa.select(_ROW.spent_microusd, _ROW.held_microusd, _limit()).where(_is_it()), key
    ).one_or_none()
    return Level(0, 0, connection.execute(sa.select(_limit()), key).scalar()) if row is None else Level(*row)


@cache
def _changing(conditional: bool) -> ReturningUpdate[Any]:
    """The update of one counter; built once, because building it takes longer than running it."""
    held = sa.bindparam("held", type_=sa.BigInteger)
    statement = sa.update(budget_counters).where(_is_it())
    if conditional:
        after = _ROW.spent_microusd + _ROW.held_microusd + held
        statement = statement.where(after <= sa.func.coalesce(_limit(), after))
    return statement.values(
        held_microusd=_ROW.held_microusd + held,
        spent_microusd=_ROW.spent_microusd + sa.bindparam("spent", type_=sa.BigInteger),
    ).returning(_ROW.spent_microusd, _ROW.held_microusd, _limit())


@cache
def _plainly() -> sa.Update:
    held, spent = (sa.bindparam(name, type_=sa.BigInteger) for name in ("held", "spent"))
    mark = budgets.c.limit_microusd * sa.bindparam("warns_from", type_=sa.Float)
    after = _ROW.spent_microusd + _ROW.held_microusd + held + spent
    no_room = sa.and_(sa.bindparam("taken", type_=sa.BigInteger) > 0, after > budgets.c.limit_microusd)
    warns = sa.and_(_ROW.spent_microusd < mark, _ROW.spent_microusd + spent >= mark)
    in_the_way = sa.select(budgets.c.scope_id).where(
        budgets.c.scope_kind == sa.bindparam("kind"),
        budgets.c.scope_id == sa.bindparam("id"),
        budgets.c.period == sa.bindparam("per"),
        sa.or_(no_room, warns),
    )
    return (
        sa.update(budget_counters)
        .where(_is_it(), ~in_the_way.correlate(budget_counters).exists())
        .values(held_microusd=_ROW.held_microusd + held, spent_microusd=_ROW.spent_microusd + spent)
    )


def _open(connection: sa.Connection, counter: Counter) -> None:
    opening = insert(connection, budget_counters).values(
        scope_kind=counter.scope.kind.value,
        scope_id=counter.scope.id,
        period=counter.period.value,
        starts_on=counter.starts_on,
        spent_microusd=0,
        held_microusd=0,
    )
    connection.execute(opening.on_conflict_do_nothing())


def _key(counter: Counter) -> dict[str, Any]:
    return {
        "kind": counter.scope.kind.value,
        "id": counter.scope.id,
        "per": counter.period.value,
        "start": counter.starts_on,
    }


def _is_it() -> sa.ColumnElement[bool]:
    return sa.and_(
        _ROW.scope_kind == sa.bindparam("kind"),
        _ROW.scope_id == sa.bindparam("id"),
        _ROW.period == sa.bindparam("per"),
        _ROW.starts_on == sa.bindparam("start"),
    )


def _limit() -> sa.ScalarSelect[Any]:
    return (
        sa.select(budgets.c.limit_microusd)
        .where(
            budgets.c.scope_kind == sa.bindparam("kind"),
            budgets.c.scope_id == sa.bindparam("id"),
            budgets.c.period == sa.bindparam("per"),
        )
        .scalar_subquery()
    )
