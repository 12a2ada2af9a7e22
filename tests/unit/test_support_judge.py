"""A language model is asked, on the asker's account, where words cannot tell whether a source says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.answering.answer import Answer, Outcome
from core.assistant import Answered
from core.bootstrap import Desk
from core.errors import ConfigurationError, ModelError
from core.gateway.fence import unfence
from core.journal.entries import Kind
from core.journal.search import Filters
from tests.conftest import MakeDesk, add_departments, add_person, text_source
from tests.fakes import ScriptedModel
from tests.model_files import entry, settings_of

LEAVE = "Five days of annual leave may be carried over to the next year. They must be used by 31 March."
QUESTION = "How many days of annual leave may be carried over?"
QUOTED = "Five days of annual leave may be carried over to the next year [1]."
IN_OTHER_WORDS = "Staff who did not take the whole of it keep a part for later [1]."

Asked = Callable[[str, str | Exception], tuple[Answer, ScriptedModel]]


@pytest.fixture
def asked(tmp_path: Path, make_desk: MakeDesk) -> Asked:
    """Asks with a writer that says the first and a judge that says the second; gives the judge too."""

    def ask(written: str, says: str | Exception) -> tuple[Answer, ScriptedModel]:
        judge = ScriptedModel([says])
        desk = _desk(tmp_path, make_desk, ScriptedModel([written]), judge)
        ada = add_person(desk.identity, "ada", "people")
        *_, last = desk.assistant.ask(ada, desk.conversations.start(ada, "x"), QUESTION)
        assert isinstance(last, Answered)
        called = desk.journal.search(Filters(kinds=(Kind.MODEL_ATTEMPT,)))
        assert len(called) == 1 + len(judge.requests)
        assert {(e.department, e.person_id) for e in called} == {("people", ada.id)}
        return last.answer, judge

    return ask


def _desk(folder: Path, make_desk: MakeDesk, writer: ScriptedModel, judge: ScriptedModel) -> Desk:
    entries = [entry(name, "http://127.0.0.1:9", route=name) for name in ("gpt", "checker")]
    settings = settings_of(folder, entries, support_judge="checker")
    desk = make_desk(settings=settings, routes={"gpt": [writer], "checker": [judge]})
    add_departments(desk.identity)
    [report] = desk.knowledge.ingestion.run([text_source("people/leave.txt", LEAVE)], "upload")
    assert report.reason == ""
    return desk


def test_a_yes_lets_a_sentence_in_other_words_through(asked: Asked) -> None:
    answer, judge = asked(IN_OTHER_WORDS, "Yes.")
    assert (answer.outcome, answer.text) == (Outcome.ANSWERED, IN_OTHER_WORDS)
    fenced = unfence(judge.requests[0].messages[-1].content)
    assert fenced is not None
    [source], sentence = fenced
    assert LEAVE in source.text and sentence.startswith("Staff who did not take")


@pytest.mark.parametrize("says", ["no", "yes, but not quite", "", ModelError("down")])
def test_whatever_is_no_yes_hands_the_answer_to_a_person(asked: Asked, says: str | Exception) -> None:
    answer, judge = asked(IN_OTHER_WORDS, says)
    assert answer.outcome is Outcome.WAITING and judge.requests


def test_what_is_quoted_needs_no_judge(asked: Asked) -> None:
    answer, judge = asked(QUOTED, "no")
    assert answer.outcome is Outcome.ANSWERED and judge.requests == []


def test_a_judge_never_overrules_a_wrong_number(asked: Asked) -> None:
    answer, judge = asked("Nine days of annual leave may be carried over to the next year [1].", "yes")
    assert answer.outcome is Outcome.WAITING and judge.requests == []


def test_a_judge_that_can_only_quote_or_stands_beside_another_stops_the_start(
    tmp_path: Path, make_desk: MakeDesk
) -> None:
    quoting = {"model_name": "quoter", "litellm_params": {"model": "answerdesk/embedded"}}
    entries = [entry("gpt", "http://127.0.0.1:9"), quoting]
    with pytest.raises(ConfigurationError, match="ANSWERDESK_SUPPORT_JUDGE: 'quoter' can only quote"):
        make_desk(settings=settings_of(tmp_path, entries, support_judge="quoter"))
    with pytest.raises(ConfigurationError, match="take one of the two away"):
        make_desk(settings=settings_of(tmp_path, entries, support_judge="gpt", entailment_model="folder"))
