"""Who may see which page, and how one gets in and out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.bootstrap import Desk
from core.sample_company import add_demonstration_people, read_sample_company
from core.types import Person, Role
from tests.conftest import PASSWORD, add_person
from tests.pages.conftest import ROOT, all_text, component_data

OpenApp = Callable[..., AppTest]
PAGE_FILES = sorted(path.name for path in (ROOT / "pages").glob("[a-z]*.py"))


def test_only_pages_lie_in_the_folder_that_the_legacy_router_would_serve() -> None:
    assert PAGE_FILES == [
        "audit.py", "chat.py", "documents.py", "operations.py", "review.py", "sign_in.py", "spend.py",
    ]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in PAGE_FILES if name != "sign_in.py"])
def test_a_page_that_is_run_alone_without_a_session_shows_nothing(desk: Desk, name: str) -> None:
    at = AppTest.from_file(str(ROOT / "pages" / name), default_timeout=30).run()

    assert not at.exception
    assert [info.value for info in at.info] == ["Sign in to see this page."]
    assert not at.title and not at.chat_input and not at.dataframe


def test_signed_out_every_address_leads_to_the_sign_in(open_app: OpenApp) -> None:
    at = open_app(None)

    assert [title.value for title in at.title] == ["Sign in to Answerdesk"]
    assert not at.chat_input and not at.sidebar.button


@pytest.mark.parametrize("role", list(Role))
def test_every_role_reaches_the_chat_and_the_documents(open_app: OpenApp, desk: Desk, role: Role) -> None:
    person = add_person(desk.identity, "somebody", "people", role)

    assert open_app(person).chat_input
    at = open_app(person, "pages/documents.py")
    assert [title.value for title in at.title] == ["Documents"]
    assert bool(at.file_uploader) == (role in {Role.OWNER, Role.ADMINISTRATOR})


def test_the_right_password_gives_the_browser_a_ticket_that_opens_one_session(
    open_app: OpenApp, desk: Desk
) -> None:
    employee = add_person(desk.identity, "jonas", "people", password=PASSWORD)
    at = open_app(None)
    at.text_input(key="email").input(employee.email)
    at.text_input(key="password").input(PASSWORD)
    at.button(key="sign-in-submit").click().run()

    call = component_data(at, "answerdesk_call_server")[0]
    token = desk.identity.redeem(call["ticket"])
    assert call["path"] == "/auth/session" and call["reload"] is True
    assert token is not None and desk.identity.of_session(token) == employee
    assert desk.identity.redeem(call["ticket"]) is None


def test_a_wrong_password_is_said_in_one_sentence(open_app: OpenApp, desk: Desk) -> None:
    employee = add_person(desk.identity, "jonas", "people", password=PASSWORD)
    at = open_app(None)
    at.text_input(key="email").input(employee.email)
    at.text_input(key="password").input("not this one")
    at.button(key="sign-in-submit").click().run()

    assert [error.value for error in at.error] == ["The e-mail address or the password is not right."]
    assert not component_data(at, "answerdesk_call_server")


def test_demonstration_people_are_one_click_away_until_they_are_removed(
    open_app: OpenApp, desk: Desk
) -> None:
    add_demonstration_people(read_sample_company(Path(desk.settings.company_dir)), desk.identity)
    people = desk.identity.demonstration_people()
    at = open_app(None)
    assert "until an administrator removes them" in all_text(at)
    at.button(key=f"as-{people[0].id}").click().run()
    token = desk.identity.redeem(component_data(at, "answerdesk_call_server")[0]["ticket"])
    assert token is not None and desk.identity.of_session(token) == people[0]

    root = add_person(desk.identity, "root", "people", Role.ADMINISTRATOR)
    desk.operations.people.close_demonstration_accounts(root)
    assert "demonstration" not in all_text(open_app(None))


def test_signing_out_ends_the_session_on_the_server(open_app: OpenApp, desk: Desk, employee: Person) -> None:
    at = open_app(employee)
    token = at.session_state["session_token"]
    at.button(key="sign-out").click().run()

    assert desk.identity.of_session(token) is None
    assert component_data(at, "answerdesk_call_server")[0]["path"] == "/auth/session/end"
    assert not at.chat_input


def test_a_session_that_was_ended_elsewhere_is_over_at_the_next_click(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    at = open_app(employee)
    desk.identity.sign_out(at.session_state["session_token"])

    at.run()
    assert [title.value for title in at.title] == ["Sign in to Answerdesk"]
