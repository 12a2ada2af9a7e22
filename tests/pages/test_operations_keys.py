"""Keys on the operations page: made, shown once, revoked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.bootstrap import Desk
from core.errors import KeyRefused
from core.keys import NewKey
from core.types import Person, Role
from tests.conftest import add_person
from tests.pages.conftest import all_text

OpenApp = Callable[..., AppTest]


@pytest.fixture
def administrator(desk: Desk) -> Person:
    return add_person(desk.identity, "sanne", "people", Role.ADMINISTRATOR)


def keys_section(open_app: OpenApp, administrator: Person) -> AppTest:
    at = open_app(administrator, "pages/operations.py")
    at.segmented_control(key="section").set_value("Keys").run()
    assert not at.exception
    return at


def test_a_new_key_is_shown_once(open_app: OpenApp, desk: Desk, administrator: Person) -> None:
    """It opens what was chosen, and nothing of the page has it when it has been read."""
    at = keys_section(open_app, administrator)
    assert "No application has a key yet." in all_text(at)
    at.button(key="new-key").click().run()
    at.text_input(key="key-name").input("Web shop")
    at.selectbox(key="key-department").select("sales")
    at.checkbox(key="key-reads").check()
    at.number_input(key="key-requests").set_value(30)
    at.button(key="confirm-new-key").click().run()
    assert not at.exception

    [token] = [code.value for code in at.code]
    key = desk.keys.check(token)
    assert (key.name, key.department, key.reads_documents) == ("Web shop", "sales", True)
    assert (key.models, key.requests_per_min, key.tokens_per_min) == (None, 30, None)
    at.button(key="key-read").click().run()
    assert not at.code
    assert "Web shop" in all_text(at) and key.id in all_text(at) and token not in all_text(at)


def test_what_is_wrong_is_said_in_the_dialog(open_app: OpenApp, desk: Desk, administrator: Person) -> None:
    at = keys_section(open_app, administrator)
    at.button(key="new-key").click().run()
    at.button(key="confirm-new-key").click().run()
    assert "Name the application" in all_text(at)
    assert desk.keys.all(administrator) == []


def test_a_key_is_revoked_after_a_question(open_app: OpenApp, desk: Desk, administrator: Person) -> None:
    made, token = desk.keys.make(administrator, NewKey("Web shop", "sales"))
    desk.proxy.gate.check(token)
    at = keys_section(open_app, administrator)
    at.button(key=f"revoke-{made.id}").click().run()
    assert desk.keys.check(token)
    at.button(key="confirm-revoke").click().run()

    assert "revoked" in all_text(at)
    with pytest.raises(KeyRefused):
        desk.keys.check(token)
    assert desk.proxy.gate.remembered(token) is None, "it is not admitted from memory either"
    assert not [b for b in at.button if b.key == f"revoke-{made.id}"]


def test_the_account_of_a_key_is_no_persons(open_app: OpenApp, desk: Desk, administrator: Person) -> None:
    """It is not among the people, who could be given roles there."""
    made, _ = desk.keys.make(administrator, NewKey("Web shop", "sales"))
    people = desk.operations.people.all(administrator)
    assert made.person_id not in [account.id for account in people]
    assert people
