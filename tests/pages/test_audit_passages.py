"""An auditor reads what an answer rests on: titles, sections and passages in place of ids."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.bootstrap import Desk
from core.journal.entries import Kind
from core.journal.search import Filters
from core.types import Person, Role
from tests.conftest import add_person
from tests.pages.conftest import all_text

OpenApp = Callable[..., AppTest]
AUDIT = "pages/audit.py"
LEAVE = "How many days of leave may be carried over?"
DISCOUNT = "Who approves a discount above twelve percent?"


@pytest.fixture
def auditor(desk: Desk) -> Person:
    return add_person(desk.identity, "petra", "people", Role.AUDITOR)


def ask(desk: Desk, person: Person, question: str) -> str:
    """The trace of a question that is answered."""
    conversation = desk.conversations.start(person, question)
    list(desk.assistant.ask(person, conversation, question))
    return desk.journal.search(Filters(kinds=(Kind.QUESTION,)))[0].trace_id


def headings(at: AppTest) -> list[str]:
    """The expanders of passages, without those of entries."""
    found = [each.label.replace("\\", "").strip("*") for each in at.expander]
    return [label for label in found if not label.startswith(("Entry", "Entries"))]


def test_passages_have_titles_scores_in_words_and_their_text_one_click_away(
    open_app: OpenApp, desk: Desk, auditor: Person, employee: Person
) -> None:
    at = open_app(auditor, AUDIT, trace=ask(desk, employee, LEAVE))

    text = all_text(at)
    found = [label for label in headings(at) if "Leave policy, version 1" in label]
    assert any(label.startswith("1. Leave policy, version 1, ") for label in found)
    assert "format_quote: cited]" in text, "one of what was found is marked as cited"
    assert "the question in meaning (" in text and "ranked with" in text
    assert "1 passage cited" in text and "passages found" in text
    assert any("Up to five days of leave may be carried over." in each.value for each in at.text)
    assert "cited 1" not in text.lower()


def test_the_entry_itself_stays_to_be_seen(
    open_app: OpenApp, desk: Desk, auditor: Person, employee: Person
) -> None:
    at = open_app(auditor, AUDIT, trace=ask(desk, employee, LEAVE))

    entries = [json.loads(code.value)["data"] for code in at.code]
    assert any(isinstance(data.get("cited"), list) and data["cited"] for data in entries)
    assert any(data.get("passages") for data in entries)


def test_a_document_that_the_auditor_may_not_read_shows_no_word(
    open_app: OpenApp, desk: Desk, auditor: Person
) -> None:
    """Its title is what an answer rests on; its section is of its words."""
    seller = add_person(desk.identity, "rosa", "sales")
    at = open_app(auditor, AUDIT, trace=ask(desk, seller, DISCOUNT))

    text = all_text(at)
    assert "Price list, version 1" in text and "You may not read this document" in text
    assert "Discounts" not in text + "".join(headings(at))
    passages = [each.value for each in at.text if "A discount above twelve percent needs" in each.value]
    assert not [each for each in passages if "#" in each or "Discounts" in each]


def test_a_deleted_document_says_so(
    open_app: OpenApp, desk: Desk, auditor: Person, employee: Person, owner: Person
) -> None:
    trace = ask(desk, employee, LEAVE)
    [document] = [each.id for each in desk.catalog.documents(owner) if each.title == "Leave policy"]
    desk.library.delete(owner, document)

    text = all_text(open_app(auditor, AUDIT, trace=trace))
    assert "A document that is not there any more" in text and "What stood here was deleted." in text
    assert "Leave policy" not in text
