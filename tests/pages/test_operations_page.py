"""Operations: what an administrator sees and does, and that nobody else does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

import pages
from core.bootstrap import Desk
from core.identity import NewPerson
from core.journal.entries import Kind
from core.journal.search import Filters
from core.operations.providers import OffReason
from core.types import Person, Role
from tests.conftest import MakeDesk, add_person
from tests.fakes import ScriptedModel
from tests.pages.conftest import QuotingModel, all_text

OpenApp = Callable[..., AppTest]
OPERATIONS = "pages/operations.py"


@pytest.fixture
def administrator(desk: Desk) -> Person:
    return add_person(desk.identity, "sanne", "people", Role.ADMINISTRATOR)


def section(at: AppTest, name: str) -> AppTest:
    at.segmented_control(key="section").set_value(name).run()
    assert not at.exception
    return at


def acts(desk: Desk) -> list[str]:
    found = desk.journal.search(Filters(kinds=(Kind.SETTING,)))
    return [str(entry.data["act"]) for entry in reversed(found)]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_but_administrators_sees_the_page(open_app: OpenApp, desk: Desk, role: Role) -> None:
    """Also when the file is run without the navigation that does not offer it."""
    person = add_person(desk.identity, "somebody", "people", role)
    at = AppTest.from_file(str(pages.ASSETS.parent / "operations.py"), default_timeout=30)
    at.session_state["session_token"] = desk.identity.redeem(desk.identity.open_session(person))
    at.run()

    assert "for administrators" in at.info[0].value
    assert not at.title and not at.button and not at.dataframe
    assert not open_app(person).exception


def test_a_deployment_is_switched_off_with_a_reason_and_on_again(
    open_app: OpenApp, desk: Desk, administrator: Person
) -> None:
    at = open_app(administrator, OPERATIONS)
    assert "not used lately" in all_text(at)
    at.button(key="off-embedded 1").click().run()
    assert "its requests fail meanwhile" in all_text(at), "nothing stands in for it"
    at.selectbox(key="off-reason").select("It costs too much")
    at.button(key="confirm-off").click().run()

    assert "Switched off by Sanne" in all_text(at) and "it costs too much" in all_text(at)
    assert desk.gateway.router.snapshot()[0].state == "off"
    at.button(key="on-embedded 1").click().run()
    assert desk.gateway.router.snapshot()[0].state == "closed"
    assert acts(desk) == ["deployment_off", "deployment_on"]


def test_a_switch_outlasts_a_restart_and_reaches_other_processes(
    make_desk: MakeDesk, desk: Desk, administrator: Person
) -> None:
    providers = desk.operations.providers
    providers.switch_off(administrator, "embedded 1", OffReason.DATA)
    desk.close()
    again = make_desk(settings=desk.settings, routes={"embedded": [ScriptedModel()]})

    [status] = again.operations.providers.all(administrator)
    assert status.off is not None and status.off.by == "Sanne" and status.now.state == "off"


def test_a_test_says_how_it_went_and_stands_in_the_journal(
    open_app: OpenApp, desk: Desk, administrator: Person, model: QuotingModel
) -> None:
    model.says = "OK"
    at = open_app(administrator, OPERATIONS)
    at.button(key="test-embedded 1").click().run()

    assert "It answered in" in all_text(at)
    [act] = desk.journal.search(Filters(kinds=(Kind.SETTING,)))
    steps = [entry.kind for entry in desk.journal.trace(act.trace_id)]
    assert steps == [Kind.SETTING, Kind.MODEL_ATTEMPT, Kind.MODEL_OUTCOME]


def test_somebody_is_added_and_the_first_password_is_shown_until_it_is_passed_on(
    open_app: OpenApp, desk: Desk, administrator: Person
) -> None:
    at = section(open_app(administrator, OPERATIONS), "People")
    at.button(key="add-person").click().run()
    at.text_input(key="new-name").input("Bo Ferrin")
    at.text_input(key="new-email").input("bo@fennwick.example")
    at.selectbox(key="new-department").select("sales")
    at.multiselect(key="new-roles").select(Role.AUDITOR)
    at.button(key="confirm-add-person").click().run()
    assert not at.exception
    password = at.code[0].value
    assert desk.identity.sign_in("bo@fennwick.example", password).roles == {Role.EMPLOYEE, Role.AUDITOR}
    at.button(key="password-read").click().run()
    assert not at.code and acts(desk) == ["person_added"]


def test_roles_and_department_are_changed_and_the_account_closed_and_reopened(
    open_app: OpenApp, desk: Desk, administrator: Person, employee: Person
) -> None:
    at = section(open_app(administrator, OPERATIONS, account=employee.id), "People")
    at.selectbox(key=f"department-{employee.id}").select("sales")
    at.multiselect(key=f"roles-{employee.id}").select(Role.OWNER)
    at.button(key="save-person").click().run()
    moved = desk.identity.by_email(employee.email)
    assert moved is not None and moved.department == "sales" and moved.has(Role.OWNER)

    at.button(key="close-account").click().run()
    at.button(key="confirm-close-account").click().run()
    assert desk.identity.by_email(employee.email) is None
    assert "is closed" in all_text(at)
    at.button(key="reopen-person").click().run()
    assert desk.identity.by_email(employee.email) == moved
    assert acts(desk) == ["person_changed", "person_closed", "person_reopened"]


def test_the_last_administrator_is_told_why_not(open_app: OpenApp, desk: Desk, administrator: Person) -> None:
    at = section(open_app(administrator, OPERATIONS, account=administrator.id), "People")
    at.button(key="close-account").click().run()
    at.button(key="confirm-close-account").click().run()
    assert "last account that can administer" in all_text(at)
    assert desk.identity.by_email(administrator.email) == administrator


def test_demonstration_accounts_are_closed_after_one_question(
    open_app: OpenApp, desk: Desk, administrator: Person
) -> None:
    desk.identity.put_person(
        NewPerson("demo@fennwick.example", "Demo", "people", frozenset(), "x", demonstration=True)
    )
    at = section(open_app(administrator, OPERATIONS), "People")
    at.button(key="close-demonstration").click().run()
    at.button(key="confirm-close-demonstration").click().run()
    assert desk.identity.demonstration_people() == [] and "1 account closed" in all_text(at)
    with pytest.raises(KeyError):
        at.button(key="close-demonstration")


def test_limits_and_settings_are_shown_and_no_secret_is(
    open_app: OpenApp, administrator: Person, desk: Desk
) -> None:
    at = section(open_app(administrator, OPERATIONS), "Limits")
    tables = [frame.value for frame in at.dataframe]
    assert any("restricted" in frame.to_string() for frame in tables)
    at = section(at, "Settings")
    frame = at.dataframe[0].value.set_index("Setting")
    assert frame.loc["ANSWERDESK_LIMITS__QUESTIONS_PER_MIN", "Value"] == "5"
    assert frame.loc["ANSWERDESK_COOKIE_KEY", "Value"] == "not set"
