"""One decision answers all equal questions that wait, alike on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from core.answering.answer import Outcome
from core.database import Database
from core.errors import Busy
from core.review.decisions import Decided, Decision, Undoable
from core.review.intake import Handed
from core.review.tasks import TaskState, Verdict
from core.types import Person, Role
from tests.contract.test_review_decisions import cases
from tests.contract.test_review_queue import ids, in_threads
from tests.fakes import Clock
from tests.review_house import QUESTION, House

APPROVE = Decision(Verdict.APPROVED)
TEXT = "Up to five days of leave may be carried over."


@pytest.fixture
def house(database: Database, clock: Clock) -> House:
    return House(database, clock)


@pytest.fixture
def ada(house: House) -> Person:
    return house.person("ada", "people")


@pytest.fixture
def bo(house: House) -> Person:
    return house.person("bo", "sales")


@pytest.fixture
def rhea(house: House) -> Person:
    return house.person("rhea", "people", Role.REVIEWER)


@pytest.fixture
def sam(house: House) -> Person:
    return house.person("sam", "people", Role.REVIEWER)


def decide(house: House, reviewer: Person, handed: Handed, decision: Decision = APPROVE) -> Decided:
    return house.reviews.decisions.decide(reviewer, house.claim(reviewer, handed), decision)


def state(house: House, reviewer: Person, handed: Handed) -> TaskState:
    return house.reviews.queue.open(reviewer, handed.task_id).item.state


def verdicts(house: House, asker: Person, *handed: Handed) -> list[str | None]:
    """What each message of the asker says about its decision; None while it waits."""
    said = [(house.message(asker, each).answer or {}).get("verified") for each in handed]
    return [None if each is None else each["verdict"] for each in said]


def test_who_asked_twice_gets_the_answer_in_both_conversations(
    house: House, ada: Person, rhea: Person
) -> None:
    """Capitals and closing marks aside; each conversation has news, and the journal has both."""
    passage = house.document("leave.md", TEXT)
    asked = [house.reviews.intake.ask_person(ada, house.answered(ada, passage).id) for _ in range(2)]
    asked.append(house.flag(ada, passage, question=QUESTION.upper().rstrip("?"), text="Six days [1]."))
    decide(house, rhea, asked[0])

    messages = [house.message(ada, each) for each in asked]
    assert [message.text for message in messages] == ["Five days [1]."] * 3
    assert verdicts(house, ada, *asked) == ["approved"] * 3
    assert (messages[2].answer or {})["question"] == QUESTION.upper().rstrip("?")
    assert house.reviews.inbox.unread(ada) == {c.id for c in house.conversations.list(ada)}
    assert ids(house, rhea) == []
    assert house.acts() == ["asked", "asked", "flagged", "claimed", *["approved"] * 3]
    noted = [(e.data["task"], e.data.get("with")) for e in house.journal.search() if e.outcome == "approved"]
    first, second, third = (each.task_id for each in asked)
    assert sorted(noted) == [(first, None), (second, first), (third, first)]
    assert house.journal.verify().intact
    assert len(house.reviews.verified.readable(ada)) == 1


def test_others_get_it_where_they_may_read_all_of_its_sources(
    house: House, ada: Person, bo: Person, rhea: Person
) -> None:
    """Who may not still waits; nothing is told to them."""
    cy = house.person("cy", "people")
    closed = house.document("leave.md", TEXT, "people")
    public = house.document("open.md", "See the leave policy.")
    mine, theirs = house.flag(ada, closed), house.flag(cy, public, text="Six days [1].")
    outside = house.flag(bo, public, text="Six days [1].")
    waiting = house.message(bo, outside)
    decide(house, rhea, mine)

    assert house.message(cy, theirs).text == "Five days [1]."
    assert house.message(bo, outside) == waiting and house.reviews.inbox.unread(bo) == set()
    assert ids(house, rhea) == [outside.task_id]


def test_a_source_that_was_closed_or_replaced_since_is_given_to_nobody_else(
    house: House, ada: Person, bo: Person, rhea: Person
) -> None:
    passage = house.document("leave.md", TEXT)
    public = house.document("open.md", "See the leave policy.")
    mine, theirs = house.flag(ada, passage), house.flag(bo, public)
    house.document("leave.md", f"Since May: {TEXT}")
    decide(house, rhea, mine)
    assert verdicts(house, bo, theirs) == [None], "it would not be served to them either"

    again = house.flag(ada, house.document("leave.md", TEXT, "people"))
    decide(house, rhea, again)
    assert verdicts(house, bo, theirs) == [None]


def test_what_serves_its_asker_only_answers_only_their_equal_questions(
    house: House, ada: Person, rhea: Person
) -> None:
    """An answer that is in no document, a rejection, and a question for the asker's own record."""
    cy = house.person("cy", "people")
    passage = house.document("leave.md", TEXT)
    own = "What is my salary?"
    for question, decision in (
        (QUESTION, Decision(Verdict.NOT_IN_DOCUMENTS)),
        ("May I sell leave?", Decision(Verdict.REJECTED, reason="Ask the works council.")),
        (own, APPROVE),
    ):
        first, second = (house.flag(ada, passage, question=question) for _ in range(2))
        theirs = house.flag(cy, passage, question=question)
        decide(house, rhea, first, decision)
        assert verdicts(house, ada, first, second) == [decision.verdict.value] * 2
        assert house.message(ada, first).text == house.message(ada, second).text
        assert verdicts(house, cy, theirs) == [None]
    assert len(cases(house)) == 1, "one correction is one case"


def test_who_said_why_a_person_is_wanted_is_answered_by_one_who_reads_it(
    house: House, ada: Person, rhea: Person
) -> None:
    passage = house.document("leave.md", TEXT)
    mine = house.flag(ada, passage)
    reported = house.reviews.intake.report(ada, house.answered(ada, passage).id, "It is six.")
    asked = house.reviews.intake.ask_person(ada, house.answered(ada, passage).id, "For apprentices.")
    decide(house, rhea, mine)
    assert verdicts(house, ada, reported, asked) == [None, None]


def test_what_a_colleague_works_on_or_is_kept_for_one_is_left_to_them(
    house: House, ada: Person, rhea: Person, sam: Person, clock: Clock
) -> None:
    """Until the colleague's time is over; an own claim is no hindrance, and ends with the decision."""
    passage = house.document("leave.md", TEXT)
    mine, theirs, kept, own = (house.flag(ada, passage) for _ in range(4))
    lease = house.claim(sam, theirs)
    house.reviews.queue.reassign(rhea, house.claim(rhea, kept), sam.id)
    tab = house.claim(rhea, own)
    decide(house, rhea, mine)

    assert verdicts(house, ada, theirs, kept, own) == [None, None, "approved"]
    with pytest.raises(Busy, match="You have already approved"):
        house.reviews.queue.renew(rhea, tab)
    house.reviews.decisions.decide(sam, lease, Decision(Verdict.EDITED, "Four days [1]."))
    assert house.message(ada, theirs).text == "Four days [1]."
    assert house.message(ada, mine).text == "Five days [1]."
    assert verdicts(house, ada, kept) == ["edited"]

    late, next_one = (house.flag(ada, passage) for _ in range(2))
    gone = house.claim(sam, late)
    clock.advance(minutes=16)
    decide(house, rhea, next_one)
    with pytest.raises(Busy, match="Rhea has already approved this answer"):
        house.reviews.decisions.decide(sam, gone, APPROVE)


def test_undoing_lets_all_of_them_wait_again(
    house: House, ada: Person, bo: Person, rhea: Person, sam: Person
) -> None:
    """Free for everybody, as they were; only the one that was claimed is still its reviewer's."""
    passage = house.document("leave.md", TEXT)
    mine, again, theirs = (house.flag(asker, passage) for asker in (ada, ada, bo))
    before = [house.message(a, h) for a, h in ((ada, mine), (ada, again), (bo, theirs))]
    order = ids(house, sam)
    decided = decide(house, rhea, mine)
    assert house.reviews.decisions.undoable(rhea) == Undoable(decided.lease, Verdict.APPROVED, QUESTION, 2)
    house.reviews.decisions.undo(rhea, decided.lease)

    assert [house.message(a, h) for a, h in ((ada, mine), (ada, again), (bo, theirs))] == before
    assert ids(house, sam) == order and house.reviews.verified.readable(ada) == []
    assert [state(house, sam, each) for each in (mine, again, theirs)] == [
        TaskState.CLAIMED,
        TaskState.OPEN,
        TaskState.OPEN,
    ]
    assert house.acts()[-3:] == ["undone"] * 3
    house.claim(sam, again)
    house.reviews.decisions.decide(rhea, decided.lease, APPROVE)
    assert verdicts(house, ada, mine, again) == ["approved", None]
    assert verdicts(house, bo, theirs) == ["approved"]


def test_an_equal_question_is_neither_undone_nor_learnt_from_by_itself(
    house: House, ada: Person, rhea: Person
) -> None:
    """Nobody has judged its own draft; its reader is led to the one that was decided."""
    passage = house.document("leave.md", TEXT)
    mine, other = house.flag(ada, passage), house.flag(ada, passage, text="Nine days [1].")
    decided = decide(house, rhea, mine)

    task = house.reviews.queue.open(rhea, other.task_id)
    assert (task.verdict, task.decided_by, task.answered_with) == (Verdict.APPROVED, "Rhea", mine.task_id)
    assert task.given_text == "", "its words are where their readers are asked for"
    assert len(house.reviews.lessons.recent()) == 1
    figures = house.reviews.figures.of(rhea)
    assert (figures.open, figures.decided, figures.agreement) == (0, 2, 1.0)
    undoable = house.reviews.decisions.undoable(rhea)
    assert undoable is not None and undoable.lease == decided.lease


def test_a_stale_answer_that_stands_again_is_given_to_who_waits_for_it(
    house: House, ada: Person, bo: Person, rhea: Person
) -> None:
    passage = house.document("leave.md", TEXT)
    decide(house, rhea, house.flag(ada, passage))
    newer = house.document("leave.md", f"Since May: {TEXT}")
    house.reviews.staleness.sweep()
    [stale] = ids(house, rhea)
    waits = house.flag(bo, newer)
    house.reviews.decisions.decide(rhea, house.reviews.queue.claim(rhea, stale), APPROVE)
    assert verdicts(house, bo, waits) == ["approved"]


def test_a_stale_answer_is_looked_at_by_itself(house: House, ada: Person, rhea: Person) -> None:
    passage = house.document("leave.md", TEXT)
    decide(house, rhea, house.flag(ada, passage))
    newer = house.document("leave.md", f"Since May: {TEXT}")
    house.reviews.staleness.sweep()
    [stale] = ids(house, rhea)
    decide(house, rhea, house.flag(ada, newer))
    assert ids(house, rhea) == [stale]


def test_the_sources_of_each_stay_with_the_asker_who_has_them(
    house: House, ada: Person, rhea: Person
) -> None:
    """Who may no longer read one is told so in every equal question of theirs."""
    passage = house.document("leave.md", TEXT)
    mine, other = house.flag(ada, passage), house.flag(ada, passage)
    lease = house.claim(rhea, mine)
    house.document("leave.md", TEXT, "people")
    house.person("ada", "sales")
    house.reviews.decisions.decide(rhea, lease, APPROVE)
    for each in (mine, other):
        message = house.message(ada, each)
        assert "you may no longer read" in message.text and message.answer is not None
        assert message.answer["outcome"] == Outcome.NOT_FOUND.value


def test_reviewers_who_decide_equal_questions_at_once_answer_each_of_them_once(
    house: House, ada: Person, bo: Person
) -> None:
    """Eight with one each, and twelve more that wait in the same two conversations."""
    passage = house.document("leave.md", TEXT)
    askers = {asker.id: asker for asker in (ada, bo)}
    talks = {asker.id: [house.conversations.start(asker, QUESTION) for _ in range(2)] for asker in (ada, bo)}
    handed = [
        (asker, house.flag(asker, passage, conversation=talks[asker.id][n % 2]))
        for n in range(10)
        for asker in askers.values()
    ]
    reviewers = [house.person(f"rev{n}", "people", Role.REVIEWER) for n in range(8)]
    leases = [house.claim(reviewer, task) for reviewer, (_, task) in zip(reviewers, handed, strict=False)]
    results = in_threads(lambda n: house.reviews.decisions.decide(reviewers[n], leases[n], APPROVE))

    assert all(isinstance(result, Decided) for result in results), results
    assert ids(house, reviewers[0]) == []
    assert all(verdicts(house, asker, task) == ["approved"] for asker, task in handed)
    approved = [e.data["task"] for e in house.journal.search(limit=200) if e.outcome == "approved"]
    assert sorted(approved) == sorted(task.task_id for _, task in handed)
    assert house.journal.verify().intact


def test_two_tabs_with_an_equal_question_each_decide_both_without_a_quarrel(
    house: House, ada: Person, rhea: Person
) -> None:
    """Each would take the other's along: one of them is first, in whichever order."""
    passage = house.document("leave.md", TEXT)
    for _ in range(5):
        leases = [house.claim(rhea, house.flag(ada, passage)) for _ in range(2)]
        results = in_threads(lambda n, of=leases: house.reviews.decisions.decide(rhea, of[n], APPROVE), 2)
        assert all(isinstance(result, (Decided, Busy)) for result in results), results
        assert any(isinstance(result, Decided) for result in results)
        assert ids(house, rhea) == []
