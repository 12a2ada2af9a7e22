"""Verified answers to like questions, on SQLite and PostgreSQL, and what the memory of answers is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from core.answering.answer import Answer, Verified
from core.database import Database
from core.errors import ModelUnavailable
from core.review.decisions import Decided, Decision
from core.review.intake import Handed
from core.review.tasks import Verdict
from core.review.verified import VerifiedAnswer
from core.types import DataClass, Person, Role
from tests.fakes import Clock, HashEmbedder, Vectors
from tests.review_house import QUESTION, House, drafted

TEXT = "Up to five days of leave may be carried over."
LIKE = "How many days may be carried over?"


class BrokenEmbedder(HashEmbedder):
    """No model answers."""

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        raise ModelUnavailable("no model answers")


@dataclass
class Notebook:
    """Writes down what it is told; with `fails`, it cannot."""

    remembered: list[VerifiedAnswer] = field(default_factory=list)
    forgotten: list[Answer] = field(default_factory=list)
    fails: bool = False

    def remember(self, verified: VerifiedAnswer) -> None:
        self.remembered.append(verified)
        if self.fails:
            raise OSError("the disk is full")

    def forget(self, answer: Answer) -> None:
        self.forgotten.append(answer)


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def house(database: Database, clock: Clock, embedder: HashEmbedder, notebook: Notebook) -> House:
    return House(database, clock, embedder=embedder, memory=notebook)


@pytest.fixture
def ada(house: House) -> Person:
    return house.person("ada", "people")


@pytest.fixture
def rhea(house: House) -> Person:
    return house.person("rhea", "people", Role.REVIEWER)


@pytest.fixture
def seller(house: House) -> Person:
    return house.person("bo", "sales")


def decide(house: House, reviewer: Person, handed: Handed, verdict: Verdict, text: str = "") -> Decided:
    lease = house.claim(reviewer, handed)
    return house.reviews.decisions.decide(reviewer, lease, Decision(verdict, text, reason="Because."))


def texts(house: House, person: Person, question: str = LIKE) -> list[str]:
    return [near.verified.answer.text for near in house.reviews.verified.nearest(person, question)]


def test_answers_to_like_questions_come_the_most_alike_first_with_what_they_cite(
    house: House, ada: Person, rhea: Person
) -> None:
    """Meaning and words both count; their passages can stand beside those of a search."""
    leave = house.document("leave.md", TEXT)
    decide(house, rhea, house.flag(ada, leave), Verdict.APPROVED)
    other = house.flag(ada, leave, question="How many days of leave are there?", text="Thirty days [1].")
    decide(house, rhea, other, Verdict.APPROVED)
    first, second = house.reviews.verified.nearest(ada, LIKE, at_least=0.3)
    assert (first.verified.question, second.verified.question) == (
        QUESTION,
        "How many days of leave are there?",
    )
    assert first.likeness > second.likeness and first.cosine > first.words - 0.5 > 0
    [passage] = first.passages
    assert (passage.chunk.id, passage.chunk.text, passage.score) == (leave.chunk.id, TEXT, first.likeness)
    assert house.reviews.verified.nearest(ada, "Where is the canteen?") == []
    assert len(house.reviews.verified.nearest(ada, LIKE, limit=1, at_least=0.3)) == 1


def test_only_answers_that_stand_and_may_be_read_are_near(
    house: House, ada: Person, rhea: Person, seller: Person
) -> None:
    """Another department's and a stale one are not there."""
    leave = house.document("leave.md", TEXT, "people")
    decide(house, rhea, house.flag(ada, leave), Verdict.APPROVED)
    assert texts(house, ada) == ["Five days [1]."] and texts(house, seller) == []
    house.document("leave.md", "Six days may be carried over.", "people")
    assert texts(house, ada) == []


def test_a_question_is_embedded_once_for_all_processes(
    house: House, ada: Person, rhea: Person, database: Database, clock: Clock
) -> None:
    """Its vector is kept in the database; another process reads it there."""
    decide(house, rhea, house.flag(ada, house.document("leave.md", TEXT)), Verdict.APPROVED)
    second = HashEmbedder()
    for each in (house, house, House(database, clock, embedder=second)):
        assert texts(each, ada) == ["Five days [1]."]
    assert second.embedded == []


def test_without_a_model_that_answers_the_words_decide(
    house: House, ada: Person, rhea: Person, database: Database, clock: Clock
) -> None:
    """A question is never refused because its verified answers cannot be compared by meaning."""
    decide(house, rhea, house.flag(ada, house.document("leave.md", TEXT)), Verdict.APPROVED)
    for embedder in (BrokenEmbedder(), None):
        [near] = House(database, clock, embedder=embedder).reviews.verified.nearest(ada, LIKE)
        assert (near.cosine, near.likeness) == (0.0, near.words)


def test_a_later_decision_takes_the_place_of_an_earlier_one(house: House, ada: Person, rhea: Person) -> None:
    """For the same question and the same readers; undone, the earlier one is in force again."""
    leave = house.document("leave.md", TEXT)
    decide(house, rhea, house.flag(ada, leave), Verdict.APPROVED)
    decided = decide(house, rhea, house.flag(ada, leave), Verdict.EDITED, "Up to five days [1].")
    assert texts(house, ada) == ["Up to five days [1]."]
    house.reviews.decisions.undo(rhea, decided.lease)
    assert texts(house, ada) == ["Five days [1]."]


def test_a_verified_answer_that_was_reported_and_found_wrong_serves_no_more(
    house: House, ada: Person, rhea: Person, seller: Person
) -> None:
    """Whatever question it was given to; undone, it is in force again."""
    leave = house.document("leave.md", TEXT)
    handed = house.flag(ada, leave)
    decide(house, rhea, handed, Verdict.APPROVED)
    [near] = house.reviews.verified.nearest(seller, LIKE)
    assert near.verified.answer.verified == Verified(
        handed.task_id, "approved", "Rhea", "2026-11-24T09:00:00+00:00"
    )
    served = house.answered(seller, given=near.verified.answer)
    reported = house.reviews.intake.report(seller, served.id, "It is six.")
    decided = decide(house, rhea, reported, Verdict.NOT_IN_DOCUMENTS)
    assert texts(house, ada) == []
    house.reviews.decisions.undo(rhea, decided.lease)
    assert texts(house, ada) == ["Five days [1]."]


def test_the_memory_is_told_of_approved_answers_and_of_wrong_ones(
    house: House, ada: Person, rhea: Person, notebook: Notebook
) -> None:
    """An edit forgets the draft and remembers the reviewer's words; undone, those are forgotten."""
    leave = house.document("leave.md", TEXT)
    decide(house, rhea, house.flag(ada, leave), Verdict.APPROVED)
    [approved] = notebook.remembered
    assert approved == house.reviews.verified.by_question(ada, QUESTION) and notebook.forgotten == []

    answer = house.answered(ada, leave, text="Four days [1].")
    reported = house.reviews.intake.report(ada, answer.id, "It is five.")
    decided = decide(house, rhea, reported, Verdict.EDITED, "Up to five days [1].")
    assert [given.text for given in notebook.forgotten] == ["Four days [1]."]
    assert notebook.remembered[-1].answer.text == "Up to five days [1]."
    house.reviews.decisions.undo(rhea, decided.lease)
    assert [given.text for given in notebook.forgotten] == ["Four days [1].", "Up to five days [1]."]

    decide(house, rhea, reported, Verdict.REJECTED)
    assert notebook.forgotten[-1].text == "Four days [1]." and len(notebook.remembered) == 2


def test_a_decision_stands_though_the_memory_fails(
    house: House, ada: Person, rhea: Person, notebook: Notebook
) -> None:
    """The answer arrives and is verified."""
    notebook.fails = True
    handed = house.flag(ada, house.document("leave.md", TEXT))
    decide(house, rhea, handed, Verdict.APPROVED)
    assert len(notebook.remembered) == 1
    assert house.message(ada, handed).text == "Five days [1]." and texts(house, ada) == ["Five days [1]."]


def test_sensitive_sources_stay_sensitive(house: House, ada: Person, rhea: Person) -> None:
    """A reviewer's answer is as sensitive as the evidence, and so are the passages of a verified one."""
    bands = house.document("bands.md", "Band five.", data_class=DataClass.RESTRICTED)
    conversation = house.conversations.start(ada, QUESTION)
    answer = drafted("Five [1].", QUESTION, bands)
    house.conversations.add(ada, conversation, "assistant", answer.text, "t" * 32, answer.to_json())
    asked = house.reviews.intake.ask_person(ada, house.context_of(ada)[-1].id)
    assert house.reviews.queue.open(rhea, asked.task_id).evidence[0].chunk.data_class is DataClass.RESTRICTED
    decided = decide(house, rhea, asked, Verdict.EDITED, "It is band five [1].")
    assert decided.answer.data_class is DataClass.RESTRICTED
    [near] = house.reviews.verified.nearest(ada, QUESTION)
    assert near.passages[0].chunk.data_class is DataClass.RESTRICTED
