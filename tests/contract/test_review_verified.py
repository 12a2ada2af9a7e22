"""Verified answers behave alike on SQLite and PostgreSQL: who gets them, and how long they stand."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core.database import Database
from core.errors import BadInput
from core.review.decisions import Decided, Decision
from core.review.intake import Handed
from core.review.meaning import shared_words
from core.review.tasks import TaskKind, Verdict
from core.review.verified import VerifiedAnswer, question_key
from core.tables import verified_answers
from core.types import Person, Role
from tests.fakes import Clock
from tests.review_house import QUESTION, House

TEXT = "Up to five days of leave may be carried over."


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
def seller(house: House) -> Person:
    return house.person("bo", "sales")


def approve(house: House, reviewer: Person, handed: Handed) -> Decided:
    return house.reviews.decisions.decide(reviewer, house.claim(reviewer, handed), Decision(Verdict.APPROVED))


def found(house: House, person: Person) -> VerifiedAnswer | None:
    return house.reviews.verified.by_question(person, QUESTION)


def state_of(house: House, verified_id: int) -> str:
    with house.database.read() as connection:
        query = sa.select(verified_answers.c.state).where(verified_answers.c.id == verified_id)
        return str(connection.scalar(query))


def test_an_approved_answer_is_found_with_who_and_when(
    house: House, ada: Person, rhea: Person, seller: Person, clock: Clock
) -> None:
    """By the same question, by a similar one, and as a source for retrieval."""
    passage = house.document("leave.md", TEXT)
    approve(house, rhea, house.flag(ada, passage))
    answer = found(house, seller)
    assert answer is not None
    assert (answer.verified_by, answer.verified_at, answer.readers) == ("Rhea", clock.now, "*")
    assert answer.sources == {passage.chunk.document_id: passage.chunk.version_id}
    assert answer.answer.text == "Five days [1]." and answer.answer.citations
    lookups = house.reviews.verified
    assert lookups.by_question(seller, f"  {QUESTION.upper()} ") == answer
    assert lookups.by_question(seller, "Something else?") is None
    assert lookups.similar(seller, "May leave be carried over?")[0][0] == answer
    assert lookups.similar(seller, "Where is the canteen?") == []
    assert lookups.readable(seller) == [lookups.get(seller, answer.id)]
    lookups.note_reuse(answer.id)
    assert lookups.get(seller, answer.id).reused == 1  # type: ignore[union-attr]


def test_its_readers_are_those_of_its_narrowest_source(
    house: House, ada: Person, rhea: Person, seller: Person
) -> None:
    """Though the draft that was approved cites only an open document, what it cites decides."""
    open_to_all = house.document("leave.md", TEXT)
    closed = house.document("bands.md", "Band five.", "people")
    both = house.document("both.md", "Both may read.", "people+sales")
    approve(house, rhea, house.flag(ada, open_to_all, closed))
    assert found(house, seller) is not None
    handed = house.flag(ada, both, closed, open_to_all, question="Bands?")
    lease = house.claim(rhea, handed)
    edited = Decision(Verdict.EDITED, "Both [1], closed [2], open [3].")
    house.reviews.decisions.decide(rhea, lease, edited)
    assert house.reviews.verified.by_question(seller, "Bands?") is None
    bands = house.reviews.verified.by_question(ada, "Bands?")
    assert bands is not None and bands.readers == "people"


def test_an_answer_without_a_citation_is_bound_to_all_that_its_reviewer_saw(
    house: House, ada: Person, rhea: Person, seller: Person
) -> None:
    """What came of closed evidence never becomes public for want of a number."""
    handed = house.flag(ada, house.document("bands.md", "Band five.", "people"))
    decision = Decision(Verdict.EDITED, "It is band five.")
    house.reviews.decisions.decide(rhea, house.claim(rhea, handed), decision)
    assert found(house, ada) is not None and found(house, seller) is None


def test_a_changed_source_suspends_the_answer_at_once_and_queues_it_once(
    house: House, ada: Person, rhea: Person, clock: Clock
) -> None:
    """Also before anybody tells of the change."""
    passage = house.document("leave.md", TEXT)
    approve(house, rhea, house.flag(ada, passage))
    known = found(house, ada)
    assert known is not None
    house.document("leave.md", f"Since May: {TEXT}")
    assert found(house, ada) is None, "the check at read needs no hook"
    assert house.reviews.queue.items(rhea) == []

    assert house.reviews.staleness.sources_changed(passage.chunk.document_id + 1000) == 0
    assert house.reviews.staleness.sources_changed(passage.chunk.document_id) == 1
    assert house.reviews.staleness.sources_changed(passage.chunk.document_id) == 0
    assert house.reviews.staleness.sweep() == 0
    [item] = house.reviews.queue.items(rhea)
    assert (item.kind, item.question) == (TaskKind.STALE, QUESTION)
    task = house.reviews.queue.open(rhea, item.id)
    assert task.draft is not None and task.draft.text == "Five days [1]."
    assert [p.chunk.text for p in task.evidence] == [TEXT, f"Since May: {TEXT}"]
    assert state_of(house, known.id) == "suspended"
    assert house.acts()[-1] == "suspended"


def test_a_stale_answer_stands_again_on_the_new_version(house: House, ada: Person, rhea: Person) -> None:
    """Its citation moves to where the words stand now; a change after that is noticed again."""
    passage = house.document("leave.md", TEXT)
    approve(house, rhea, house.flag(ada, passage))
    newer = house.document("leave.md", f"Since May: {TEXT}")
    assert house.reviews.staleness.sweep() == 1
    lease = house.reviews.queue.claim_next(rhea)
    assert lease is not None
    house.reviews.decisions.decide(rhea, lease, Decision(Verdict.APPROVED))
    answer = found(house, ada)
    assert answer is not None
    [citation] = answer.answer.citations
    assert (citation.version_id, citation.chunk_id) == (newer.chunk.version_id, newer.chunk.id)
    assert newer.chunk.text[citation.start : citation.end] == TEXT

    house.document("leave.md", "Six days.")
    assert found(house, ada) is None and house.reviews.staleness.sweep() == 1


def test_a_change_while_a_stale_answer_is_reviewed_is_not_overlooked(
    house: House, ada: Person, rhea: Person
) -> None:
    """The approval binds to what was current when the task was made."""
    approve(house, rhea, house.flag(ada, house.document("leave.md", TEXT)))
    house.document("leave.md", f"Since May: {TEXT}")
    house.reviews.staleness.sweep()
    lease = house.reviews.queue.claim_next(rhea)
    assert lease is not None
    house.document("leave.md", "Six days.")
    house.reviews.decisions.decide(rhea, lease, Decision(Verdict.APPROVED))
    assert found(house, ada) is None and house.reviews.staleness.sweep() == 1


def test_a_stale_answer_can_be_retired_and_that_undone(house: House, ada: Person, rhea: Person) -> None:
    """A retired one is never queued again; an undone decision leaves it suspended, not in force."""
    passage = house.document("leave.md", TEXT)
    approve(house, rhea, house.flag(ada, passage))
    known = found(house, ada)
    assert known is not None
    house.document("leave.md", "Six days.")
    house.reviews.staleness.sweep()
    lease = house.reviews.queue.claim_next(rhea)
    assert lease is not None
    reject = Decision(Verdict.REJECTED, reason="It is six now.")
    decided = house.reviews.decisions.decide(rhea, lease, reject)
    assert state_of(house, known.id) == "retired"
    house.reviews.decisions.undo(rhea, decided.lease)
    assert state_of(house, known.id) == "suspended"
    house.reviews.decisions.decide(rhea, lease, Decision(Verdict.EDITED, "Six days [1]."))
    answer = found(house, ada)
    assert answer is not None and answer.answer.text == "Six days [1]."


def test_a_deleted_source_takes_its_answers_away(house: House, ada: Person, rhea: Person) -> None:
    """They cannot be approved again, because nothing is left that would bear them out."""
    passage = house.document("leave.md", TEXT)
    approve(house, rhea, house.flag(ada, passage))
    house.versions.delete(passage.chunk.document_id)
    assert found(house, ada) is None
    assert house.reviews.staleness.sources_changed(passage.chunk.document_id) == 1
    lease = house.reviews.queue.claim_next(rhea)
    assert lease is not None
    with pytest.raises(BadInput, match="None of the sources"):
        house.reviews.decisions.decide(rhea, lease, Decision(Verdict.APPROVED))
    retire = Decision(Verdict.NOT_IN_DOCUMENTS)
    house.reviews.decisions.decide(rhea, lease, retire)
    assert house.reviews.queue.items(rhea) == []


def test_questions_are_the_same_whatever_their_capitals_spaces_and_closing_marks() -> None:
    assert question_key(" How  much? ") == question_key("how much")
    assert question_key("how much") != question_key("how many")
    assert shared_words("a b", ["a b", "b c", "x"]) == [1.0, 0.5, 0.0]
