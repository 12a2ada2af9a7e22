"""Budgets hold on SQLite and PostgreSQL, whatever happens in between."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.errors import BadInput, BudgetExceeded, NotAllowed
from core.gateway.budgets import Budgets
from core.gateway.charges import Caller, Spent
from core.gateway.holds import EXPIRED_AT_ONCE, Hold
from core.gateway.local_counters import LocalCounters
from core.gateway.money import Period, Scope
from core.identity import Identity
from core.journal.entries import Kind, Record
from core.journal.journal import Journal
from core.tables import budget_counters, charge_days, charges, hold_parts
from core.tables import budgets as budgets_table
from core.types import Person, Role
from tests.conftest import add_departments, add_person
from tests.fakes import Clock

SALES, OPENAI, AZURE = Scope.department("sales"), Scope.provider("openai"), Scope.provider("azure")
CALLER = Caller("sales", 1, "t1", "answer")
DOLLAR = 1_000_000


@pytest.fixture
def administrator(database: Database, clock: Clock) -> Person:
    identity = Identity(database, clock, MovingWindowRateLimiter(LocalCounters()), 3, timedelta(days=1))
    add_departments(identity)
    return add_person(identity, "ada", "people", Role.ADMINISTRATOR)


@pytest.fixture
def budgets(database: Database, clock: Clock, administrator: Person) -> Budgets:
    budgets = Budgets(database, clock)
    budgets.set_limit(administrator, SALES, 100 * DOLLAR)
    return budgets


def bill(cost: int, provider: str = "openai", **changes: object) -> Spent:
    return Spent("gpt", provider, f"{provider}-1", 100, 50, cost, **changes)  # type: ignore[arg-type]


def take(budgets: Budgets, amount: int, *scopes: Scope, ttl_s: int = 60) -> Hold:
    return budgets.hold(dict.fromkeys(scopes or (SALES, OPENAI), amount), ttl_s, CALLER)


def standing(budgets: Budgets, scope: Scope = SALES) -> tuple[int, int]:
    status = budgets.status(scope)
    return status.spent_microusd, status.held_microusd


def test_what_is_held_counts_and_what_is_left_over_comes_back(budgets: Budgets) -> None:
    """Hold the worst price, pay the real one."""
    hold = take(budgets, 60 * DOLLAR)
    assert standing(budgets) == (0, 60 * DOLLAR)
    assert budgets.open_holds() == [hold]
    with pytest.raises(BudgetExceeded):
        take(budgets, 50 * DOLLAR)
    (charge,) = budgets.settle(hold, bill(20 * DOLLAR))
    assert (charge.caller, charge.overdraft_microusd) == (CALLER, 0)
    assert standing(budgets) == standing(budgets, OPENAI) == (20 * DOLLAR, 0)
    assert budgets.open_holds() == []


def test_one_budget_without_room_refuses_and_nothing_is_held_in_the_others(
    budgets: Budgets, administrator: Person
) -> None:
    """All or none, and the error says whose budget it is."""
    budgets.set_limit(administrator, OPENAI, DOLLAR, Period.DAY)
    with pytest.raises(BudgetExceeded) as caught:
        take(budgets, 2 * DOLLAR)
    assert caught.value.scope == "provider"
    assert standing(budgets) == standing(budgets, OPENAI) == (0, 0)
    assert budgets.open_holds() == []


def test_a_refusal_is_a_plain_sentence_with_all_figures(budgets: Budgets) -> None:
    """Spent, held, limit, what this one may cost and when the budget turns."""
    budgets.settle(take(budgets, 90 * DOLLAR), bill(90 * DOLLAR))
    take(budgets, 8_100_000)
    with pytest.raises(BudgetExceeded) as caught:
        take(budgets, 2 * DOLLAR)
    assert str(caught.value) == (
        "The Sales department has too little left of its budget for November: $90.00 of $100.00 spent, "
        "$8.10 held for questions that are being answered, and this one may cost up to $2.00. "
        "Ask again in a moment: part of what is held usually comes back. The budget turns on 1 Dec 2026."
    )
    assert caught.value.passing
    take(budgets, 1_900_000)
    with pytest.raises(
        BudgetExceeded, match="The Sales department has used its budget for November: "
    ) as caught:
        take(budgets, 11 * DOLLAR)
    assert not caught.value.passing


def test_from_four_fifths_on_there_is_a_warning(budgets: Budgets) -> None:
    """The status says so."""
    budgets.settle(take(budgets, 79 * DOLLAR), bill(79 * DOLLAR))
    assert budgets.status(SALES).warning is None
    budgets.settle(take(budgets, DOLLAR), bill(DOLLAR))
    warning = (
        "The Sales department has spent 80 % of its budget for November: $80.00 of $100.00. "
        "The budget turns on 1 Dec 2026."
    )
    assert budgets.status(SALES).warning == warning


def test_the_charge_that_passes_four_fifths_is_on_record_once(
    database: Database, clock: Clock, administrator: Person
) -> None:
    """Under its own trace; the log says it too."""
    journal = Journal(database, clock)
    budgets = Budgets(database, clock, journal.append_in)
    budgets.set_limit(administrator, SALES, 100 * DOLLAR)
    for cost in (70, 9, 1, 5):
        budgets.settle(take(budgets, cost * DOLLAR), bill(cost * DOLLAR))
    [entry] = [entry for entry in journal.search() if entry.outcome == "warned"]
    assert (entry.kind, entry.trace_id, entry.department) == ("budget", CALLER.trace_id, "sales")
    assert entry.data == {
        "scope": "department",
        "id": "sales",
        "spent_microusd": 80 * DOLLAR,
        "limit_microusd": 100 * DOLLAR,
        "period": "month",
    }


def test_settling_twice_charges_once(budgets: Budgets, database: Database) -> None:
    """The second time returns the charge of the first, also from two threads at once and after expiry."""
    hold = take(budgets, DOLLAR)
    first = budgets.settle(hold, bill(400_000))
    assert budgets.settle(hold, bill(900_000)) == first
    budgets.release(hold)
    late = take(budgets, DOLLAR, ttl_s=0)
    assert [expired.id for expired in budgets.expire()] == [late.id]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: budgets.settle(late, bill(100_000)), range(8)))
    assert len({result[0] for result in results}) == 1
    assert standing(budgets) == (500_000, 0)
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(charges)).scalar() == 2


def test_a_fallback_that_costs_more_is_checked_again(budgets: Budgets, administrator: Person) -> None:
    """A refused top-up leaves the hold as it was; two bills are charged to their own providers."""
    budgets.set_limit(administrator, AZURE, 3 * DOLLAR)
    hold = take(budgets, 2 * DOLLAR)
    with pytest.raises(BudgetExceeded):
        budgets.top_up(hold, {SALES: 4 * DOLLAR, AZURE: 4 * DOLLAR})
    assert standing(budgets) == (0, 2 * DOLLAR)
    more = budgets.top_up(hold, {SALES: 5 * DOLLAR, AZURE: 3 * DOLLAR})
    assert more.amounts == {SALES: 5 * DOLLAR, OPENAI: 2 * DOLLAR, AZURE: 3 * DOLLAR}
    assert (standing(budgets), standing(budgets, AZURE)) == ((0, 5 * DOLLAR), (0, 3 * DOLLAR))
    budgets.top_up(hold, {SALES: DOLLAR})
    assert standing(budgets) == (0, 5 * DOLLAR)
    charged = budgets.settle(hold, bill(DOLLAR), bill(3 * DOLLAR, "azure"))
    assert [c.spent.provider for c in charged] == ["openai", "azure"]
    assert standing(budgets) == (4 * DOLLAR, 0)
    assert (standing(budgets, OPENAI), standing(budgets, AZURE)) == ((DOLLAR, 0), (3 * DOLLAR, 0))


def test_a_lost_hold_refuses_nobody_for_ever(budgets: Budgets, clock: Clock) -> None:
    """The first refusal after its expiry frees it."""
    take(budgets, 100 * DOLLAR, ttl_s=60)
    with pytest.raises(BudgetExceeded) as caught:
        take(budgets, DOLLAR)
    assert caught.value.passing
    clock.advance(seconds=61)
    take(budgets, DOLLAR)
    assert standing(budgets) == (0, DOLLAR)


def test_however_many_holds_are_lost_all_are_freed_at_once(budgets: Budgets, clock: Clock) -> None:
    """Also more than one transaction takes."""
    for _ in range(EXPIRED_AT_ONCE + 1):
        take(budgets, 1, ttl_s=60)
    clock.advance(seconds=61)
    assert len(budgets.expire()) == EXPIRED_AT_ONCE + 1
    assert budgets.open_holds() == []
    assert budgets.status(SALES).held_microusd == 0


def test_a_killed_process_frees_its_hold(budgets: Budgets, database_url: str, clock: Clock) -> None:
    """It is visible until it expires."""
    code = (
        "import os, signal, sys\n"
        "from datetime import datetime\n"
        "from core.database import Database\n"
        "from core.gateway.budgets import Budgets\n"
        "from core.gateway.charges import Caller\n"
        "from core.gateway.money import Scope\n"
        "budgets = Budgets(Database(sys.argv[1]), lambda: datetime.fromisoformat(sys.argv[2]))\n"
        "budgets.hold({Scope.department('sales'): 100_000_000}, 60, Caller('sales', 7, 't7', 'answer'))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, database_url, clock().isoformat()], check=False)
    assert ended.returncode == -9
    assert [hold.caller.person_id for hold in budgets.open_holds()] == [7]
    with pytest.raises(BudgetExceeded):
        take(budgets, DOLLAR)
    clock.advance(seconds=60)
    assert take(budgets, DOLLAR) in budgets.open_holds()


def test_a_renewed_hold_does_not_expire(budgets: Budgets, clock: Clock) -> None:
    """A stream may last longer than its hold's first life."""
    hold = take(budgets, 100 * DOLLAR, ttl_s=60)
    for _ in range(10):
        clock.advance(seconds=10)
        hold = budgets.renew(hold)
        assert budgets.expire() == []
    budgets.settle(hold, bill(DOLLAR))
    assert budgets.renew(hold) == hold
    clock.advance(seconds=50)
    budgets.renew(hold)
    assert budgets.open_holds() == []


def test_who_slept_past_a_hold_takes_it_again_or_is_refused(budgets: Budgets, clock: Clock) -> None:
    """The money may have gone to somebody else meanwhile."""
    sleeper = take(budgets, 60 * DOLLAR, ttl_s=60)
    clock.advance(seconds=61)
    budgets.expire()
    sleeper = budgets.renew(sleeper)
    assert standing(budgets) == (0, 60 * DOLLAR)
    clock.advance(seconds=61)
    take(budgets, 90 * DOLLAR, ttl_s=60)
    with pytest.raises(BudgetExceeded):
        budgets.renew(sleeper)


def test_a_late_charge_is_written_in_full_and_says_by_how_much_it_passed_the_budget(
    budgets: Budgets, clock: Clock
) -> None:
    """Money that is gone is never hidden, and nothing more is admitted."""
    late = take(budgets, 60 * DOLLAR, ttl_s=60)
    clock.advance(seconds=61)
    other = take(budgets, 70 * DOLLAR)
    (charge,) = budgets.settle(late, bill(50 * DOLLAR))
    assert (charge.spent.cost_microusd, charge.overdraft_microusd) == (50 * DOLLAR, 20 * DOLLAR)
    assert standing(budgets) == (50 * DOLLAR, 70 * DOLLAR)
    with pytest.raises(BudgetExceeded):
        take(budgets, 1)
    assert budgets.settle(other, bill(70 * DOLLAR))[0].overdraft_microusd == 0


def test_midnight_and_the_month_turn_between_hold_and_charge(
    budgets: Budgets, clock: Clock, administrator: Person
) -> None:
    """A hold settles in the period that it was taken in, in UTC; the new one starts from nothing."""
    budgets.set_limit(administrator, OPENAI, 3 * DOLLAR, Period.DAY)
    clock.now = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    hold = take(budgets, 3 * DOLLAR)
    with pytest.raises(BudgetExceeded, match=r"budget for 30 Nov 2026.*turns on 1 Dec 2026"):
        take(budgets, DOLLAR)
    clock.advance(seconds=2)
    assert standing(budgets) == standing(budgets, OPENAI) == (0, 0)
    take(budgets, 3 * DOLLAR)
    (charge,) = budgets.settle(hold, bill(2 * DOLLAR))
    assert charge.day == date(2026, 11, 30)
    assert standing(budgets) == standing(budgets, OPENAI) == (0, 3 * DOLLAR)
    clock.now = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    assert standing(budgets) == standing(budgets, OPENAI) == (2 * DOLLAR, 0)


def test_a_new_limit_is_in_force_at_once_and_knows_what_was_spent(
    budgets: Budgets, administrator: Person
) -> None:
    """Also another period, a limit for a scope that had none, and a limit that goes away."""
    budgets.settle(take(budgets, 9 * DOLLAR), bill(9 * DOLLAR))
    budgets.set_limit(administrator, SALES, 10 * DOLLAR, Period.DAY)
    budgets.set_limit(administrator, OPENAI, 9 * DOLLAR)
    with pytest.raises(BudgetExceeded, match="for 24 Nov 2026"):
        take(budgets, 2 * DOLLAR, SALES)
    with pytest.raises(BudgetExceeded, match="The provider openai has used its budget for November"):
        take(budgets, 1, OPENAI)
    assert [(s.scope, s.limit_microusd) for s in budgets.statuses()] == [
        (SALES, 10 * DOLLAR),
        (OPENAI, 9 * DOLLAR),
    ]
    budgets.set_limit(administrator, SALES, None)
    take(budgets, 1_000 * DOLLAR, SALES)
    status = budgets.status(SALES)
    assert (status.limit_microusd, status.share, status.warning) == (None, None, None)
    assert standing(budgets) == (9 * DOLLAR, 1_000 * DOLLAR)


def test_a_budget_of_nothing_admits_only_what_is_free(budgets: Budgets, administrator: Person) -> None:
    """The embedded model still answers."""
    budgets.set_limit(administrator, SALES, 0)
    budgets.settle(take(budgets, 0), bill(0))
    with pytest.raises(BudgetExceeded):
        take(budgets, 1)


def test_only_administrators_set_limits(budgets: Budgets, database: Database, administrator: Person) -> None:
    """Core checks the actor itself."""
    manager = Person(5, "m@fennwick.example", "M", "sales", frozenset({Role.MANAGER}))
    with pytest.raises(NotAllowed):
        budgets.set_limit(manager, SALES, 5)
    with pytest.raises(BadInput):
        budgets.set_limit(administrator, SALES, -1)
    assert budgets.status(SALES).limit_microusd == 100 * DOLLAR


def test_charges_say_who_what_where_and_what_was_saved(budgets: Budgets, database: Database) -> None:
    """The sums of a day are those of its charges, cached answers among them."""
    budgets.settle(take(budgets, DOLLAR), bill(300), bill(200), bill(100, "azure"))
    cached = budgets.record_cached(CALLER, bill(0, cached=True, saved_microusd=300, saved_ms=1200))
    assert cached.spent.saved_microusd == 300
    with pytest.raises(ValueError, match="held first"):
        budgets.record_cached(CALLER, bill(1, cached=True))
    nobody = Caller("sales", None, "t2", "evaluation", demonstration=True)
    budgets.settle(budgets.hold({SALES: 10}, 60, nobody), bill(10))
    columns = ("cost_microusd", "prompt_tokens", "completion_tokens", "saved_microusd", "saved_ms")
    with database.read() as connection:
        detail = connection.execute(sa.select(*(sa.func.sum(charges.c[name]) for name in columns))).one()
        daily = connection.execute(sa.select(*(sa.func.sum(charge_days.c[name]) for name in columns))).one()
        calls = (
            connection.execute(sa.select(charge_days.c.calls).order_by(charge_days.c.calls)).scalars().all()
        )
    assert tuple(map(int, detail)) == tuple(map(int, daily)) == (610, 500, 250, 300, 1200)
    assert list(calls) == [1, 1, 1, 2]


def test_eight_threads_never_pass_a_budget_and_use_all_of_it(budgets: Budgets, database: Database) -> None:
    """Charges and open holds together, as seen by a reader at any moment."""
    worst, done, seen = 700_000, threading.Event(), []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        while True:
            try:
                hold = take(budgets, worst)
            except BudgetExceeded as exc:
                if exc.passing:
                    continue
                return
            used = rng.randint(worst // 2, worst)
            if rng.random() < 0.1:
                with contextlib.suppress(BudgetExceeded):
                    hold = budgets.top_up(hold, {SALES: worst + 200_000, AZURE: worst + 200_000})
            budgets.settle(hold, bill(used))

    def watch() -> None:
        while not done.is_set():
            seen.append(_charged_and_held(database))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
    finally:
        done.set()
        watcher.join()
    assert max(seen) <= 100 * DOLLAR
    spent, held = standing(budgets)
    assert held == 0
    assert 99 * DOLLAR <= spent == _charged_and_held(database)


def _charged_and_held(database: Database) -> int:
    """Counted from the charges and holds themselves, not from the counters."""
    spent = sa.select(sa.func.coalesce(sa.func.sum(charges.c.cost_microusd), 0)).scalar_subquery()
    held = (
        sa.select(sa.func.coalesce(sa.func.sum(hold_parts.c.amount_microusd), 0))
        .where(hold_parts.c.scope_kind == "department")
        .scalar_subquery()
    )
    with database.read() as connection:
        return int(connection.execute(sa.select(spent + held)).scalar_one())


class BudgetMachine(RuleBasedStateMachine):
    """Any order of holds, top-ups, renewals, charges, crashes and changes of limits."""

    database: Database
    administrator: Person
    holds = Bundle("holds")
    amounts = st.integers(0, 60)
    scopes = st.sampled_from([SALES, OPENAI, AZURE])

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.budgets = Budgets(self.database, self.clock)
        self.spent = 0
        self.overdraft = 0
        with self.database.write() as connection:
            for table in (hold_parts, charges, charge_days, budget_counters, budgets_table):
                connection.execute(sa.delete(table))
            connection.execute(sa.text("DELETE FROM holds"))
        self.budgets.set_limit(self.administrator, SALES, 100)

    @rule(target=holds, amount=amounts, provider=st.sampled_from([OPENAI, AZURE]), ttl_s=st.integers(1, 5))
    def hold(self, amount: int, provider: Scope, ttl_s: int) -> Hold | None:
        status = self.budgets.status(SALES)
        self.budgets.expire()
        room = self._room()
        try:
            hold = self.budgets.hold({SALES: amount, provider: amount}, ttl_s, CALLER)
        except BudgetExceeded:
            assert room < amount
            assert status.limit_microusd is not None
            return None
        assert room >= amount
        return hold

    @rule(target=holds, hold=consumes(holds), amount=amounts, provider=st.sampled_from([OPENAI, AZURE]))
    def top_up(self, hold: Hold | None, amount: int, provider: Scope) -> Hold | None:
        if hold is None:
            return None
        try:
            return self.budgets.top_up(hold, {SALES: amount, provider: amount})
        except BudgetExceeded:
            return hold

    @rule(hold=holds)
    def renew(self, hold: Hold | None) -> None:
        if hold is not None:
            try:
                self.budgets.renew(hold)
            except BudgetExceeded:
                assert hold.id not in {h.id for h in self.budgets.open_holds()}

    @rule(hold=holds, share=st.floats(0, 1), provider=st.sampled_from(["openai", "azure"]))
    def settle(self, hold: Hold | None, share: float, provider: str) -> None:
        if hold is not None:
            charged = self.budgets.settle(hold, bill(int(share * hold.amounts[SALES]), provider))
            assert self.budgets.settle(hold, bill(60)) == charged

    @rule(hold=consumes(holds))
    def release(self, hold: Hold | None) -> None:
        if hold is not None:
            self.budgets.release(hold)

    @rule(seconds=st.integers(0, 6))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @rule(limit=st.integers(100, 300))
    def raise_limit(self, limit: int) -> None:
        current = self.budgets.status(SALES).limit_microusd or 0
        self.budgets.set_limit(self.administrator, SALES, max(limit, current))

    @invariant()
    def the_budget_holds(self) -> None:
        status = self.budgets.status(SALES)
        with self.database.read() as connection:
            overdrafts = (
                connection.execute(sa.select(sa.func.sum(charges.c.overdraft_microusd))).scalar() or 0
            )
        assert status.limit_microusd is not None
        assert status.spent_microusd + status.held_microusd <= status.limit_microusd + overdrafts
        assert status.spent_microusd + status.held_microusd == _charged_and_held(self.database)

    def _room(self) -> int:
        status = self.budgets.status(SALES)
        assert status.limit_microusd is not None
        return status.limit_microusd - status.spent_microusd - status.held_microusd


def test_no_order_of_events_passes_a_budget(database: Database, administrator: Person) -> None:
    """Beyond the limit there is only what charges name as their overdraft."""

    class Machine(BudgetMachine):
        pass

    Machine.database, Machine.administrator = database, administrator
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
        ),
    )


def test_who_changed_a_budget_is_on_record(database: Database, clock: Clock, administrator: Person) -> None:
    """With the amount and the period; what was refused changed nothing."""
    journal = Journal(database, clock)
    budgets = Budgets(database, clock, journal.append_in)
    budgets.set_limit(administrator, OPENAI, 5 * DOLLAR, Period.DAY)
    budgets.set_limit(administrator, SALES, None)
    with pytest.raises(BadInput):
        budgets.set_limit(administrator, SALES, -1)
    removed, was_set = journal.search()
    assert (was_set.kind, was_set.outcome, was_set.provider) == ("budget", "set", "openai")
    assert (was_set.person_id, was_set.department) == (administrator.id, "people")
    assert was_set.data == {
        "scope": "provider",
        "id": "openai",
        "limit_microusd": 5 * DOLLAR,
        "period": "day",
    }
    assert (removed.outcome, removed.provider, removed.data["id"]) == ("removed", None, "sales")


def test_an_entry_that_cannot_be_written_leaves_the_budget_as_it_was(
    budgets: Budgets, database: Database, clock: Clock, administrator: Person
) -> None:
    """Both or neither."""

    def full_disk(*_: object) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        Budgets(database, clock, full_disk).set_limit(administrator, SALES, 5)
    assert budgets.status(SALES).limit_microusd == 100 * DOLLAR


def test_an_expired_hold_is_on_record_with_whose_it_was(
    database: Database, clock: Clock, administrator: Person
) -> None:
    """Under the trace of its question; once, however often holds are looked through."""
    journal = Journal(database, clock)
    budgets = Budgets(database, clock, journal.append_in)
    hold = take(budgets, 3 * DOLLAR, ttl_s=60)
    clock.advance(seconds=61)
    for _ in range(2):
        budgets.expire()
    [entry] = journal.search()
    assert (entry.kind, entry.outcome, entry.trace_id) == ("budget", "hold_expired", CALLER.trace_id)
    assert (entry.department, entry.person_id) == ("sales", 1)
    assert entry.data == {
        "hold": hold.id,
        "purpose": "answer",
        "amounts_microusd": [["department", "sales", 3 * DOLLAR], ["provider", "openai", 3 * DOLLAR]],
    }


def test_calls_of_one_moment_share_transactions_and_each_has_its_own_entry(
    database: Database, clock: Clock, administrator: Person
) -> None:
    """Sixteen calls at once: the sums are right, each hold names its own entry, the chain is whole."""
    journal = Journal(database, clock)
    budgets = Budgets(database, clock, journal.append_in)
    budgets.set_limit(administrator, SALES, 100 * DOLLAR)
    budgets.release(take(budgets, DOLLAR))
    callers, rounds, commits = 16, 4, []
    barrier = threading.Barrier(callers)

    def committed(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("answerdesk_write"):
            commits.append(connection)

    def call(number: int) -> None:
        for turn in range(rounds):
            caller = Caller("sales", number, f"t{number}-{turn}", "answer")
            records = [Record(caller.trace_id, kind) for kind in (Kind.REDACTION, Kind.MODEL_ATTEMPT)]
            barrier.wait()
            hold = budgets.hold({SALES: DOLLAR, OPENAI: DOLLAR}, 60, caller, *records)
            outcome = Record(caller.trace_id, Kind.MODEL_OUTCOME, closes=hold.entry)
            (charge,) = budgets.settle(hold, bill(DOLLAR // 4), records=[outcome])
            assert (charge.hold_id, charge.caller) == (hold.id, caller)
            entries = journal.trace(caller.trace_id)
            assert [entry.kind for entry in entries] == ["redaction", "model_attempt", "model_outcome"]
            assert entries[1].seq == hold.entry == entries[2].closes

    sa.event.listen(database.engine, "commit", committed)
    try:
        with ThreadPoolExecutor(callers) as pool:
            list(pool.map(call, range(callers)))
    finally:
        sa.event.remove(database.engine, "commit", committed)
    assert len(commits) < 2 * callers * rounds
    assert standing(budgets) == standing(budgets, OPENAI) == (callers * rounds * DOLLAR // 4, 0)
    assert budgets.open_holds() == []
    assert journal.verify().intact
    with database.read() as connection:
        day = connection.execute(sa.select(sa.func.sum(charge_days.c.calls), sa.func.count())).one()
    assert tuple(map(int, day)) == (callers * rounds, callers)


def test_one_call_without_room_does_not_keep_the_others_of_its_moment_from_theirs(
    budgets: Budgets, administrator: Person
) -> None:
    """The first of them that do not fit are refused, whoever they came with."""
    budgets.set_limit(administrator, SALES, 10 * DOLLAR)
    barrier = threading.Barrier(8)

    def call(number: int) -> bool:
        barrier.wait()
        try:
            take(budgets, 20 * DOLLAR if number == 0 else DOLLAR)
        except BudgetExceeded:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(8))) == [False, *[True] * 7]
    assert standing(budgets) == (0, 7 * DOLLAR)
