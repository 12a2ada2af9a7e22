"""Holds and charges of calls that come at the same moment, in one transaction and few statements.

Only plain ones: a new hold for which every budget has room, and a charge that no part of its hold was
too small for and that passes no warning mark. Then it makes no difference in which order they are
written, and the counters can be moved by the sums. Anything else is left to the caller, by itself.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from core.gateway import charges, counters
from core.gateway import holds as stored
from core.gateway.budget_status import WARNS_FROM
from core.gateway.charges import Caller, Charge, Spent
from core.gateway.counters import Change, Counter, counters_of
from core.gateway.holds import Hold
from core.gateway.money import Scope
from core.journal.entries import Entry, Record

RecordIn = Callable[..., Sequence[Entry]]
"""Writes records down within a transaction, as `Journal.append_in` does."""


class NotPlain(Exception):
    """Undoes the transaction: its steps are to be made one by one."""


@dataclass(slots=True)
class Step:
    """A new hold to take, or one to settle with what was spent, and what the journal is told with it."""

    hold: Hold
    records: Sequence[Record]
    spent: Sequence[Spent] | None = None
    charged: tuple[Charge, ...] = ()
    is_done: bool = False


def write_together(
    connection: sa.Connection, steps: Sequence[Step], now: datetime, record_in: RecordIn
) -> list[Step]:
    """Write the plain ones of the steps and return them: done, once the transaction is committed.

    Raises NotPlain when none is plain, or the counters do not allow all that are.
    """
    settling = [step for step in steps if step.spent is not None]
    held = stored.parts_of_all(connection, [s.hold.id for s in settling]) if settling else {}
    settling = _plain(settling, held)
    taking = [step for step in steps if step.spent is None]
    done = [*settling, *taking]
    if not done:
        raise NotPlain
    if settling:
        stored.remove_all(connection, [step.hold.id for step in settling])
    if taking:
        stored.put_all(connection, [step.hold for step in taking])
    if not counters.change_plainly(connection, _changes(settling, taking, held), WARNS_FROM):
        raise NotPlain
    for step in settling:
        hold = step.hold
        step.charged = charges.charged(hold.id, now, hold.day, hold.caller, step.spent or ())
    charges.write(connection, *(step.charged for step in settling))
    _record(connection, done, record_in)
    return done


def spent_of(caller: Caller, items: Sequence[Spent]) -> dict[Scope, int]:
    """What these items cost each scope, in micro-dollars."""
    spent: Tally[Scope] = Tally()
    for item in items:
        for scope in (Scope.department(caller.department), Scope.provider(item.provider)):
            spent[scope] += item.cost_microusd
    return dict(spent)


def _plain(settling: Sequence[Step], held: Mapping[str, Mapping[Scope, int]]) -> list[Step]:
    """Those whose hold is open and large enough, each hold once."""
    found: dict[str, Step] = {}
    for step in settling:
        parts = held.get(step.hold.id)
        spent = spent_of(step.hold.caller, step.spent or ())
        if parts is not None and all(cost <= parts.get(scope, 0) for scope, cost in spent.items()):
            found.setdefault(step.hold.id, step)
    return list(found.values())


def _changes(
    settling: Sequence[Step], taking: Sequence[Step], held: Mapping[str, Mapping[Scope, int]]
) -> dict[Counter, Change]:
    changes: dict[Counter, Change] = {}
    for step in settling:
        back, spent = held[step.hold.id], spent_of(step.hold.caller, step.spent or ())
        for counter in counters_of(back, step.hold.day):
            change = changes.setdefault(counter, Change())
            change.given_back += back[counter.scope]
            change.spent += spent.get(counter.scope, 0)
    for step in taking:
        for counter in counters_of(step.hold.amounts, step.hold.day):
            changes.setdefault(counter, Change()).taken += step.hold.amounts[counter.scope]
    return changes


def _record(connection: sa.Connection, steps: Sequence[Step], record_in: RecordIn) -> None:
    """Last of all, because other appends wait from here on until the transaction ends."""
    records = [record for step in steps for record in step.records]
    if not records:
        return
    entries = iter(record_in(connection, *records))
    for step in steps:
        for _, entry in zip(step.records, entries, strict=False):
            step.hold = replace(step.hold, entry=entry.seq)
