"""The path of a question: admitted, made whole, searched, answered, kept."""

from __future__ import annotations

import pytest

from core.answering.answer import Answer, Outcome
from core.assistant import Answered, Event, Step, Written
from core.bootstrap import Desk
from core.errors import BadInput, Busy, MaskingFailed, ModelUnavailable, NotFound
from core.types import Person, Readership
from tests.conftest import MakeDesk, add_departments, add_person, text_source
from tests.fakes import ScriptedModel

LEAVE = "Five days of annual leave may be carried over to the next year."
SALARY = "The midpoint of salary band five is 75800 euro."


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def desk(make_desk: MakeDesk, model: ScriptedModel) -> Desk:
    desk = make_desk(routes={"embedded": [model]})
    add_departments(desk.identity)
    sources = [
        text_source("people/leave.txt", LEAVE),
        text_source("people/salary.txt", SALARY, Readership.of(["people"])),
    ]
    list(desk.knowledge.ingestion.run(sources, "upload"))
    return desk


@pytest.fixture
def ada(desk: Desk) -> Person:
    return add_person(desk.identity, "ada", "people")


@pytest.fixture
def bo(desk: Desk) -> Person:
    return add_person(desk.identity, "bo", "sales")


def ask(desk: Desk, person: Person, text: str, conversation: int | None = None) -> list[Event]:
    conversation = conversation or desk.conversations.start(person, text)
    return list(desk.assistant.ask(person, conversation, text))


def answer_of(events: list[Event]) -> Answer:
    assert isinstance(events[-1], Answered)
    return events[-1].answer


def script(model: ScriptedModel, *parts: str | Exception) -> None:
    model._scripts.append(parts)


def test_an_answer_is_shown_as_it_is_written_cited_and_kept(
    desk: Desk, model: ScriptedModel, ada: Person
) -> None:
    """What was shown is what is stored, with where it came from and what it cost."""
    script(model, "Five days of annual leave ", "may be carried over [1", "].")
    conversation = desk.conversations.start(ada, "x")
    events = ask(desk, ada, "How many days of annual leave may be carried over?", conversation)
    assert [type(e) for e in events[:3]] == [Step, Step, Step]
    answer = answer_of(events)
    shown = "".join(e.text for e in events if isinstance(e, Written))
    assert answer.text == shown == "Five days of annual leave may be carried over [1]."
    assert (answer.outcome, answer.model) == (Outcome.ANSWERED, "scripted")
    assert (answer.prompt_tokens, answer.completion_tokens) == (10, 5)
    [citation] = answer.citations
    assert citation.title
    question, kept = desk.conversations.messages(ada, conversation)
    assert question.trace_id == kept.trace_id
    assert kept.answer is not None
    assert Answer.from_json(kept.text, kept.answer) == answer


def test_a_model_that_finds_nothing_says_so_in_our_words(
    desk: Desk, model: ScriptedModel, ada: Person
) -> None:
    """The refusal word is never shown."""
    script(model, "NOT", "_FOUND", ".")
    events = ask(desk, ada, "How many days of annual leave may be carried over?")
    assert not [e for e in events if isinstance(e, Written)]
    answer = answer_of(events)
    assert answer.outcome is Outcome.NOT_FOUND
    assert "could not find" in answer.text


def test_no_model_is_asked_when_nothing_is_near(desk: Desk, model: ScriptedModel, ada: Person) -> None:
    """That costs nothing and can not be wrong."""
    answer = answer_of(ask(desk, ada, "zebra quantum harpsichord?"))
    assert answer.outcome is Outcome.NOT_FOUND
    assert model.requests == []


def test_a_person_never_gets_what_they_may_not_read(
    desk: Desk, model: ScriptedModel, ada: Person, bo: Person
) -> None:
    """Not in the prompt, and so not in the answer."""
    for person in (ada, bo):
        script(model, "x [1].")
        ask(desk, person, "What is the midpoint of salary band five?")
    prompts = ["\n".join(m.content for m in request.messages) for request in model.requests]
    assert "75800" in prompts[0]
    assert all("75800" not in prompt for prompt in prompts[1:])


def test_a_failing_model_is_an_answer_too(desk: Desk, model: ScriptedModel, ada: Person) -> None:
    """The question stays in the conversation, with one plain sentence."""
    script(model, ModelUnavailable("connection refused"))
    conversation = desk.conversations.start(ada, "x")
    question = "How many days of annual leave may be carried over?"
    answer = answer_of(ask(desk, ada, question, conversation))
    assert answer.outcome is Outcome.FAILED
    assert "connection" not in answer.text
    assert [m.author for m in desk.conversations.messages(ada, conversation)] == ["person", "assistant"]


def test_a_follow_up_is_searched_for_as_a_question_of_its_own(
    desk: Desk, model: ScriptedModel, ada: Person
) -> None:
    """The embedded model can not rewrite: the follow-up is joined with what it continues."""
    script(model, "Five [1].")
    script(model, "Five [1].")
    conversation = desk.conversations.start(ada, "x")
    ask(desk, ada, "How many days of annual leave may be carried over?", conversation)
    answer = answer_of(ask(desk, ada, "What about it in spring?", conversation))
    assert answer.question == ("How many days of annual leave may be carried over? What about it in spring?")


@pytest.mark.parametrize("text", ["", "   \n", "\x00\x07"])
def test_an_empty_question_is_refused_before_anything_is_kept(desk: Desk, ada: Person, text: str) -> None:
    """Nothing is stored of it."""
    conversation = desk.conversations.start(ada, "x")
    with pytest.raises(BadInput):
        ask(desk, ada, text, conversation)
    assert desk.conversations.messages(ada, conversation) == ()


def test_a_question_that_is_too_long_says_how_long_it_may_be(desk: Desk, ada: Person) -> None:
    """The limit is in the sentence."""
    with pytest.raises(BadInput, match="2,000"):
        ask(desk, ada, "x" * 2_001)


def test_too_many_questions_in_a_minute_are_held_up_for_that_person_alone(
    desk: Desk, ada: Person, bo: Person
) -> None:
    """One person's script does not stop the others."""
    for _ in range(desk.settings.limits.questions_per_min):
        ask(desk, ada, "zebra quantum harpsichord?")
    with pytest.raises(Busy):
        ask(desk, ada, "zebra quantum harpsichord?")
    assert answer_of(ask(desk, bo, "zebra quantum harpsichord?")).outcome is Outcome.NOT_FOUND


def test_nobody_asks_in_somebody_elses_conversation(desk: Desk, ada: Person, bo: Person) -> None:
    """It is not there for them."""
    conversation = desk.conversations.start(ada, "x")
    with pytest.raises(NotFound):
        ask(desk, bo, "How many days?", conversation)


def test_a_question_can_be_reconstructed_from_the_journal_without_its_personal_data(
    desk: Desk, model: ScriptedModel, ada: Person
) -> None:
    """The masked words of question and answer are there, and can be searched for."""
    script(model, "Write to hr@fennwick.example: five days of leave may be carried over [1].")
    ask(desk, ada, "May bo@fennwick.example carry annual leave over?")
    [question], [answer] = (
        [e for e in desk.journal.search() if e.kind == kind] for kind in ("question", "answer")
    )
    assert question.data["text"] == "May <EMAIL_1> carry annual leave over?"
    assert answer.data["text"] == "Write to <EMAIL_1>: five days of leave may be carried over [1]."
    assert question.trace_id == answer.trace_id
    assert "fennwick" not in str(desk.journal.search())
    assert {entry.kind for entry in desk.journal.search(text="annual leave")} == {"question"}
    assert {entry.kind for entry in desk.journal.search(text="carried over")} == {"answer"}


def test_when_masking_fails_the_question_is_answered_and_the_entry_has_no_text(
    make_desk: MakeDesk, model: ScriptedModel
) -> None:
    """The words are less important than their safety, and than the answer."""

    class Broken:
        def find(self, text: str, kinds: object = None) -> list:  # type: ignore[type-arg]
            raise MaskingFailed("Personal data could not be masked.")

    desk = make_desk(routes={"embedded": [model]}, analyser=Broken())
    add_departments(desk.identity)
    events = ask(desk, add_person(desk.identity, "ada", "people"), "zebra quantum harpsichord?")
    assert answer_of(events).outcome is Outcome.NOT_FOUND
    [question] = [entry for entry in desk.journal.search() if entry.kind == "question"]
    assert question.data == {"chars": 26, "text_left_out": "it could not be masked"}
    assert "zebra" not in str(desk.journal.search())


def test_a_question_too_many_is_on_record(desk: Desk, ada: Person) -> None:
    """A refusal is an event like any other."""
    for _ in range(desk.settings.limits.questions_per_min):
        ask(desk, ada, "zebra quantum harpsichord?")
    with pytest.raises(Busy):
        ask(desk, ada, "zebra quantum harpsichord?")
    [refusal] = [entry for entry in desk.journal.search() if entry.kind == "rate_limit"]
    assert (refusal.outcome, refusal.person_id, refusal.data["scope"]) == ("refused", ada.id, "person")


@pytest.mark.parametrize("text", ["Hello", "Thanks!", "ok, thank you very much :)"])
def test_courtesy_gets_a_friendly_reply_and_nothing_is_searched_for(
    desk: Desk, model: ScriptedModel, ada: Person, text: str
) -> None:
    """No model, no search, nothing for a reviewer, and nothing on the list of what was not found."""
    conversation = desk.conversations.start(ada, "x")
    ask(desk, ada, "zebra quantum harpsichord?", conversation)
    answer = answer_of(ask(desk, ada, text, conversation))
    assert (answer.outcome, answer.question) == (Outcome.COURTESY, text)
    assert model.requests == []
    recorded = desk.journal.trace(desk.conversations.messages(ada, conversation)[-1].trace_id)
    assert [entry.kind for entry in recorded] == ["question", "answer"]
    assert recorded[-1].outcome == "courtesy"


def test_what_was_joined_is_not_carried_on(desk: Desk, model: ScriptedModel, ada: Person) -> None:
    """Each follow-up continues the last question of its own, never a chain of them."""
    for _ in range(3):
        script(model, "Five [1].")
    conversation = desk.conversations.start(ada, "x")
    topic = "How many days of annual leave may be carried over?"
    for text in (topic, "What about annual leave in spring?", "Thanks!"):
        ask(desk, ada, text, conversation)
    answer = answer_of(ask(desk, ada, "And annual leave in summer?", conversation))
    assert answer.question == f"{topic} And annual leave in summer?"


def test_a_question_in_another_language_than_the_documents_is_told_so(
    desk: Desk, model: ScriptedModel, ada: Person
) -> None:
    """In its own language, and without a model; nobody is made to review it unasked."""
    answer = answer_of(ask(desk, ada, "Wie viele Tage Urlaub kann ich in das Jahr 2027 übernehmen?"))
    assert answer.outcome is Outcome.NOT_FOUND
    assert "Die Dokumente sind auf Englisch" in answer.text
    assert model.requests == []
