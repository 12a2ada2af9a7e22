"""Audit: who may look, the filters, a question step by step, and a chain that does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

import pages
from core.audit.findings import Query
from core.bootstrap import Desk
from core.journal.entries import Kind, Record
from core.settings import Settings
from core.types import Person, Role
from tests.conftest import MakeDesk, add_departments, add_person
from tests.fakes import Clock
from tests.pages.conftest import ROOT, all_text

OpenApp = Callable[..., AppTest]
AUDIT = "pages/audit.py"
HOSTILE = "<img src=x onerror=alert(1)> ![p](http://evil.example/p.png) [click](http://evil.example)"


@pytest.fixture
def desk(make_desk: MakeDesk, tmp_path: Path) -> Iterator[Desk]:
    """One whose journal is anchored in a file."""
    anchors = tmp_path / "outside" / "anchors.log"
    desk = make_desk(
        settings=Settings(data_dir=tmp_path / "runtime", reranker="none", journal_anchor_file=anchors)
    )
    add_departments(desk.identity)
    pages.use_desk(desk)
    yield desk
    pages.use_desk(None)


@pytest.fixture
def auditor(desk: Desk) -> Person:
    return add_person(desk.identity, "petra", "people", Role.AUDITOR)


@pytest.fixture
def asker(desk: Desk, clock: Clock) -> Person:
    """A person who asked two questions; the process ended during the second."""
    person = add_person(desk.identity, "jonas", "sales")
    who = ("sales", person.id)
    desk.journal.append(Record("one", Kind.QUESTION, *who, data={"text": "How long is parental leave?"}))
    clock.advance(seconds=1.5)
    attempt = desk.journal.append(Record("one", Kind.MODEL_ATTEMPT, *who, "openai", "gpt-x"))
    clock.advance(seconds=2)
    desk.journal.append(
        Record("one", Kind.MODEL_OUTCOME, *who, "openai", "gpt-x", "answered", 12_300, attempt.seq)
    )
    desk.journal.append(Record("one", Kind.ANSWER, *who, outcome="answered", data={"text": "Twelve weeks."}))
    desk.journal.append(Record("two", Kind.QUESTION, *who, data={"text": HOSTILE}))
    desk.journal.append(Record("two", Kind.MODEL_ATTEMPT, *who, "mistral", "m"))
    clock.advance(minutes=10)
    return person


def shown(at: AppTest) -> list[str]:
    """The kinds of the listed entries, newest first, without what signing in and looking add."""
    if not at.dataframe:
        return []
    kept = ("Sign-in", "Account", "Audit")
    return [what for what in at.dataframe[0].value["What"] if what not in kept]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
def test_only_auditors_see_the_journal(desk: Desk, asker: Person, role: Role) -> None:
    person = add_person(desk.identity, "somebody", "people", role)
    at = AppTest.from_file(str(ROOT / AUDIT), default_timeout=30)
    at.session_state["session_token"] = desk.identity.redeem(desk.identity.open_session(person))
    at.run()

    assert [info.value for info in at.info] == [
        "This page is for auditors. Ask your administrator if you need it."
    ]
    assert not at.dataframe and "parental" not in all_text(at)


def test_an_auditor_sees_what_happened_but_not_who(
    open_app: OpenApp, desk: Desk, auditor: Person, asker: Person
) -> None:
    at = open_app(auditor, AUDIT)

    assert shown(at) == ["Model call", "Question", "Answer", "Model outcome", "Model call", "Question"]
    frame = at.dataframe[0].value
    assert "How long is parental leave?" in list(frame["Details"])
    assert frame["Person"].iloc[-1].startswith("person-")
    assert asker.name not in all_text(at) + frame.to_string()
    assert not [toggle for toggle in at.toggle if toggle.key == "audit-names"]


def test_each_filter_narrows_the_list(open_app: OpenApp, auditor: Person, asker: Person, desk: Desk) -> None:
    def one(kind: str, key: str, value: object) -> list[str]:
        at = open_app(auditor, AUDIT)
        getattr(at, kind)(key=key).set_value(value)
        at.run()
        assert not at.exception
        return shown(at)

    pseudonym = desk.audit.entries(auditor, Query(text="parental"))[0].person
    assert one("text_input", "audit-text", "parental leave") == ["Question"]
    assert one("multiselect", "audit-kinds", [Kind.ANSWER]) == ["Answer"]
    assert one("selectbox", "audit-provider", "mistral") == ["Model call"]
    assert one("selectbox", "audit-outcome", "answered") == ["Answer", "Model outcome"]
    assert len(one("selectbox", "audit-department", "sales")) == 6
    assert len(one("text_input", "audit-person", pseudonym)) == 6
    assert one("selectbox", "audit-department", "people") == []


def test_a_time_narrows_the_list_and_an_empty_one_says_what_to_do(
    open_app: OpenApp, desk: Desk, auditor: Person, asker: Person, clock: Clock
) -> None:
    clock.advance(days=8)
    at = open_app(auditor, AUDIT)
    assert shown(at) == []
    at.text_input(key="audit-text").set_value("parental").run()
    assert "No entry matches this. Choose a longer time, or clear the filters." in all_text(at)

    at.selectbox(key="audit-time").set_value("Last 30 days").run()
    assert shown(at) == ["Question"]
    at.button(key="audit-clear").click().run()
    assert at.text_input(key="audit-text").value == ""
    at.selectbox(key="audit-time").set_value("Chosen days").run()
    day = date(2026, 11, 24)
    at.date_input(key="audit-days").set_value((day, day)).run()
    assert len(shown(at)) == 6


def test_who_is_no_pseudonym_is_said_in_one_sentence(
    open_app: OpenApp, auditor: Person, asker: Person
) -> None:
    at = open_app(auditor, AUDIT)
    at.text_input(key="audit-person").set_value("Jonas").run()
    assert "Type a pseudonym: it begins with person-" in all_text(at) and not at.dataframe
    at.text_input(key="audit-person").set_value("person-0").run()
    assert "Nobody in the journal is called person-0." in all_text(at)


def test_one_question_is_shown_step_by_step(open_app: OpenApp, auditor: Person, asker: Person) -> None:
    at = open_app(auditor, AUDIT, trace="one")

    text = all_text(at)
    assert "3 steps, took 3.5 s, cost $0.0123" in text
    assert "+0.00 s" in text and "+1.50 s" in text and "+3.50 s" in text
    assert "openai / gpt-x, took 2.00 s, cost $0.0123" in text
    assert [each.value for each in at.text] == ["How long is parental leave?", "Twelve weeks."]
    assert not at.warning
    at.button(key="close-timeline").click().run()
    assert "Timeline" not in all_text(at)


def test_a_call_without_an_outcome_is_a_visible_defect(
    open_app: OpenApp, auditor: Person, asker: Person
) -> None:
    at = open_app(auditor, AUDIT)
    assert "1 model call has no outcome" in at.warning[0].value
    at.button(key="open-attempt-6").click().run()

    assert "1 model call of this question is not on record from beginning to end." in at.warning[0].value
    assert "This call has no outcome" in all_text(at)


def test_words_of_others_are_shown_as_they_stand(open_app: OpenApp, auditor: Person, asker: Person) -> None:
    at = open_app(auditor, AUDIT, trace="two")

    assert [each.value for each in at.text] == [HOSTILE]
    assert "evil.example" not in "".join(
        each.value for kind in ("markdown", "caption") for each in at.get(kind)
    )


def test_a_trace_that_is_not_there_is_said_so(open_app: OpenApp, auditor: Person, asker: Person) -> None:
    at = open_app(auditor, AUDIT, trace="three")
    assert "The journal has no entries of this question." in [info.value for info in at.info]


def test_pages_of_entries_go_back_and_forth(
    open_app: OpenApp, desk: Desk, auditor: Person, asker: Person
) -> None:
    desk.journal.append_many([Record(f"t{n}", Kind.DOCUMENT, data={"n": n}) for n in range(120)])
    at = open_app(auditor, AUDIT)
    at.multiselect(key="audit-kinds").set_value([Kind.DOCUMENT]).run()

    def details() -> tuple[str, str, int]:
        found = list(at.dataframe[0].value["Details"])
        return found[0], found[-1], len(found)

    assert details() == ("N 119", "N 70", 50)
    assert at.button(key="audit-newer").disabled
    at.button(key="audit-older").click().run()
    at.button(key="audit-older").click().run()
    assert details() == ("N 19", "N 0", 20) and at.button(key="audit-older").disabled
    at.button(key="audit-newer").click().run()
    assert details() == ("N 69", "N 20", 50)
    at.text_input(key="audit-text").set_value("zebra").run()
    assert not at.dataframe
    at.text_input(key="audit-text").set_value("").run()
    assert details() == ("N 119", "N 70", 50)


def test_names_are_for_few_and_every_look_is_noted_once(open_app: OpenApp, desk: Desk, asker: Person) -> None:
    both = add_person(desk.identity, "sanne", "people", Role.AUDITOR, Role.ADMINISTRATOR)

    def looks() -> int:
        return len([each for each in desk.journal.search(limit=500) if each.outcome == "names"])

    at = open_app(both, AUDIT)
    assert "Jonas" not in at.dataframe[0].value.to_string() and looks() == 0
    at.toggle(key="audit-names").set_value(True).run()
    assert "Jonas" in list(at.dataframe[0].value["Person"])
    noted = looks()
    at.text_input(key="audit-text").set_value("parental").run()
    assert noted == looks() == 1

    at.text_input(key="audit-person").set_value("jonas").run()
    assert shown(at) == ["Question"] and looks() == 2


def test_the_chain_is_verified_and_the_anchors_are_shown(
    open_app: OpenApp, desk: Desk, auditor: Person, asker: Person
) -> None:
    desk.audit.anchors.write()
    at = open_app(auditor, AUDIT)
    at.segmented_control(key="view").set_value("Chain").run()
    assert list(at.dataframe[0].value["Entry"]) == [desk.journal.head().seq]
    at.button(key="verify").click().run()

    assert "The chain is whole." in at.success[0].value and "1 anchored head" in at.success[0].value
    assert desk.journal.head().hash in [code.value for code in at.code]


@pytest.mark.parametrize(
    "statement, verdict",
    [
        ("UPDATE journal SET outcome = 'ok' WHERE seq = 2", "broken at entry 2. Entry 2 was changed."),
        ("DELETE FROM journal WHERE seq > 4", "broken at entry 5."),
    ],
)
def test_a_broken_chain_is_named_plainly(
    open_app: OpenApp, desk: Desk, auditor: Person, asker: Person, statement: str, verdict: str
) -> None:
    desk.audit.anchors.write()
    with desk.database.write() as connection:
        for name in ("journal_no_update", "journal_no_delete"):
            connection.execute(sa.text(f"DROP TRIGGER {name}"))
        connection.execute(sa.text(statement))
    at = open_app(auditor, AUDIT)
    at.segmented_control(key="view").set_value("Chain").run()
    at.button(key="verify").click().run()

    assert verdict in at.error[0].value.replace("\\", "") and not at.success


def test_without_a_file_of_anchors_the_page_says_what_is_missing(
    make_desk: MakeDesk, open_app: OpenApp, desk: Desk, auditor: Person
) -> None:
    anchors = desk.settings.journal_anchor_file
    assert anchors is not None
    anchors.unlink()
    at = open_app(auditor, AUDIT)
    at.segmented_control(key="view").set_value("Chain").run()
    at.button(key="verify").click().run()
    assert any("Nothing outside the database could be compared." in each.value for each in at.warning)


def test_masking_and_settings_are_said_in_plain_words(open_app: OpenApp, desk: Desk, auditor: Person) -> None:
    records = [
        Record("m", Kind.REDACTION, data={"kinds": [["EMAIL", 2], ["PERSON", 1], ["SECRET", 3]]}),
        Record("m", Kind.REDACTION, data={"kinds": [["PERSON", 1]]}),
        Record("m", Kind.REDACTION, data={"kinds": []}),
        Record("m", Kind.REDACTION, data={"kinds": [["RETINA_SCAN", 2]]}),
        Record("m", Kind.SETTING, data={"act": "deployment_off", "deployment": "gpt 1", "reason": "SLOW"}),
        Record("m", Kind.SETTING, data={"act": "adjusted", "name": "cache notch", "value": "bold"}),
        Record("m", Kind.SETTING, data={"act": "adjusted", "name": "cache notch", "value": None}),
    ]
    desk.journal.append_many(records)
    at = open_app(auditor, AUDIT)
    at.multiselect(key="audit-kinds").set_value([Kind.REDACTION, Kind.SETTING]).run()

    assert list(reversed(at.dataframe[0].value["Details"])) == [
        "2 e-mail addresses, 1 name and 3 passwords or keys masked",
        "1 name masked",
        "Nothing to mask",
        "2 retina scans masked",
        "Deployment off, deployment gpt 1, reason SLOW",
        "Cache notch bold",
        "Cache notch as in the settings",
    ]
    at = open_app(auditor, AUDIT, trace="m")
    assert "2 e-mail addresses, 1 name and 3 passwords or keys masked" in all_text(at)
