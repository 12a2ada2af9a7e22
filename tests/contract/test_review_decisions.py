"""Decisions behave alike on SQLite and PostgreSQL: once, whole, undoable, and with all that follows."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core.database import Database
from core.errors import BadInput, Busy, FailedCheck, NotAllowed, NotFound, NotSupported
from core.review.decisions import Decided, Decision, Undoable
from core.review.figures import Pace
from core.review.notes import answer_of
from core.review.queue import Lease
from core.review.tasks import NewTask, TaskKind, TaskState, Verdict
from core.tables import regression_cases, verified_answers
from core.types import Person, Role
from tests.contract.test_review_queue import in_threads
from tests.fakes import Clock
from tests.review_house import QUESTION, House, drafted

APPROVE = Decision(Verdict.APPROVED)


@pytest.fixture
def house(database: Database, clock: Clock) -> House:
    return House(database, clock)


@pytest.fixture
def ada(house: House) -> Person:
    return house.person("ada", "people")


@pytest.fixture
def rhea(house: House) -> Person:
    return house.person("rhea", "people", Role.REVIEWER)


@pytest.fixture
def sam(house: House) -> Person:
    return house.person("sam", "people", Role.REVIEWER)


def decide(house: House, reviewer: Person, lease: Lease, decision: Decision = APPROVE) -> Decided:
    return house.reviews.decisions.decide(reviewer, lease, decision)


def cases(house: House) -> list[sa.Row]:  # type: ignore[type-arg]
    with house.database.read() as connection:
        return list(connection.execute(sa.select(regression_cases)))


def test_an_approved_draft_arrives_in_the_conversation(
    house: House, ada: Person, rhea: Person, clock: Clock
) -> None:
    """With who verified it and when; the conversation is unread until it is opened."""
    passage = house.document("leave.md", "Up to five days.")
    handed = house.flag(ada, passage)
    conversation = house.conversations.list(ada)[0].id
    lease = house.claim(rhea, handed)
    clock.advance(minutes=4)
    decide(house, rhea, lease)

    message = house.message(ada, handed)
    assert message.text == "Five days [1]." and message.answer is not None
    assert message.answer["verified"] == {
        "task": handed.task_id,
        "verdict": "approved",
        "by": "Rhea",
        "at": "2026-11-24T09:04:00+00:00",
    }
    assert [c.chunk_id for c in answer_of(message.text, message.answer).citations] == [passage.chunk.id]
    assert house.reviews.inbox.waiting(ada, conversation) == {}
    assert house.reviews.inbox.unread(ada) == {conversation}
    house.reviews.inbox.mark_read(rhea, conversation)
    assert house.reviews.inbox.unread(ada) == {conversation}, "only its owner reads a conversation"
    house.reviews.inbox.mark_read(ada, conversation)
    assert house.reviews.inbox.unread(ada) == set()
    assert house.acts() == ["flagged", "claimed", "approved"]
    assert house.journal.verify().intact


def test_a_task_is_resolved_once_however_often_it_is_tried(house: House, ada: Person, rhea: Person) -> None:
    """Double clicks and second tabs learn that it is done."""
    handed = house.flag(ada, house.document("leave.md", "Up to five days."))
    leases = [house.claim(rhea, handed) for _ in range(2)]
    results = in_threads(lambda number: decide(house, rhea, leases[number % 2]))
    assert sum(isinstance(result, Decided) for result in results) == 1
    said = {str(result) for result in results if isinstance(result, Busy)}
    assert said == {"You have already approved this answer. Nothing was changed."}
    assert house.acts().count("approved") == 1
    assert len(house.reviews.verified.readable(ada)) == 1


def test_a_reviewer_whose_lease_was_taken_over_cannot_resolve(
    house: House, ada: Person, rhea: Person, sam: Person, clock: Clock
) -> None:
    """They are told who works on it, and later who decided what."""
    handed = house.flag(ada, house.document("leave.md", "Up to five days."))
    late = house.claim(rhea, handed)
    clock.advance(minutes=16)
    lease = house.claim(sam, handed)
    with pytest.raises(Busy, match="Sam is working on this question"):
        decide(house, rhea, late)
    decide(house, sam, lease, Decision(Verdict.NOT_IN_DOCUMENTS))
    with pytest.raises(Busy, match='Sam has already answered "not in our documents"'):
        decide(house, rhea, late)


def test_a_lease_that_ran_out_still_counts_while_nobody_else_took_the_task(
    house: House, ada: Person, rhea: Person, clock: Clock
) -> None:
    """Written work is not lost for being slow."""
    handed = house.flag(ada, house.document("leave.md", "Up to five days."))
    lease = house.claim(rhea, handed)
    clock.advance(hours=3)
    decide(house, rhea, lease)
    assert house.reviews.queue.open(rhea, handed.task_id).verdict is Verdict.APPROVED


def test_nobody_decides_with_somebody_elses_lease(
    house: House, ada: Person, rhea: Person, sam: Person
) -> None:
    """Nor the asker, nor a reviewer to whom a source was closed since."""
    passage = house.document("leave.md", "Up to five days.")
    handed = house.flag(ada, passage)
    lease = house.claim(rhea, handed)
    with pytest.raises(Busy, match="Rhea is working"):
        decide(house, sam, lease)
    house.document("leave.md", "Up to five days.", "sales")
    with pytest.raises(NotFound):
        decide(house, rhea, lease)
    assert house.acts() == ["flagged", "claimed"]


def test_an_edited_answer_is_cited_anew_and_becomes_a_regression_case(
    house: House, ada: Person, rhea: Person
) -> None:
    """Its numbers are those of the evidence on the screen; numbers that name nothing are dropped."""
    leave = house.document("leave.md", "Up to five days.")
    until = house.document("until.md", "They must be used by 31 March.")
    handed = house.flag(ada, leave, until)
    text = "By 31 March [2]. Up to five days. [1] [9]"
    decided = decide(house, rhea, house.claim(rhea, handed), Decision(Verdict.EDITED, text))

    assert decided.answer.text == "By 31 March [1]. Up to five days. [2] "
    cited = [(c.number, c.chunk_id) for c in decided.answer.citations]
    assert cited == [(1, until.chunk.id), (2, leave.chunk.id)]
    [case] = cases(house)
    assert (case.question, case.outcome, case.expected) == (QUESTION, "answered", decided.answer.text)
    assert [source["document"] for source in case.sources] == ["until.md", "leave.md"]


def test_an_edited_answer_passes_the_checks_or_needs_a_reason(
    house: House, ada: Person, rhea: Person
) -> None:
    """The reason is kept with the task, and the journal names the rule."""
    handed = house.flag(ada, house.document("leave.md", "Up to five days."))
    lease = house.claim(rhea, handed)
    edited = Decision(Verdict.EDITED, "Five days [1]. This is unsupported.")
    with pytest.raises(NotSupported) as caught:
        decide(house, rhea, lease, edited)
    assert caught.value.findings == (FailedCheck("This is unsupported.", "support", "No source says it."),)
    assert house.reviews.queue.open(rhea, handed.task_id).item.state is TaskState.CLAIMED

    decide(house, rhea, lease, Decision(Verdict.EDITED, edited.text, override="I asked Otto in payroll."))
    newest = house.journal.search(limit=1)[0]
    assert (newest.outcome, newest.data["override"]) == ("edited", ["support"])
    assert newest.data["text"] == "I asked NAME in payroll.", "the reason, masked"


def test_the_checks_read_an_edited_answer_with_the_numbers_of_its_evidence(
    house: House, ada: Person, rhea: Person
) -> None:
    """The asker's numbers begin with 1 in the order of their use; the checks need those of the screen."""
    passages = [house.document(name, f"It says {name}.") for name in ("a.md", "b.md")]
    handed = house.flag(ada, *passages)
    decided = decide(house, rhea, house.claim(rhea, handed), Decision(Verdict.EDITED, "It says b.md [2]."))
    assert house.check.seen == ["It says b.md [2]."] and decided.answer.text == "It says b.md [1]."


def test_what_the_asker_has_read_of_a_draft_is_not_taken_back(
    house: House, ada: Person, rhea: Person
) -> None:
    """While a person is awaited it stays, after an undone decision it is back, and a withdrawal leaves it."""
    passage = house.document("leave.md", "Up to five days.")
    shown = drafted("Up to five days [1].", QUESTION, passage)
    handed = house.flag(ada, passage, text="Up to five days [1]. And six.", shown=shown)
    waiting = house.message(ada, handed)
    assert waiting.text.startswith("Up to five days [1].\n\nI am not sure") and waiting.answer is not None
    assert waiting.answer["outcome"] == "waiting" and len(waiting.answer["citations"]) == 1
    lease = house.claim(rhea, handed)
    assert house.reviews.queue.open(rhea, handed.task_id).shown == shown

    decided = decide(house, rhea, lease)
    assert house.message(ada, handed).text == "Up to five days [1]. And six."
    house.reviews.decisions.undo(rhea, decided.lease)
    assert house.message(ada, handed) == waiting
    house.reviews.intake.withdraw(ada, handed.message_id)
    left = house.message(ada, handed)
    assert left.answer is not None and answer_of(left.text, left.answer) == shown


def test_each_decision_asks_for_what_it_needs(house: House, ada: Person, rhea: Person) -> None:
    """Nothing is resolved without it."""
    conversation = house.conversations.start(ada, QUESTION)
    handed = house.reviews.intake.hand_over(ada, conversation, NewTask("t" * 32, QUESTION))
    lease = house.claim(rhea, handed)
    for decision in (APPROVE, Decision(Verdict.EDITED, " "), Decision(Verdict.REJECTED)):
        with pytest.raises(BadInput):
            decide(house, rhea, lease, decision)
    decide(house, rhea, lease, Decision(Verdict.REJECTED, reason="Ask the works council."))
    message = house.message(ada, handed)
    assert message.text.endswith("Ask the works council.") and message.answer is not None
    assert message.answer["outcome"] == "not_found"
    assert house.reviews.verified.readable(ada) == []


def test_not_in_the_documents_is_an_answer_and_a_case(house: House, ada: Person, rhea: Person) -> None:
    """The next version of the program is asked whether it says so by itself."""
    handed = house.flag(ada, house.document("leave.md", "Up to five days."))
    decide(house, rhea, house.claim(rhea, handed), Decision(Verdict.NOT_IN_DOCUMENTS))
    assert "not in the company's documents" in house.message(ada, handed).text
    assert [case.outcome for case in cases(house)] == ["not_found"]


def test_a_decision_is_undone_within_the_lease_and_only_by_its_reviewer(
    house: House, ada: Person, rhea: Person, sam: Person, clock: Clock
) -> None:
    """The asker waits again; verified answer and case are gone; it can be decided anew."""
    handed = house.flag(ada, house.document("leave.md", "Up to five days."))
    waiting = house.message(ada, handed)
    decided = decide(house, rhea, house.claim(rhea, handed), Decision(Verdict.EDITED, "Four days [1]."))
    with pytest.raises(Busy):
        house.reviews.decisions.undo(sam, decided.lease)
    house.reviews.decisions.undo(rhea, decided.lease)

    assert house.message(ada, handed) == waiting
    assert house.reviews.verified.readable(ada) == [] and cases(house) == []
    assert house.reviews.queue.open(rhea, handed.task_id).item.state is TaskState.CLAIMED
    again = decide(house, rhea, decided.lease)
    clock.advance(minutes=16)
    with pytest.raises(Busy, match="no longer"):
        house.reviews.decisions.undo(rhea, again.lease)
    assert house.message(ada, handed).text == "Five days [1]."
    assert house.acts() == ["flagged", "claimed", "edited", "undone", "approved"]


def test_the_newest_decision_that_can_be_undone_is_found_again(
    house: House, ada: Person, rhea: Person, sam: Person, clock: Clock
) -> None:
    """By its reviewer alone, without the lease; then the one before it, until the time for it is over."""
    undoable = house.reviews.decisions.undoable
    passage = house.document("leave.md", "Up to five days.")
    first, second = (house.flag(ada, passage, question=f"Question {n}?") for n in (1, 2))
    assert undoable(rhea) is None
    decided = decide(house, rhea, house.claim(rhea, first))
    clock.advance(minutes=5)
    decide(house, rhea, house.claim(rhea, second), Decision(Verdict.NOT_IN_DOCUMENTS))

    newest = undoable(rhea)
    assert newest is not None
    assert (newest.question, newest.verdict) == ("Question 2?", Verdict.NOT_IN_DOCUMENTS)
    assert undoable(sam) is None
    with pytest.raises(NotAllowed):
        undoable(ada)
    house.reviews.decisions.undo(rhea, newest.lease)
    assert undoable(rhea) == Undoable(decided.lease, Verdict.APPROVED, "Question 1?")
    clock.advance(minutes=10)
    assert undoable(rhea) is None


def test_the_figures_tell_the_kinds_apart(house: House, ada: Person, rhea: Person, clock: Clock) -> None:
    """How many wait, since when, how fast each kind is decided, and how often its drafts stand."""
    passage = house.document("leave.md", "Up to five days.")
    flagged = house.flag(ada, passage)
    wrong, waits = (
        house.reviews.intake.report(ada, house.answered(ada, passage).id, "It is six.") for _ in range(2)
    )
    since = clock()
    clock.advance(minutes=10)
    decide(house, rhea, house.claim(rhea, flagged))
    clock.advance(minutes=20)
    decide(house, rhea, house.claim(rhea, wrong), Decision(Verdict.NOT_IN_DOCUMENTS))
    assert waits.task_id != wrong.task_id
    figures = house.reviews.figures.of(rhea)
    by_kind = figures.by_kind
    assert by_kind[TaskKind.FLAGGED] == Pace(0, 0, None, 1, 10 * 60, 1.0)
    assert by_kind[TaskKind.REPORTED] == Pace(1, 0, since, 1, 30 * 60, 0.0)
    assert by_kind[TaskKind.ASKED] == by_kind[TaskKind.STALE] == Pace(0, 0, None, 0, None, None)
    assert (figures.open, figures.oldest, figures.decided) == (1, since, 2)
    assert (figures.median_s, figures.agreement) == (20 * 60, 0.5)


def test_what_fails_within_a_decision_leaves_nothing_of_it(
    house: House, ada: Person, rhea: Person, database: Database
) -> None:
    """The journal refuses the entry: the task is still open, the message waits, nothing is verified."""
    handed = house.flag(ada, house.document("leave.md", "Up to five days."))
    lease = house.claim(rhea, handed)
    waiting = house.message(ada, handed)
    with database.write() as connection:
        connection.execute(sa.text("ALTER TABLE journal RENAME TO journal_away"))
    with pytest.raises(sa.exc.DBAPIError):
        decide(house, rhea, lease)
    with database.write() as connection:
        connection.execute(sa.text("ALTER TABLE journal_away RENAME TO journal"))
    assert house.message(ada, handed) == waiting
    assert house.reviews.queue.open(rhea, handed.task_id).item.state is TaskState.CLAIMED
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(verified_answers)) == 0


def test_the_figures_count_what_the_reviewer_may_see(
    house: House, ada: Person, rhea: Person, clock: Clock
) -> None:
    """Open, late, the median time, agreement with the drafts, and answers reused."""
    outsider = house.person("otto", "sales", Role.REVIEWER)
    passage = house.document("leave.md", "Up to five days.", "people")
    handed = [house.flag(ada, passage, question=f"Question {n}?") for n in range(4)]
    for minutes, task, decision in (
        (10, handed[0], APPROVE),
        (20, handed[1], APPROVE),
        (10, handed[2], Decision(Verdict.EDITED, "Four days [1].")),
    ):
        clock.advance(minutes=minutes)
        decide(house, rhea, house.claim(rhea, task), decision)
    house.reviews.verified.note_reuse(house.reviews.verified.readable(ada)[0].id)
    clock.advance(minutes=25)
    figures = house.reviews.figures.of(rhea)
    assert (figures.open, figures.late, figures.decided, figures.median_s) == (1, 1, 3, 30 * 60)
    assert figures.agreement == pytest.approx(2 / 3)
    assert (figures.verified, figures.reused) == (3, 1)
    nothing = house.reviews.figures.of(outsider)
    assert (nothing.open, nothing.decided, nothing.verified, nothing.reused) == (0, 0, 0, 0)
    assert nothing.median_s is None and nothing.agreement is None
