"""What is spent, and who may see it, on SQLite and PostgreSQL."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits.strategies import MovingWindowRateLimiter

from core.answering.answer import Answer, Outcome
from core.database import Database
from core.errors import BadInput, NotAllowed
from core.gateway.budgets import Budgets
from core.gateway.charges import Caller, Spent, write_charges
from core.gateway.local_counters import LocalCounters
from core.gateway.money import Period, Scope, ScopeKind
from core.identity import Identity
from core.journal.entries import Kind, Record
from core.journal.journal import Journal
from core.reports import frames
from core.reports.export import csv_of, jsonl_of
from core.reports.outlook import FORECAST, SPENT
from core.reports.periods import Choice, Span
from core.reports.spending import MOST_MICROUSD, Spending
from core.semantic_cache.entries import Entry
from core.semantic_cache.ledger import Ledger
from core.types import Person, Role
from tests.conftest import add_departments, add_person
from tests.fakes import Clock

DOLLAR = 1_000_000
PEOPLE, SALES, OPENAI = Scope.department("people"), Scope.department("sales"), Scope.provider("openai")


class Company:
    """Two departments, their people, and a way to spend."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.identity = Identity(
            database, clock, MovingWindowRateLimiter(LocalCounters()), 3, timedelta(days=1)
        )
        add_departments(self.identity)
        self.administrator = add_person(self.identity, "ada", "people", Role.ADMINISTRATOR)
        self.manager = add_person(self.identity, "max", "sales", Role.MANAGER)
        self.seller = add_person(self.identity, "rosa", "sales")
        self.journal = Journal(database, clock)
        self.budgets = Budgets(database, clock, self.journal.append_in)
        self.clock, self.database = clock, database
        self.spending = Spending(database, self.budgets, clock, lambda: ["openai"])

    def spend(
        self,
        cost: int,
        department: str = "sales",
        person: Person | None = None,
        provider: str = "openai",
        demonstration: bool = False,
    ) -> None:
        caller = Caller(department, person and person.id, "t", "answer", demonstration)
        hold = self.budgets.hold(
            {Scope.department(department): cost, Scope.provider(provider): cost}, 60, caller
        )
        self.budgets.settle(hold, Spent(f"{provider}-model", provider, f"{provider}-1", 100, 50, cost))

    def spend_on(self, day: date, cost: int, **who: object) -> None:
        now, self.clock.now = self.clock.now, datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        self.spend(cost, **who)  # type: ignore[arg-type]
        self.clock.now = now

    def cached(self, saved: int, ms: int, department: str = "sales") -> None:
        spent = Spent("openai-model", "openai", "openai-1", 0, 0, 0, True, saved, ms)
        self.budgets.record_cached(Caller(department, self.seller.id, "t", "answer"), spent)

    def refused(self, department: str, scope: str, **data: object) -> None:
        self.journal.append(
            Record("t", Kind.BUDGET, department, 1, "openai", "m", "refused", data={"scope": scope, **data})
        )


def spared(cost_microusd: int, tokens: int, took_ms: int) -> Entry:
    """A remembered answer that had cost so much."""
    answer = Answer(Outcome.ANSWERED, "Five days.", (), "How many days?", 0.9)
    at = datetime(2026, 10, 1, tzinfo=UTC)
    vector = np.zeros(3, np.float32)
    spent = (cost_microusd, tokens, took_ms)
    return Entry(1, "k", answer.question, vector, answer, (), at, False, 0.5, 0, *spent, "people", 0)


@pytest.fixture
def company(database: Database, clock: Clock) -> Company:
    return Company(database, clock)


def test_an_administrator_sees_all_departments_and_a_manager_their_own(company: Company) -> None:
    company.spend(3 * DOLLAR, "sales")
    company.spend(5 * DOLLAR, "people")

    everything = company.spending.report(company.administrator, Choice.THIS_MONTH)
    own = company.spending.report(company.manager, Choice.THIS_MONTH)

    assert everything.totals.cost_microusd == 8 * DOLLAR
    assert set(everything.daily["department"]) == {"People", "Sales"}
    assert own.totals.cost_microusd == 3 * DOLLAR
    assert set(own.daily["department_id"]) == {"sales"}
    assert own.by_model["cost_microusd"].sum() == 3 * DOLLAR


@pytest.mark.parametrize("role", [Role.EMPLOYEE, Role.OWNER, Role.REVIEWER, Role.AUDITOR])
def test_nobody_else_sees_anything(company: Company, role: Role) -> None:
    person = add_person(company.identity, "noor", "people", role)

    for ask in (
        lambda: company.spending.report(person, Choice.TODAY),
        lambda: company.spending.outlooks(person),
        lambda: company.spending.open_holds(person),
        lambda: company.spending.budget_scopes(person),
        lambda: company.spending.budget(person, SALES),
        lambda: company.spending.set_budget(person, SALES, 1, Period.MONTH),
    ):
        with pytest.raises(NotAllowed):
            ask()


def test_people_are_named_for_the_readers_own_department_only(company: Company) -> None:
    company.spend(2 * DOLLAR, person=company.seller)
    company.spend(1 * DOLLAR, person=company.manager)
    company.spend(4 * DOLLAR, "people", person=company.administrator)
    company.spend(DOLLAR)

    own = company.spending.report(company.manager, Choice.TODAY).by_person
    other = company.spending.report(company.administrator, Choice.TODAY).by_person

    assert dict(zip(own["person"], own["cost_microusd"], strict=True)) == {
        "Rosa": 2 * DOLLAR,
        "Max": DOLLAR,
        frames.BACKGROUND: DOLLAR,
    }
    assert list(other["person"]) == ["Ada"], "also an administrator sees people of their own department only"


def test_who_has_moved_to_another_department_is_not_named_and_the_sum_still_fits(company: Company) -> None:
    mover = add_person(company.identity, "mo", "sales")
    company.spend(2 * DOLLAR, person=mover)
    company.spend(1 * DOLLAR, person=company.seller)
    add_person(company.identity, "mo", "people")

    found = company.spending.report(company.manager, Choice.TODAY).by_person

    assert list(found["person"]) == [frames.ELSEWHERE, "Rosa"]
    assert list(found["person_id"]) == [frames.NOT_NAMED, company.seller.id]


def test_two_people_of_one_name_are_told_apart_by_their_addresses(company: Company) -> None:
    from core.identity import NewPerson

    twin = company.identity.put_person(NewPerson("rosa.two@fennwick.example", "Rosa", "sales", frozenset()))
    company.spend(DOLLAR, person=company.seller)
    company.spend(DOLLAR, person=twin)

    found = company.spending.report(company.manager, Choice.TODAY).by_person
    assert list(found["person"]) == ["Rosa (rosa.two@fennwick.example)", "Rosa (rosa@fennwick.example)"]
    first = frames.dearest(found, "person", 1)
    assert list(first["person"]) == ["Rosa (rosa.two@fennwick.example)"]


def test_every_frame_sums_up_to_the_totals(company: Company) -> None:
    company.spend(3 * DOLLAR, person=company.seller)
    company.spend(7, "people", provider="azure")
    company.cached(40_000, 1_500)

    report = company.spending.report(company.administrator, Choice.LAST_7_DAYS)

    for frame in (report.daily, report.by_model):
        assert frame["cost_microusd"].sum() == report.totals.cost_microusd == 3 * DOLLAR + 7
        assert frame["calls"].sum() == report.totals.calls == 3
        assert frame["cached_calls"].sum() == report.totals.cached_calls == 1
        assert frame["saved_microusd"].sum() == report.totals.saved_microusd == 40_000
        assert frame["saved_ms"].sum() == report.totals.saved_ms == 1_500
        assert frame["cost_usd"].sum() == pytest.approx(3.000007)
    assert report.totals.tokens == 300
    assert list(report.by_model["provider"]) == ["openai", "azure"], "the dearest first"


def test_a_day_reads_across_its_departments_with_its_sum_and_what_is_made_up(company: Company) -> None:
    company.spend(DOLLAR)
    company.spend(2 * DOLLAR, "people")
    company.spend_on(date(2026, 11, 23), 4 * DOLLAR, demonstration=True)

    days = frames.days_across(company.spending.report(company.administrator, Choice.TODAY).daily, "cost_usd")
    assert list(days.columns) == ["day", "total_usd", "People", "Sales"], "nothing made up: no column of it"

    daily = company.spending.report(company.administrator, Choice.LAST_7_DAYS).daily
    days = frames.days_across(daily, "cost_usd")
    assert days.drop(columns="day").to_dict("list") == {
        "total_usd": [3.0, 4.0],
        "People": [2.0, 0.0],
        "Sales": [1.0, 4.0],
        "made_up_usd": [0.0, 4.0],
    }
    assert list(days["day"].dt.day) == [24, 23], "the newest first"


def test_the_ledger_of_the_cache_is_read_by_the_day_and_for_administrators(company: Company) -> None:
    ledger = Ledger(company.database, company.clock)
    company.clock.now = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    ledger.count("hit exact", spared(1, 2, 3))
    company.clock.now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    for outcome in ("miss no like", "miss nothing near", "shadow agreed"):
        ledger.count(outcome)
    company.clock.now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    ledger.count("hit exact", spared(400, 1_000, 2_500))
    ledger.count("hit meaning", spared(600, 500, 1_500))
    ledger.count("false hit")

    found = company.spending.cache(company.administrator, Choice.THIS_MONTH)

    assert (found.hits, found.misses, found.hit_rate) == (2, 2, 0.5)
    assert (found.saved_microusd, found.saved_tokens, found.saved_ms) == (1_000, 1_500, 4_000)
    by_day = found.days[["hits_exact", "hits_meaning", "hits", "misses", "saved_tokens"]]
    assert by_day.values.tolist() == [[0, 0, 0, 2, 0], [1, 1, 2, 0, 1_500]]
    assert list(found.days["saved_usd"]) == [0, pytest.approx(0.001)]
    october = company.spending.cache(company.administrator, Choice.LAST_MONTH)
    assert (october.hits, october.misses, october.hit_rate) == (1, 0, 1.0)
    with pytest.raises(NotAllowed):
        company.spending.cache(company.manager, Choice.THIS_MONTH)


def test_a_cache_that_was_never_asked_has_an_empty_ledger(company: Company) -> None:
    found = company.spending.cache(company.administrator, Choice.TODAY)
    assert (found.asked, found.hit_rate, len(found.days)) == (0, 0.0, 0)
    assert csv_of(found.days).count(b"\r\n") == 1


def test_demonstration_is_marked_and_can_be_left_out(company: Company) -> None:
    company.spend(DOLLAR)
    assert not company.spending.report(company.manager, Choice.TODAY).has_demonstration
    company.spend(9 * DOLLAR, demonstration=True)
    company.refused("sales", "department")
    company.refused("sales", "department", demonstration=True)

    both = company.spending.report(company.manager, Choice.TODAY)
    real = company.spending.report(company.manager, Choice.TODAY, demonstration=False)

    assert both.has_demonstration and real.has_demonstration
    assert (both.totals.cost_microusd, both.totals.demonstration_calls) == (10 * DOLLAR, 1)
    assert both.daily.set_index("demonstration")["cost_microusd"].to_dict() == {
        False: DOLLAR,
        True: 9 * DOLLAR,
    }
    assert (real.totals.cost_microusd, real.totals.demonstration_calls) == (DOLLAR, 0)
    assert not real.daily["demonstration"].any()
    assert both.totals.refusals == real.totals.refusals == 1, "no budget refuses what takes nothing from it"


def test_refusals_say_whose_budget_it_was_and_managers_see_their_own(company: Company) -> None:
    company.refused("sales", "department")
    company.refused("sales", "department")
    company.refused("sales", "provider")
    company.refused("people", "department")
    company.spending.set_budget(company.administrator, SALES, DOLLAR, Period.MONTH)

    own = company.spending.report(company.manager, Choice.TODAY).refusals
    everything = company.spending.report(company.administrator, Choice.TODAY).refusals

    assert own[["department", "budget", "refusals"]].values.tolist() == [
        ["Sales", "The department", 2],
        ["Sales", "The provider openai", 1],
    ]
    assert everything["refusals"].sum() == 4, "setting a budget is no refusal"


def test_an_empty_company_has_empty_frames_and_no_charges(company: Company) -> None:
    report = company.spending.report(company.administrator, Choice.LAST_90_DAYS)

    assert report.totals.calls == report.totals.refusals == 0
    assert not report.has_charges and not report.has_demonstration
    for frame in (report.daily, report.by_model, report.by_person, report.refusals):
        assert frame.empty and len(frame.columns) >= 3
        assert csv_of(frame).count(b"\r\n") == 1 and jsonl_of(frame).strip() == b""
    assert company.spending.outlooks(company.administrator) == []
    assert company.spending.open_holds(company.administrator).empty


def test_a_period_holds_its_days_and_no_others(company: Company) -> None:
    today = company.clock.now.date()
    company.spend_on(date(2026, 11, 1), 1)
    company.spend_on(date(2026, 10, 31), 10)
    company.spend_on(today, 100)
    company.spend_on(date(2026, 9, 30), 1_000)

    def spent(choice: Choice) -> int:
        return company.spending.report(company.manager, choice).totals.cost_microusd

    assert {choice: spent(choice) for choice in Choice} == {
        Choice.THIS_MONTH: 101,
        Choice.LAST_MONTH: 10,
        Choice.TODAY: 100,
        Choice.LAST_7_DAYS: 100,
        Choice.LAST_30_DAYS: 111,
        Choice.LAST_90_DAYS: 1_111,
    }


@given(st.dates(date(2000, 1, 2), date(2100, 1, 1)))
def test_the_last_month_ends_where_this_one_begins(today: date) -> None:
    last, this = Span.of(Choice.LAST_MONTH, today), Span.of(Choice.THIS_MONTH, today)

    assert last.last + timedelta(days=1) == this.first <= today == this.last
    assert last.first.day == this.first.day == 1 and 28 <= (last.last - last.first).days + 1 <= 31


def test_a_forecast_goes_on_at_the_pace_so_far(company: Company) -> None:
    """23.375 of 30 days have passed at 9:00 of the 24th."""
    company.spending.set_budget(company.administrator, SALES, 100 * DOLLAR, Period.MONTH)
    company.spend_on(date(2026, 11, 2), 30 * DOLLAR)
    company.spend_on(date(2026, 11, 23), 55 * DOLLAR)

    [found] = company.spending.outlooks(company.manager)

    assert found.forecast_microusd == round(85 * DOLLAR * 30 / 23.375)
    assert (found.share, found.warns, found.will_pass) == (0.85, True, True)
    assert found.standing == (
        "$85.00 of $100.00 spent, $0.00 held for questions that are being answered. "
        "The budget turns on 1 Dec 2026."
    )
    assert found.heading == "At the pace so far, November ends at $109.09."
    spent = found.burn[found.burn["line"] == SPENT]
    assert list(spent["spent_microusd"]) == [0, 30 * DOLLAR, 85 * DOLLAR, 85 * DOLLAR]
    ahead = found.burn[found.burn["line"] == FORECAST]
    assert list(ahead["at"]) == [pd.Timestamp(company.clock.now), pd.Timestamp("2026-12-01", tz="UTC")]


def test_a_budget_of_a_day_is_followed_by_the_hour(company: Company) -> None:
    company.spending.set_budget(company.administrator, OPENAI, 10 * DOLLAR, Period.DAY)
    company.spend_on(date(2026, 11, 23), 5 * DOLLAR)
    company.clock.now = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
    company.spend(DOLLAR)
    company.clock.now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    company.spend(3 * DOLLAR, provider="openai")

    [found] = company.spending.outlooks(company.administrator)

    assert (found.status.spent_microusd, found.forecast_microusd) == (4 * DOLLAR, 8 * DOLLAR)
    assert [
        (at.hour, spent) for at, spent in zip(found.burn["at"], found.burn["spent_microusd"], strict=True)
    ] == [
        (0, 0),
        (7, DOLLAR),
        (12, 4 * DOLLAR),
        (12, 4 * DOLLAR),
        (0, 8 * DOLLAR),
    ]


def test_at_the_beginning_of_a_period_there_is_no_forecast(company: Company) -> None:
    company.spending.set_budget(company.administrator, SALES, DOLLAR, Period.MONTH)
    company.clock.now = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
    [found] = company.spending.outlooks(company.manager)
    assert found.forecast_microusd is None and "too early" in found.heading and not found.will_pass
    company.clock.advance(minutes=1)
    [found] = company.spending.outlooks(company.manager)
    assert found.forecast_microusd == 0


@pytest.mark.parametrize("period", list(Period))
def test_a_budgets_state_share_and_forecast_are_without_demonstration(
    company: Company, period: Period
) -> None:
    company.spend(3 * DOLLAR)
    company.spending.set_budget(company.administrator, SALES, 10 * DOLLAR, period)
    [before] = company.spending.outlooks(company.manager)
    made_up, now = Caller("sales", 1, "t", "answer", True), company.clock.now
    spent = Spent("m", "openai", "d", 1, 1, 600 * DOLLAR)
    with company.database.write() as connection:
        write_charges(connection, "demo1", now, now.date(), made_up, [spent])

    [found] = company.spending.outlooks(company.manager)
    assert (found.share, found.warns) == (0.3, False)
    assert found.forecast_microusd == before.forecast_microusd
    assert found.burn.equals(before.burn) and found.standing.startswith("$3.00 of $10.00 spent")
    assert found.status == company.budgets.status(SALES), "as the gateway counts it"


def test_a_budget_of_nothing_is_used_up_by_nothing_but_demonstration(company: Company) -> None:
    made_up, now = Caller("sales", 1, "t", "answer", True), company.clock.now
    with company.database.write() as connection:
        spent = Spent("m", "openai", "d", 1, 1, 6 * DOLLAR)
        write_charges(connection, "demo1", now, now.date(), made_up, [spent])
    company.spending.set_budget(company.administrator, SALES, 0, Period.MONTH)

    [found] = company.spending.outlooks(company.manager)
    assert found.share == 1.0 and found.forecast_microusd == 0 and not found.will_pass
    assert (
        "$0.00 of $0.00 spent" in found.standing and "Only what costs nothing is answered." in found.standing
    )


def test_one_model_has_one_name_however_it_was_charged(company: Company) -> None:
    """A call is charged under the deployment's name, what the cache gave under the model's own."""
    caller, now = Caller("sales", 1, "t", "answer"), company.clock.now
    pairs = [
        ("answerdesk/embedded", "embedded"),
        ("embedded", "embedded"),
        ("azure/gpt-4o-mini", "azure"),
        ("gpt-4o-mini", "azure"),
        ("gpt-4o-mini", "openai"),
    ]
    items = [Spent(model, provider, "d", 1, 1, 1) for model, provider in pairs]
    with company.database.write() as connection:
        write_charges(connection, "h", now, now.date(), caller, items)

    found = company.spending.report(company.manager, Choice.TODAY).by_model
    assert dict(zip(found["name"], found["calls"], strict=True)) == {
        "azure: gpt-4o-mini": 2,
        "embedded": 2,
        "openai: gpt-4o-mini": 1,
    }


def test_managers_see_their_own_budget_and_no_providers(company: Company) -> None:
    for scope in (SALES, PEOPLE, OPENAI):
        company.spending.set_budget(company.administrator, scope, DOLLAR, Period.MONTH)

    assert [item.status.scope for item in company.spending.outlooks(company.manager)] == [SALES]
    assert len(company.spending.outlooks(company.administrator)) == 3


def test_open_holds_are_seen_by_whose_they_are(company: Company) -> None:
    company.budgets.hold({SALES: 3 * DOLLAR, OPENAI: DOLLAR}, 60, Caller("sales", 1, "t", "answer"))
    company.budgets.hold({PEOPLE: DOLLAR}, 60, Caller("people", 1, "t", "answer"))

    own = company.spending.open_holds(company.manager)
    assert own[["department", "held_microusd", "held_usd"]].values.tolist() == [["Sales", 3 * DOLLAR, 3.0]]
    assert own["expires_at"][0] - own["taken_at"][0] == timedelta(seconds=60)
    assert len(company.spending.open_holds(company.administrator)) == 2


def test_a_budget_is_set_and_removed_on_record(company: Company) -> None:
    company.spending.set_budget(company.administrator, SALES, 5 * DOLLAR, Period.DAY)
    company.spending.set_budget(company.administrator, SALES, None, Period.DAY)

    removed, was_set = company.journal.search()
    assert (was_set.kind, was_set.outcome, was_set.person_id) == ("budget", "set", company.administrator.id)
    assert was_set.data == {
        "scope": "department",
        "id": "sales",
        "limit_microusd": 5 * DOLLAR,
        "period": "day",
    }
    assert removed.outcome == "removed"
    assert company.spending.outlooks(company.administrator) == []


def test_a_budget_is_for_something_that_there_is(company: Company) -> None:
    company.spend(1, provider="azure")
    scopes = company.spending.budget_scopes(company.administrator)
    assert scopes == {ScopeKind.DEPARTMENT: ["people", "sales"], ScopeKind.PROVIDER: ["azure", "openai"]}
    for scope, amount in ((Scope.department("moon"), 1), (SALES, -1), (SALES, MOST_MICROUSD + 1)):
        with pytest.raises(BadInput):
            company.spending.set_budget(company.administrator, scope, amount, Period.MONTH)
    assert company.journal.search() == []


def test_exports_hold_every_row_and_no_formula(company: Company) -> None:
    from core.identity import NewPerson

    odd = company.identity.put_person(NewPerson("odd@fennwick.example", "=1+1", "sales", frozenset()))
    company.spend(2 * DOLLAR, person=odd)
    company.spend(1, person=company.seller)
    report = company.spending.report(company.manager, Choice.TODAY)

    people = pd.read_csv(io.BytesIO(csv_of(report.by_person)))
    assert list(people["person"]) == ["'=1+1", "Rosa"] and list(people["cost_microusd"]) == [2 * DOLLAR, 1]
    [day] = [json.loads(line) for line in jsonl_of(report.daily).splitlines()]
    assert day["day"].startswith("2026-11-24") and day["cost_microusd"] == 2 * DOLLAR + 1
    assert b"2026-11-24,Sales" in csv_of(report.daily)
