"""Budgets of departments and providers: hard, because money is held before it is spent.

    hold      sets the worst price aside, if every budget it counts in has room: all or none
    top_up    before a dearer deployment, or another provider's, is called: checked again
    renew     while an answer is being written, so that only a dead process lets a hold expire
    settle    once, with what was really used: the rest comes back
    release   when nothing was used

At no moment do charges and open holds together pass a budget, as long as no call costs more than
was held for it. Where one does (a provider counts more tokens than were foreseen, or a process
slept past its hold and the money was given to others), the charge is written in full, because the
money is gone: what there was no room for stands in the charge's `overdraft_microusd` and in the
log, and nothing more is admitted until the period turns. A process that sleeps past its hold
learns of it from `renew`, which takes the money again or refuses.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.database import Database, insert
from core.errors import BadInput, BudgetExceeded, NotAllowed
from core.gateway import counters
from core.gateway import holds as stored
from core.gateway.budget_records import budget_set, budget_warned, hold_expired
from core.gateway.budget_status import WARNS_FROM, BudgetStatus, refusal, status_of
from core.gateway.charges import Caller, Charge, Spent, charges_of, write_charges
from core.gateway.counters import Counter, Level, counters_of
from core.gateway.holds import Hold, expiry
from core.gateway.joint import NotPlain, RecordIn, Step, spent_of, write_together
from core.gateway.money import Period, Scope, ScopeKind
from core.journal.entries import Record
from core.journal.group_commit import GroupCommit
from core.tables import budget_counters, budgets
from core.types import Person, Role

log = logging.getLogger(__name__)

TRIES = 5


class _NoRoom(Exception):
    """Undoes the transaction: this counter has no room for this many micro-dollars."""

    def __init__(self, counter: Counter, needed_microusd: int) -> None:
        super().__init__(counter)
        self.counter = counter
        self.needed_microusd = needed_microusd


class _Moved(NamedTuple):
    """What a charge did to a counter, and where that left it."""

    counter: Counter
    given_back: int
    spent: int
    level: Level

    @property
    def overdraft_microusd(self) -> int:
        """By how much the budget is passed; a limit that was lowered meanwhile is not this charge's doing."""
        return max(0, min(self.spent - self.given_back, self.level.beyond_microusd))

    @property
    def passes_the_warning(self) -> bool:
        """Whether it is this charge with which 80 % of the budget are spent."""
        if self.level.limit_microusd is None:
            return False
        mark = WARNS_FROM * self.level.limit_microusd
        return self.level.spent_microusd - self.spent < mark <= self.level.spent_microusd


class Budgets:
    """The budgets in a database. `clock` gives the time in UTC; any number of threads and processes.

    One thread at a time owns a hold. `record_in` writes down who changed a budget, that 80 % of one
    are spent, and which holds expired, within the transaction that does it, and the `records` that
    are to be committed together with money, or not at all.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        record_in: RecordIn = lambda connection, *records: (),
    ) -> None:
        self._database = database
        self._clock = clock
        self._record_in = record_in
        self._turn = threading.Lock()
        self._together = GroupCommit(self._write_together)

    def set_limit(
        self, actor: Person, scope: Scope, amount_microusd: int | None, period: Period = Period.MONTH
    ) -> None:
        """Give a scope its budget, in place of any other; None takes it away. In force at once.

        What has been spent in the running period counts. Raises NotAllowed for anybody but an
        administrator, BadInput for a negative amount.
        """
        if not actor.has(Role.ADMINISTRATOR):
            raise NotAllowed("Only an administrator may change a budget.")
        if amount_microusd is not None and amount_microusd < 0:
            raise BadInput("A budget cannot be negative.")
        key = {"scope_kind": scope.kind.value, "scope_id": scope.id}
        values = {
            "period": period.value,
            "limit_microusd": amount_microusd,
            "set_by": actor.id,
            "set_at": self._clock(),
        }
        with self._write() as connection:
            if amount_microusd is None:
                connection.execute(sa.delete(budgets).filter_by(**key))
            else:
                connection.execute(
                    insert(connection, budgets)
                    .values(**key, **values)
                    .on_conflict_do_update(index_elements=list(key), set_=values)
                )
            self._record_in(connection, budget_set(actor, scope, amount_microusd, period))

    def hold(self, amounts: Mapping[Scope, int], ttl_s: int, caller: Caller, *records: Record) -> Hold:
        """Set micro-dollars aside in every scope, or in none. It frees itself after `ttl_s` seconds.

        Raises BudgetExceeded for the first budget without room, after expired holds were freed.
        """
        now = self._clock()
        hold = Hold(uuid.uuid4().hex, caller, dict(amounts), now, expiry(now, ttl_s), ttl_s)
        step = Step(hold, records)
        self._together.run(step)
        return step.hold if step.is_done else self._ensure(hold, records, new=True)

    def top_up(self, hold: Hold, amounts: Mapping[Scope, int], *records: Record) -> Hold:
        """The hold with at least these amounts, and renewed; its other amounts stay.

        Raises BudgetExceeded, and the hold stays as it was. One that has expired is taken again.
        """
        raised = _at_least(hold.amounts, amounts)
        raised_hold = replace(hold, amounts=raised, expires_at=expiry(self._clock(), hold.ttl_s))
        return self._ensure(raised_hold, records, new=False)

    def renew(self, hold: Hold) -> Hold:
        """The hold with its whole life before it: to be called with every piece of a stream.

        Does nothing in the first third of its life. One that has expired is taken again, or
        BudgetExceeded is raised: then the stream ends, and what was used is settled.
        """
        now = self._clock()
        until = expiry(now, hold.ttl_s)
        if (until - hold.expires_at).total_seconds() * 3 < hold.ttl_s:
            return hold
        renewed = replace(hold, expires_at=until)
        with self._write() as connection:
            if stored.set_expiry(connection, renewed):
                return renewed
        return self._ensure(renewed, (), new=False)

    def settle(self, hold: Hold, *items: Spent, records: Sequence[Record] = ()) -> tuple[Charge, ...]:
        """Charge what was used, give the rest back and close the hold. Settling twice charges once.

        One item for each deployment that wrote anything, also in vain. A hold that has expired is
        charged all the same; see the module about the budget in that case.
        """
        step = Step(hold, records, items)
        self._together.run(step)
        if step.is_done:
            return step.charged
        try:
            return self._settle(hold, items, records)
        except IntegrityError:
            # Two settled an expired hold at the same moment: the other one's charges are there now.
            return self._settle(hold, items, records)

    def release(self, hold: Hold) -> None:
        """Give all of it back: nothing was used. Does nothing to a hold that is not open."""
        self.settle(hold)

    def record_cached(self, caller: Caller, item: Spent) -> Charge:
        """Write down an answer that cost nothing because it was remembered, with what that saved."""
        if item.cost_microusd or not item.cached:
            raise ValueError("what costs money is held first and settled")
        now = self._clock()
        with self._write() as connection:
            return write_charges(connection, uuid.uuid4().hex, now, now.date(), caller, [item])[0]

    def expire(self) -> list[Hold]:
        """Free the holds whose time is up, and return them; each belonged to a process that died."""
        now = self._clock()
        with self._database.read() as connection:
            if not stored.any_expired(connection, now):
                return []
        freed: list[Hold] = []
        while some := self._free_some(now):
            freed += some
        return freed

    def _free_some(self, now: datetime) -> list[Hold]:
        """Free as many as one transaction takes."""
        with self._write() as connection:
            expired = stored.remove_expired(connection, now)
            back: Tally[Counter] = Tally()
            for hold in expired:
                for counter in counters_of(hold.amounts, hold.day):
                    back[counter] += hold.amounts[counter.scope]
            for counter, amount in sorted(back.items()):
                counters.move(connection, counter, amount, 0)
            for hold in expired:
                self._record_in(connection, hold_expired(hold))
        for hold in expired:
            log.warning("the hold %s of trace %s expired and was freed", hold.id, hold.caller.trace_id)
        return expired

    def open_holds(self) -> list[Hold]:
        """Every hold that is open, oldest first; those past their expiry are freed by the next `expire`."""
        with self._database.read() as connection:
            return stored.all_open(connection)

    def status(self, scope: Scope) -> BudgetStatus:
        """How the budget of a scope stands in the period that runs."""
        with self._database.read() as connection:
            return self._status(connection, scope)

    def statuses(self) -> list[BudgetStatus]:
        """The status of each scope that has a budget or has spent or held anything this month."""
        month = Period.MONTH.start(self._clock().date())
        counted = sa.select(budget_counters.c.scope_kind, budget_counters.c.scope_id)
        limited = sa.select(budgets.c.scope_kind, budgets.c.scope_id)
        with self._database.read() as connection:
            rows = connection.execute(limited.union(counted.where(budget_counters.c.starts_on >= month)))
            scopes = sorted(Scope(ScopeKind(row.scope_kind), row.scope_id) for row in rows)
            return [self._status(connection, scope) for scope in scopes]

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        # SQLite lets waiting writers in at random: in a crowd of threads some would wait for ever.
        turn = self._turn if self._database.is_sqlite else nullcontext()
        with turn, self._database.write() as connection:
            yield connection

    def _status(self, connection: sa.Connection, scope: Scope) -> BudgetStatus:
        period = connection.execute(
            sa.select(budgets.c.period).filter_by(scope_kind=scope.kind.value, scope_id=scope.id)
        ).scalar_one_or_none()
        period = Period(period or Period.MONTH)
        counter = Counter(scope, period, period.start(self._clock().date()))
        return status_of(connection, counter, counters.read(connection, counter))

    def _write_together(self, steps: list[Step]) -> None:
        """Write what can be written at once; what fails here is tried by itself next, and fails there."""
        try:
            with self._write() as connection:
                done = write_together(connection, steps, self._clock(), self._record_in)
        except NotPlain:
            return
        except Exception:
            log.warning("%d holds and charges could not be written together", len(steps), exc_info=True)
            return
        for step in done:
            step.is_done = True

    def _ensure(self, hold: Hold, records: Sequence[Record], new: bool) -> Hold:
        """Make the database hold what this hold says; raises BudgetExceeded and changes nothing."""
        for _ in range(TRIES):
            try:
                with self._write() as connection:
                    admitted = self._admit(connection, hold, new)
                    entries = self._record_in(connection, *records) if records else ()
                return replace(admitted, entry=entries[-1].seq if entries else admitted.entry)
            except _NoRoom as full:
                freed = self.expire()
                error = None if freed else self._refusal(full)
                if error is not None:
                    raise error from None
        raise BudgetExceeded("The budget is in great demand at this moment. Ask again.", passing=True)

    def _admit(self, connection: sa.Connection, hold: Hold, new: bool) -> Hold:
        held = None if new else stored.parts_of(connection, hold.id)
        if held is None and not new and charges_of(connection, hold.id):
            return hold
        open_amounts = held or {}
        hold = replace(hold, amounts=_at_least(hold.amounts, open_amounts))
        stored.put(connection, hold, is_open=held is not None)
        missing = {scope: amount - open_amounts.get(scope, 0) for scope, amount in hold.amounts.items()}
        for counter in counters_of((scope for scope, amount in missing.items() if amount > 0), hold.day):
            level = counters.take(connection, counter, missing[counter.scope])
            if level is None:
                raise _NoRoom(counter, missing[counter.scope])
        return hold

    def _refusal(self, full: _NoRoom) -> BudgetExceeded | None:
        """The error to raise, or None when there is room by now."""
        with self._database.read() as connection:
            level = counters.read(connection, full.counter)
            if level.limit_microusd is None or not _after(level, full.needed_microusd).beyond_microusd:
                return None
            return refusal(status_of(connection, full.counter, level), full.needed_microusd)

    def _settle(self, hold: Hold, items: Sequence[Spent], records: Sequence[Record]) -> tuple[Charge, ...]:
        with self._write() as connection:
            bill = self._charge(connection, hold, items)
            if records:
                self._record_in(connection, *records)
        return bill

    def _charge(self, connection: sa.Connection, hold: Hold, items: Sequence[Spent]) -> tuple[Charge, ...]:
        held = stored.remove(connection, hold.id)
        if held is None and (earlier := charges_of(connection, hold.id)):
            return earlier
        moved = _pay(connection, hold, spent_of(hold.caller, items), held or {})
        overdraft = max((each.overdraft_microusd for each in moved), default=0)
        if overdraft:
            log.error("the hold %s was too small: %d micro-dollars over budget", hold.id, overdraft)
        bill = write_charges(connection, hold.id, self._clock(), hold.day, hold.caller, items, overdraft)
        for each in moved:
            if each.passes_the_warning:
                status = status_of(connection, each.counter, each.level)
                log.warning("%s", status.warning)
                self._record_in(connection, budget_warned(hold.caller, status))
        return bill


def _pay(
    connection: sa.Connection, hold: Hold, spent: Mapping[Scope, int], held: Mapping[Scope, int]
) -> list[_Moved]:
    """Move held money to spent in every counter."""
    moved = []
    for counter in counters_of(held.keys() | spent.keys(), hold.day):
        back, paid = held.get(counter.scope, 0), spent.get(counter.scope, 0)
        moved.append(_Moved(counter, back, paid, counters.move(connection, counter, back, paid)))
    return moved


def _at_least(amounts: Mapping[Scope, int], others: Mapping[Scope, int]) -> dict[Scope, int]:
    return {
        scope: max(amounts.get(scope, 0), others.get(scope, 0)) for scope in amounts.keys() | others.keys()
    }


def _after(level: Level, amount_microusd: int) -> Level:
    return replace(level, held_microusd=level.held_microusd + amount_microusd)
