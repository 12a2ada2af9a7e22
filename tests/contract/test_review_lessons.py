"""What decisions teach, on SQLite and PostgreSQL: lessons for the confidence, and regression cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.answering.answer import Answer, Outcome
from core.answering.calibration import Judged
from core.answering.confidence import ConfidenceModel, Signs
from core.database import Database
from core.review.decisions import Decided, Decision
from core.review.intake import Handed
from core.review.regressions import Case, Reply, Result, judged, replay
from core.review.tasks import NewTask, Verdict
from core.types import Person, Role
from tests.fakes import Clock
from tests.review_house import QUESTION, House, drafted

SIGNS = Signs(1.5, -2.0, 0.25, 1.0)
MODEL = ConfidenceModel(Signs(1.0, 0.0, 0.0, 0.0), 0.0, ((0.0, 0.0), (1.0, 1.0)))


@pytest.fixture
def house(database: Database, clock: Clock) -> House:
    return House(database, clock)


@pytest.fixture
def ada(house: House) -> Person:
    return house.person("ada", "people")


@pytest.fixture
def rhea(house: House) -> Person:
    return house.person("rhea", "people", Role.REVIEWER)


def decide(house: House, reviewer: Person, handed: Handed, verdict: Verdict, text: str = "") -> Decided:
    lease = house.claim(reviewer, handed)
    return house.reviews.decisions.decide(reviewer, lease, Decision(verdict, text, reason="Because."))


def test_decided_drafts_say_how_sure_the_program_was_and_whether_it_was_right(
    house: House, ada: Person, rhea: Person, clock: Clock
) -> None:
    """Only an approval as it stood is right; what is undone or still waits says nothing."""
    leave = house.document("leave.md", "Up to five days.")
    verdicts = (Verdict.APPROVED, Verdict.EDITED, Verdict.NOT_IN_DOCUMENTS, Verdict.REJECTED)
    for number, verdict in enumerate(verdicts):
        clock.advance(minutes=1)
        signs = replace(SIGNS, evidence=float(number))
        handed = house.flag(ada, leave, confidence=number / 4, signs=signs, question=f"Question {number}?")
        decided = decide(house, rhea, handed, verdict, "Four days [1].")
    house.flag(ada, leave, signs=SIGNS)
    lessons = house.reviews.lessons
    assert [each.right for each in lessons.recent()] == [False, False, False, True]
    assert lessons.pairs() == [(0.75, False), (0.5, False), (0.25, False), (0.0, True)]
    assert lessons.judged(MODEL)[-1] == Judged(0.5, True)
    assert [round(each.score, 3) for each in lessons.judged(MODEL)] == [0.953, 0.881, 0.731, 0.5]
    assert len(lessons.pairs(limit=2)) == 2
    house.reviews.decisions.undo(rhea, decided.lease)
    assert len(lessons.recent()) == 3


def test_questions_without_a_draft_and_stale_answers_teach_nothing(
    house: House, ada: Person, rhea: Person
) -> None:
    """There is nothing to be right about; a stale answer was right when it was given."""
    conversation = house.conversations.start(ada, QUESTION)
    bare = house.reviews.intake.hand_over(ada, conversation, NewTask("t" * 32, QUESTION, None, (), 0.2))
    decide(house, rhea, bare, Verdict.NOT_IN_DOCUMENTS)
    decide(house, rhea, house.flag(ada, house.document("leave.md", "Five.")), Verdict.APPROVED)
    house.document("leave.md", "Six.")
    assert house.reviews.staleness.sweep() == 1
    lease = house.reviews.queue.claim_next(rhea)
    assert lease is not None
    house.reviews.decisions.decide(rhea, lease, Decision(Verdict.NOT_IN_DOCUMENTS))
    [lesson] = house.reviews.lessons.recent()
    assert (lesson.signs, lesson.confidence, lesson.right) == (None, 0.4, True)


def test_a_served_answers_confidence_is_known_when_it_is_reported(
    house: House, ada: Person, rhea: Person
) -> None:
    """It is read from the answer itself."""
    given = replace(drafted("Five days.", QUESTION), confidence=0.9)
    reported = house.reviews.intake.report(ada, house.answered(ada, given=given).id, "It is six.")
    assert house.reviews.queue.open(rhea, reported.task_id).item.confidence == 0.9
    decide(house, rhea, reported, Verdict.EDITED, "Six days.")
    assert house.reviews.lessons.pairs() == [(0.9, False)]


def test_every_correction_is_asked_again(house: House, ada: Person, rhea: Person) -> None:
    """As somebody who may read its sources; a case that nobody may ask is left out."""
    leave = house.document("leave.md", "Up to five days.", "people")
    edited = house.flag(ada, leave)
    decide(house, rhea, edited, Verdict.EDITED, "At most five days [1].")
    absent = house.flag(ada, question="May I bring a horse?")
    decide(house, rhea, absent, Verdict.NOT_IN_DOCUMENTS)
    decide(house, rhea, house.flag(ada, leave, question="Other?"), Verdict.APPROVED)
    cases = {case.task_id: case for case in house.reviews.regressions.cases()}
    assert cases == {
        edited.task_id: Case(
            edited.task_id, QUESTION, Outcome.ANSWERED, "At most five days [1].", ("leave.md",), "people"
        ),
        absent.task_id: Case(
            absent.task_id,
            "May I bring a horse?",
            Outcome.NOT_FOUND,
            "A colleague has looked: this is not in the company's documents.",
            (),
            "*",
        ),
    }
    asked: list[str] = []

    def ask(case: Case) -> Reply | None:
        asked.append(case.question)
        if case.readers == "people":
            return None
        return Reply(drafted("Horses may be brought.", case.question), ())

    assert replay(cases.values(), ask) == [(cases[absent.task_id], Result.WRONG)]
    assert set(asked) == {QUESTION, "May I bring a horse?"}


def reply(text: str, outcome: Outcome = Outcome.ANSWERED, *documents: str) -> Reply:
    return Reply(Answer(outcome, text, (), QUESTION, 0.5), documents)


@pytest.mark.parametrize(
    ("given", "result"),
    [
        (reply("Employees may carry over at most 5 days [2].", Outcome.ANSWERED, "leave.md"), Result.RIGHT),
        (reply("Employees may carry over at most 6 days [1].", Outcome.ANSWERED, "leave.md"), Result.WRONG),
        (reply("Employees may carry over at most 5 days [1].", Outcome.ANSWERED, "old.md"), Result.WRONG),
        (reply("There are 5 gates [1].", Outcome.ANSWERED, "leave.md"), Result.WRONG),
        (reply("I could not find this.", Outcome.NOT_FOUND), Result.WRONG),
        (reply("A colleague will answer here.", Outcome.WAITING), Result.WAITING),
        (reply("No model answers.", Outcome.FAILED), Result.WRONG),
    ],
)
def test_an_answer_is_right_when_it_says_what_the_reviewer_said(given: Reply, result: Result) -> None:
    """The same numbers, most of the words, a source in common; a number in a citation is none."""
    case = Case(1, QUESTION, Outcome.ANSWERED, "You may carry over at most 5 days [1].", ("leave.md",), "*")
    assert judged(case, given) is result


def test_where_the_documents_say_nothing_so_must_the_program() -> None:
    case = Case(1, QUESTION, Outcome.NOT_FOUND, "Not there.", (), "*")
    assert judged(case, reply("Nothing.", Outcome.NOT_FOUND)) is Result.RIGHT
    assert judged(case, reply("Five days.")) is Result.WRONG
