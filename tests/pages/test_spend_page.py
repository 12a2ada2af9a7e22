"""Spend: what a manager and an administrator see and do, and that nobody else does."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import pages
from core.bootstrap import Desk
from core.gateway.charges import Caller, Spent, write_charges
from core.gateway.money import Period, Scope
from core.journal.entries import Kind, Record
from core.journal.search import Filters
from core.reports.periods import Choice
from core.tables import cache_counts
from core.types import Person, Role
from pages.parts.palette import department_colours
from pages.parts.session import TOKEN_KEY
from tests.conftest import add_person
from tests.fakes import Clock
from tests.pages.conftest import all_text

OpenApp = Callable[..., AppTest]
Spend = Callable[..., None]
SPEND = "pages/spend.py"
CHART, TABLE = "vega_lite_chart", "dataframe"
DOLLAR = 1_000_000
SALES, OPENAI = Scope.department("sales"), Scope.provider("openai")


@pytest.fixture
def administrator(desk: Desk) -> Person:
    return add_person(desk.identity, "sanne", "people", Role.ADMINISTRATOR)


@pytest.fixture
def manager(desk: Desk) -> Person:
    return add_person(desk.identity, "max", "sales", Role.MANAGER)


@pytest.fixture
def spend(desk: Desk, clock: Clock) -> Spend:
    """Charges a question, some days ago."""

    def charge(cost: int, person: Person, days_ago: int = 0, demonstration: bool = False) -> None:
        now, clock.now = clock.now, clock.now - timedelta(days=days_ago)
        budgets = desk.gateway.budgets
        caller = Caller(person.department, person.id, "t", "answer", demonstration)
        hold = budgets.hold({Scope.department(person.department): cost, OPENAI: cost}, 60, caller)
        budgets.settle(hold, Spent("gpt-4o-mini", "openai", "openai-1", 900, 100, cost))
        clock.now = now

    return charge


def metrics(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def specs(at: AppTest) -> list[dict[str, Any]]:
    """The specification of each chart, in the order of the page."""
    return [json.loads(element.proto.spec) for element in at.get(CHART)]


def progress(at: AppTest) -> list[str]:
    return [element.proto.text for element in at.get("progress")]


def departments_in(at: AppTest) -> set[str]:
    """Every department that a table of the page names."""
    named = {"People", "Sales"}
    tables = [frame.value for frame in at.dataframe]
    inside = {str(value) for table in tables for name in table.columns for value in table[name]}
    return named & (inside | {str(name) for table in tables for name in table.columns})


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.MANAGER, Role.ADMINISTRATOR)])
def test_nobody_but_managers_and_administrators_sees_the_page(
    open_app: OpenApp, desk: Desk, role: Role, spend: Spend
) -> None:
    """Also when the file is run without the navigation that does not offer it."""
    person = add_person(desk.identity, "somebody", "people", role)
    spend(3 * DOLLAR, person)
    at = AppTest.from_file(str(pages.ASSETS.parent / "spend.py"), default_timeout=30)
    at.session_state[TOKEN_KEY] = desk.identity.redeem(desk.identity.open_session(person))
    at.run()

    assert "for managers and administrators" in at.info[0].value
    assert not at.title and not at.metric and not at.dataframe and not at.button
    assert not open_app(person).exception


def test_a_company_without_charges_is_told_so_and_by_whom_a_budget_is_set(
    open_app: OpenApp, manager: Person, administrator: Person
) -> None:
    at = open_app(manager, SPEND)
    text = all_text(at)
    assert "There are no charges yet." in text and "An administrator can set one." in text
    assert "No money is held" in text and "No question was refused" in text
    assert not at.metric and not at.dataframe and not at.get(CHART)
    assert not at.get("download_button")

    text = all_text(open_app(administrator, SPEND))
    assert "You can set one at the end of this page." in text and "The cache was not asked" in text


def test_a_manager_sees_their_own_department_and_its_people_alone(
    open_app: OpenApp, desk: Desk, manager: Person, administrator: Person, spend: Spend
) -> None:
    rosa = add_person(desk.identity, "rosa", "sales")
    spend(3 * DOLLAR, rosa)
    spend(5 * DOLLAR, administrator)
    for scope in (SALES, Scope.department("people"), OPENAI):
        desk.spending.set_budget(administrator, scope, 10 * DOLLAR, Period.MONTH)

    at = open_app(manager, SPEND)
    text = all_text(at)
    assert metrics(at)["Spent"] == "$3.00"
    assert departments_in(at) == {"Sales"}
    assert "The Sales department" in text and "The People department" not in text
    assert "The provider openai" not in text, "it would tell what others spend"
    everything = "\n".join(frame.value.to_string() for frame in at.dataframe)
    assert "Rosa" in everything and "Sanne" not in everything
    assert "Set a budget" not in text and "What the cache answered" not in text
    with pytest.raises(KeyError):
        at.button(key="set-budget-now")


def test_an_administrator_sees_all_departments_but_names_people_of_their_own(
    open_app: OpenApp, desk: Desk, manager: Person, administrator: Person, spend: Spend
) -> None:
    spend(3 * DOLLAR, manager)
    spend(5 * DOLLAR, administrator)

    at = open_app(administrator, SPEND)
    assert metrics(at)["Spent"] == "$8.00" and metrics(at)["Calls"] == "2"
    assert departments_in(at) == {"People", "Sales"}
    everything = "\n".join(frame.value.to_string() for frame in at.dataframe)
    assert "Sanne" in everything and "Max" not in everything


def test_every_chart_has_a_table_below_it_and_departments_keep_their_colours(
    open_app: OpenApp, desk: Desk, administrator: Person, manager: Person, spend: Spend
) -> None:
    spend(DOLLAR, manager)
    spend(DOLLAR, administrator)
    desk.gateway.budgets.record_cached(
        Caller("sales", manager.id, "t", "answer"), Spent("m", "openai", "d", 0, 0, 0, True, 900, 1_500)
    )
    desk.spending.set_budget(administrator, SALES, 10 * DOLLAR, Period.MONTH)

    at = open_app(administrator, SPEND)
    kinds = [element.type for element in at.main]
    places = [place for place, kind in enumerate(kinds) if kind == CHART]
    assert len(places) == 5, "burn line, day, model, person, savings"
    assert all(kinds[place + 1] == TABLE for place in places)

    colours = department_colours(["people", "sales"])
    stacks = [spec for spec in specs(at) if "department" in json.dumps(spec)]
    assert len(stacks) == 2
    for spec in stacks:
        scale = spec["encoding"]["color"]["scale"]
        given = dict(zip(scale["domain"], scale["range"], strict=True))
        assert given.items() <= {"People": colours["people"], "Sales": colours["sales"]}.items()
    burn = next(spec for spec in specs(at) if "strokeDash" in json.dumps(spec))
    assert colours["sales"] in json.dumps(burn) and colours["people"] not in json.dumps(burn)


def test_a_period_is_chosen(open_app: OpenApp, manager: Person, spend: Spend) -> None:
    """It is the 24th."""
    spend(1 * DOLLAR, manager)
    spend(2 * DOLLAR, manager, days_ago=5)
    spend(4 * DOLLAR, manager, days_ago=26)

    at = open_app(manager, SPEND)
    seen = {}
    for choice in Choice:
        at.selectbox(key="period").select(choice).run()
        assert not at.exception
        seen[choice] = metrics(at)["Spent"]
    assert seen == {
        Choice.THIS_MONTH: "$3.00",
        Choice.LAST_MONTH: "$4.00",
        Choice.TODAY: "$1.00",
        Choice.LAST_7_DAYS: "$3.00",
        Choice.LAST_30_DAYS: "$7.00",
        Choice.LAST_90_DAYS: "$7.00",
    }


def test_a_period_without_questions_says_so(open_app: OpenApp, manager: Person, spend: Spend) -> None:
    spend(4 * DOLLAR, manager, days_ago=26)
    at = open_app(manager, SPEND)
    assert "Nothing was asked in this period." in all_text(at)
    assert metrics(at)["Spent"] == "$0.00" and not at.get(CHART)


def test_demonstration_is_marked_and_can_be_left_out(
    open_app: OpenApp, manager: Person, spend: Spend
) -> None:
    spend(1 * DOLLAR, manager)
    with pytest.raises(KeyError):
        open_app(manager, SPEND).toggle(key="demonstration")
    spend(6 * DOLLAR, manager, demonstration=True)

    at = open_app(manager, SPEND)
    assert metrics(at)["Spent"] == "$7.00"
    assert "1 of 2 calls are made up" in all_text(at)
    at.toggle(key="demonstration").set_value(False).run()
    assert metrics(at)["Spent"] == "$1.00" and "made up" not in all_text(at)


def test_demonstration_uses_up_no_budget(
    open_app: OpenApp, desk: Desk, administrator: Person, manager: Person, spend: Spend
) -> None:
    """Its charges lie in the charges alone, as `make demo-traffic` writes them."""
    now = desk.audit.now()
    made_up = Caller("sales", manager.id, "t", "answer", True)
    spent = Spent("gpt-4o-mini", "openai", "d", 900, 100, 6 * DOLLAR)
    with desk.database.write() as connection:
        write_charges(connection, "demo1", now, now.date(), made_up, [spent])
    desk.spending.set_budget(administrator, SALES, DOLLAR, Period.MONTH)
    desk.spending.set_budget(administrator, OPENAI, 0, Period.MONTH)

    at = open_app(administrator, SPEND)
    text = all_text(at)
    assert metrics(at)["Spent"] == "$6.00" and metrics(at)["Refused by a budget"] == "0"
    assert progress(at) == ["No money may be spent", "0 % of the budget of this month"]
    assert "$0.00 of $1.00 spent" in text and "on course" in text and "used up" not in text
    assert "$0.00 of $0.00 spent" in text and "Only what costs nothing is answered." in text
    assert "no money" in text and "November ends at $0.00." in text
    assert "Demonstration charges take nothing from a budget" in text
    at.toggle(key="demonstration").set_value(False).run()
    assert "$0.00 of $1.00 spent" in all_text(at) and "take nothing from a budget" not in all_text(at)


def test_charts_have_what_vega_draws_without_a_warning(
    open_app: OpenApp, desk: Desk, administrator: Person, spend: Spend
) -> None:
    """A height in steps cannot be fitted, and what has no order cannot order."""
    spend(DOLLAR, administrator)
    desk.gateway.budgets.record_cached(
        Caller("people", None, "t", "answer"), Spent("m", "openai", "d", 0, 0, 0, True, 900, 1_500)
    )
    desk.spending.set_budget(administrator, Scope.department("people"), 10 * DOLLAR, Period.MONTH)
    found = specs(open_app(administrator, SPEND))

    assert len(found) == 5 and all(isinstance(spec["height"], int) for spec in found)
    orders = [spec["encoding"]["order"] for spec in found if "order" in spec.get("encoding", {})]
    assert orders and all(order["type"] != "nominal" for order in orders)


def test_an_administrator_sets_a_budget_and_takes_it_away_after_one_question(
    open_app: OpenApp, desk: Desk, administrator: Person, manager: Person, spend: Spend
) -> None:
    spend(9 * DOLLAR, manager)
    at = open_app(administrator, SPEND)
    at.selectbox(key="budget-department").select("sales").run()
    at.number_input(key="budget-amount-department-sales").set_value(10.0)
    at.button(key="set-budget-now").click().run()

    text = all_text(at)
    assert "The Sales department may spend $10.00 each month." in text
    assert "$9.00 of $10.00 spent" in text and "over 80 %" in text
    [status] = [found.status for found in desk.spending.outlooks(administrator)]
    assert (status.scope, status.limit_microusd) == (SALES, 10 * DOLLAR)

    at.selectbox(key="budget-department").select("sales").run()
    at.button(key="remove-budget").click().run()
    assert "may then spend without a limit" in all_text(at)
    assert len(desk.spending.outlooks(administrator)) == 1, "it asks first"
    at.button(key="confirm-removal").click().run()
    assert desk.spending.outlooks(administrator) == []
    acts = [entry.outcome for entry in desk.journal.search(Filters(kinds=(Kind.BUDGET,)))]
    assert acts == ["removed", "set"]


def test_a_budget_of_a_provider_is_set_for_each_day(
    open_app: OpenApp, desk: Desk, administrator: Person, manager: Person, spend: Spend
) -> None:
    spend(DOLLAR, manager)
    at = open_app(administrator, SPEND)
    at.segmented_control(key="budget-kind").set_value("A provider").run()
    at.selectbox(key="budget-provider").select("openai").run()
    at.number_input(key="budget-amount-provider-openai").set_value(2.0)
    at.segmented_control(key="budget-period-provider-openai").set_value("Each day")
    at.button(key="set-budget-now").click().run()

    [status] = [found.status for found in desk.spending.outlooks(administrator)]
    assert (status.scope, status.limit_microusd, status.period) == (OPENAI, 2 * DOLLAR, Period.DAY)
    assert "50 % of the budget of this day" in progress(at)


def test_open_holds_are_listed_for_those_whose_they_are(
    open_app: OpenApp, desk: Desk, manager: Person, administrator: Person
) -> None:
    budgets = desk.gateway.budgets
    budgets.hold({SALES: 30_000}, 600, Caller("sales", manager.id, "t", "answer"))
    budgets.hold({Scope.department("people"): 40_000}, 600, Caller("people", administrator.id, "t", "answer"))

    own, everything = open_app(manager, SPEND), open_app(administrator, SPEND)
    assert "1 hold: money set aside" in all_text(own) and "2 holds: money" in all_text(everything)
    [held] = [frame.value for frame in own.dataframe]
    assert held[["department", "held_usd"]].values.tolist() == [["Sales", 0.03]]


def test_refusals_say_whose_budget_had_no_room(open_app: OpenApp, desk: Desk, manager: Person) -> None:
    for scope, provider in (("department", "openai"), ("provider", "azure")):
        desk.journal.append(
            Record("t", Kind.BUDGET, "sales", 1, provider, "m", "refused", data={"scope": scope})
        )
    [refused] = [frame.value for frame in open_app(manager, SPEND).dataframe]
    assert set(refused["budget"]) == {"The department", "The provider azure"}


def test_what_the_cache_answered_is_shown_with_what_it_saved(
    open_app: OpenApp, desk: Desk, administrator: Person
) -> None:
    day = desk.spending.report(administrator, Choice.TODAY).span.last
    rows = [
        ("hit exact", 2, 3_000, 4_000, 5_000),
        ("hit meaning", 1, 500, 0, 0),
        ("miss no like", 1, 0, 0, 0),
    ]
    names = ("outcome", "count", "saved_microusd", "saved_tokens", "saved_ms")
    with desk.database.write() as connection:
        for row in rows:
            connection.execute(cache_counts.insert(), {"day": day, **dict(zip(names, row, strict=True))})

    at = open_app(administrator, SPEND)
    assert metrics(at) == {
        "From the cache": "3",
        "Tokens saved": "4,000",
        "Money saved": "$0.0035",
        "Time saved": "5.0 s",
    }
    assert "4 questions of the whole company" in all_text(at)
    [days] = [frame.value for frame in at.dataframe]
    assert days[["hits", "misses", "saved_ms"]].values.tolist() == [[3, 1, 5_000]]


def test_every_section_can_be_taken_along_as_csv_and_jsonl(
    open_app: OpenApp, manager: Person, spend: Spend
) -> None:
    spend(DOLLAR, manager)
    at = open_app(manager, SPEND)
    buttons = [element.proto for element in at.get("download_button")]
    assert [button.label for button in buttons] == ["CSV", "JSONL"] * 3
    assert all(button.url for button in buttons)
