"""Holds: money set aside for a call that is under way, as rows of the database.

The table holds open holds only: a row goes away when its hold is settled, released or expires.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.database import insert_in
from core.gateway.charges import Caller
from core.gateway.money import Scope, ScopeKind
from core.tables import hold_parts, holds

EXPIRED_AT_ONCE = 500
# Built once, because building a statement takes longer than running it. A hold's parts go with its row.
_LOCKED = sa.select(holds.c.id).where(holds.c.id == sa.bindparam("hold")).with_for_update()
_PARTS = sa.select(hold_parts).where(hold_parts.c.hold_id == sa.bindparam("hold"))
_DELETED = sa.delete(holds).where(holds.c.id == sa.bindparam("hold"))
_OPEN_PARTS = sa.select(hold_parts).join(holds, holds.c.id == hold_parts.c.hold_id).with_for_update(of=holds)
_PARTS_OF_ONE = _OPEN_PARTS.where(holds.c.id == sa.bindparam("hold"))
_PARTS_OF_ALL = _OPEN_PARTS.where(holds.c.id.in_(sa.bindparam("holds", expanding=True))).order_by(holds.c.id)
_SET_EXPIRY = (
    sa.update(holds)
    .where(holds.c.id == sa.bindparam("hold"))
    .values(expires_at=sa.bindparam("until", type_=holds.c.expires_at.type))
)
_INSERT = sa.insert(holds)


@dataclass(frozen=True, slots=True)
class Hold:
    """Money set aside for a caller: `amounts` are micro-dollars for each scope.

    It counts against the periods of `taken_at` (UTC) until it is settled, and frees itself at
    `expires_at`. `entry` is the number of the last entry that the journal was given with it.
    """

    id: str
    caller: Caller
    amounts: Mapping[Scope, int]
    taken_at: datetime
    expires_at: datetime
    ttl_s: int
    entry: int = field(default=0, compare=False)

    @property
    def day(self) -> date:
        """The day whose periods pay, in UTC."""
        return self.taken_at.date()


def parts_of(connection: sa.Connection, hold_id: str) -> dict[Scope, int] | None:
    """The amounts of an open hold, locked until the transaction ends; None where it is not open."""
    if connection.execute(_LOCKED, {"hold": hold_id}).one_or_none() is None:
        return None
    return {_scope(row): row.amount_microusd for row in connection.execute(_PARTS, {"hold": hold_id})}


def put(connection: sa.Connection, hold: Hold, is_open: bool) -> None:
    """Write the hold, or bring the open one up to this one's amounts and expiry."""
    if is_open:
        set_expiry(connection, hold)
    else:
        connection.execute(_INSERT, _values(hold))
    parts = _part_values(hold)
    if parts:
        connection.execute(_putting(connection.dialect.name), parts)


def put_all(connection: sa.Connection, new: Sequence[Hold]) -> None:
    """Write several new holds."""
    connection.execute(_INSERT, [_values(hold) for hold in new])
    parts = [part for hold in new for part in _part_values(hold)]
    if parts:
        connection.execute(_putting(connection.dialect.name), parts)


@cache
def _putting(dialect: str) -> sqlite.Insert | postgresql.Insert:
    statement = insert_in(dialect, hold_parts)
    return statement.on_conflict_do_update(
        index_elements=list(hold_parts.primary_key.columns),
        set_={"amount_microusd": statement.excluded.amount_microusd},
    )


def set_expiry(connection: sa.Connection, hold: Hold) -> bool:
    """Set the expiry of an open hold to this one's; False where it is not open."""
    return connection.execute(_SET_EXPIRY, {"hold": hold.id, "until": hold.expires_at}).rowcount == 1


def remove(connection: sa.Connection, hold_id: str) -> dict[Scope, int] | None:
    """Take an open hold away and return its amounts; None where it is not open (any more)."""
    parts = parts_of(connection, hold_id)
    if parts is not None:
        connection.execute(_DELETED, {"hold": hold_id})
    return parts


def parts_of_all(connection: sa.Connection, hold_ids: Sequence[str]) -> dict[str, dict[Scope, int]]:
    """The amounts of those of these holds that are open, locked until the transaction ends."""
    if len(hold_ids) == 1:  # a list is put into the statement anew each time, which takes longer than it runs
        rows = connection.execute(_PARTS_OF_ONE, {"hold": hold_ids[0]})
    else:
        rows = connection.execute(_PARTS_OF_ALL, {"holds": list(hold_ids)})
    parts: dict[str, dict[Scope, int]] = {}
    for row in rows:
        parts.setdefault(row.hold_id, {})[_scope(row)] = row.amount_microusd
    return parts


def remove_all(connection: sa.Connection, hold_ids: Sequence[str]) -> None:
    """Take away holds whose parts were read, and so locked, in this transaction."""
    connection.execute(_DELETED, [{"hold": hold_id} for hold_id in hold_ids])


def remove_expired(connection: sa.Connection, now: datetime) -> list[Hold]:
    """Take away holds whose time is up, oldest first, at most EXPIRED_AT_ONCE of them."""
    rows = connection.execute(
        sa.select(holds)
        .where(holds.c.expires_at <= now)
        .order_by(holds.c.expires_at)
        .limit(EXPIRED_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    expired = _holds(connection, rows)
    if expired:
        connection.execute(sa.delete(holds).where(holds.c.id.in_([hold.id for hold in expired])))
    return expired


def any_expired(connection: sa.Connection, now: datetime) -> bool:
    """Whether there is a hold whose time is up."""
    return bool(connection.execute(sa.select(sa.exists().where(holds.c.expires_at <= now))).scalar())


def all_open(connection: sa.Connection) -> list[Hold]:
    """Every open hold, oldest first."""
    return _holds(connection, connection.execute(sa.select(holds).order_by(holds.c.taken_at)).all())


def _parts(connection: sa.Connection, ids: list[str]) -> dict[str, dict[Scope, int]]:
    parts: dict[str, dict[Scope, int]] = {hold_id: {} for hold_id in ids}
    for start in range(0, len(ids), EXPIRED_AT_ONCE):
        some = ids[start : start + EXPIRED_AT_ONCE]
        for row in connection.execute(sa.select(hold_parts).where(hold_parts.c.hold_id.in_(some))):
            parts[row.hold_id][_scope(row)] = row.amount_microusd
    return parts


def _scope(row: sa.Row[Any]) -> Scope:
    return Scope(ScopeKind(row.scope_kind), row.scope_id)


def _holds(connection: sa.Connection, rows: Any) -> list[Hold]:
    parts = _parts(connection, [row.id for row in rows])
    return [
        Hold(row.id, _caller(row), parts[row.id], row.taken_at, row.expires_at, row.ttl_s) for row in rows
    ]


def _part_values(hold: Hold) -> list[dict[str, Any]]:
    return [
        {"hold_id": hold.id, "scope_kind": s.kind.value, "scope_id": s.id, "amount_microusd": amount}
        for s, amount in hold.amounts.items()
    ]


def _values(hold: Hold) -> dict[str, Any]:
    caller = {name: getattr(hold.caller, name) for name in Caller.__slots__}
    times = {"taken_at": hold.taken_at, "expires_at": hold.expires_at, "ttl_s": hold.ttl_s}
    return {"id": hold.id, **times, **caller}


def _caller(row: sa.Row[Any]) -> Caller:
    return Caller(**{name: row._mapping[name] for name in Caller.__slots__})


def expiry(now: datetime, ttl_s: int) -> datetime:
    """When a hold that is taken or renewed now frees itself."""
    return now + timedelta(seconds=ttl_s)
