"""Documents: what those who keep them learn of their use, and that nobody else does."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from core.bootstrap import Desk
from core.types import Person
from tests.pages.conftest import all_text

OpenApp = Callable[..., AppTest]
DOCUMENTS = "pages/documents.py"


def ask(desk: Desk, person: Person, question: str) -> None:
    list(desk.assistant.ask(person, desk.conversations.start(person, question), question))


def test_an_owner_sees_how_often_a_document_is_cited_and_what_found_nothing(
    open_app: OpenApp, desk: Desk, employee: Person, owner: Person
) -> None:
    ask(desk, employee, "How many days of leave may be carried over?")
    ask(desk, employee, "Zeppelin mooring?")

    at = open_app(owner, DOCUMENTS)
    listed, gaps = [frame.value for frame in at.dataframe]
    [leave] = listed[listed["Title"] == "Leave policy"].to_dict("records")
    assert (leave["Cited"], leave["Stale answers"]) == (1, 0)
    assert gaps[["Question", "Times asked"]].values.tolist() == [["Zeppelin mooring?", 1]]
    assert "nobody is named" in all_text(at)


def test_everybody_else_sees_the_list_alone(open_app: OpenApp, desk: Desk, employee: Person) -> None:
    ask(desk, employee, "Zeppelin mooring?")

    at = open_app(employee, DOCUMENTS)
    [listed] = [frame.value for frame in at.dataframe]
    assert "Cited" not in listed.columns and "Zeppelin" not in listed.to_string()
    assert "Asked and not found" not in all_text(at)


def test_an_owner_is_told_when_every_question_found_something(open_app: OpenApp, owner: Person) -> None:
    assert "Every question of the last 30 days found something" in all_text(open_app(owner, DOCUMENTS))
