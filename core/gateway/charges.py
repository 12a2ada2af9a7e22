"""Charges: money that was spent, on whom, where and for what, with the sums of each day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.database import insert_in
from core.tables import charge_days, charges

NOBODY = 0
_SUMS = (
    "calls",
    "prompt_tokens",
    "completion_tokens",
    "cost_microusd",
    "saved_microusd",
    "saved_ms",
    "overdraft_microusd",
)
_DAY = tuple(column.name for column in charge_days.primary_key.columns)
_INSERT = sa.insert(charges)


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a model is called. `person_id` is None for what nobody asked for.

    `purpose` is a word of at most 32 characters, such as `answer` or `stand-alone`.
    """

    department: str
    person_id: int | None
    trace_id: str
    purpose: str
    demonstration: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """What one deployment did, and what it cost; of a stream that broke off, as far as it came.

    `saved_microusd` and `saved_ms` are what a cached answer spared.
    """

    model: str
    provider: str
    deployment: str
    prompt_tokens: int
    completion_tokens: int
    cost_microusd: int
    cached: bool = False
    saved_microusd: int = 0
    saved_ms: int = 0


@dataclass(frozen=True, slots=True)
class Charge:
    """Money spent, and by which hold. `day` is the day of its hold, in UTC: its period pays.

    `overdraft_microusd` is 0 unless more was spent than was held and the budget had no room
    for the rest: it is what the budget was passed by.
    """

    hold_id: str
    at: datetime
    day: date
    caller: Caller
    spent: Spent
    overdraft_microusd: int


def charges_of(connection: sa.Connection, hold_id: str) -> tuple[Charge, ...]:
    """The charges of a hold in their order; empty while it is open, and after a release."""
    rows = connection.execute(
        sa.select(charges).where(charges.c.hold_id == hold_id).order_by(charges.c.number)
    )
    return tuple(_charge(row) for row in rows)


def charged(
    hold_id: str,
    at: datetime,
    day: date,
    caller: Caller,
    items: Sequence[Spent],
    overdraft_microusd: int = 0,
) -> tuple[Charge, ...]:
    """One charge for each item; the last one carries the overdraft."""
    last = len(items) - 1
    return tuple(
        Charge(hold_id, at, day, caller, item, overdraft_microusd if number == last else 0)
        for number, item in enumerate(items)
    )


def write(connection: sa.Connection, *bills: Sequence[Charge]) -> None:
    """Write the charges of one or more holds, each hold's in their order, and add them to their days."""
    rows = [_row(charge, number) for bill in bills for number, charge in enumerate(bill)]
    if not rows:
        return
    connection.execute(_INSERT, rows)
    days: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(_day_key(row))
        day = days.setdefault(key, {**dict(zip(_DAY, key, strict=True)), **dict.fromkeys(_SUMS, 0)})
        for name in _SUMS:
            day[name] += 1 if name == "calls" else row[name]
    # One order of the rows for every writer, so that no two wait for each other.
    connection.execute(_adding(connection.dialect.name), [days[key] for key in sorted(days)])


def write_charges(
    connection: sa.Connection,
    hold_id: str,
    at: datetime,
    day: date,
    caller: Caller,
    items: Sequence[Spent],
    overdraft_microusd: int = 0,
) -> tuple[Charge, ...]:
    """Write one charge for each item, as `charged` and `write` do."""
    bill = charged(hold_id, at, day, caller, items, overdraft_microusd)
    write(connection, bill)
    return bill


def _row(charge: Charge, number: int) -> dict[str, Any]:
    return {
        **_caller_values(charge.caller),
        **_spent_values(charge.spent),
        "overdraft_microusd": charge.overdraft_microusd,
        "hold_id": charge.hold_id,
        "number": number,
        "at": charge.at,
        "day": charge.day,
    }


def _day_key(row: Mapping[str, Any]) -> Iterator[Any]:
    for name in _DAY:
        yield (row[name] or NOBODY) if name == "person_id" else row[name]


@cache
def _adding(dialect: str) -> sqlite.Insert | postgresql.Insert:
    """Adds sums to their day; built once, because building it takes longer than running it."""
    statement = insert_in(dialect, charge_days)
    return statement.on_conflict_do_update(
        index_elements=list(charge_days.primary_key.columns),
        set_={name: charge_days.c[name] + statement.excluded[name] for name in _SUMS},
    )


def _caller_values(caller: Caller) -> dict[str, Any]:
    return {name: getattr(caller, name) for name in Caller.__slots__}


def _spent_values(item: Spent) -> dict[str, Any]:
    return {name: getattr(item, name) for name in Spent.__slots__}


def _charge(row: sa.Row[Any]) -> Charge:
    values = row._mapping
    return Charge(
        row.hold_id,
        row.at,
        row.day,
        Caller(**{name: values[name] for name in Caller.__slots__}),
        Spent(**{name: values[name] for name in Spent.__slots__}),
        row.overdraft_microusd,
    )
