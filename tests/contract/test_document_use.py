"""How documents are used, on SQLite and PostgreSQL: who may know, and what is counted."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from core.answering.answer import Outcome
from core.database import Database
from core.errors import NotAllowed
from core.journal.entries import Kind, Record
from core.knowledge.terms import TermAnalyzer
from core.reports.document_use import DAYS, RECENT_DAYS, DocumentUse, Use
from core.review.decisions import Decision
from core.review.tasks import Verdict
from core.types import Person, Role
from tests.fakes import Clock
from tests.review_house import QUESTION, House, drafted

TEXT = "Up to five days of leave may be carried over."


class Kept:
    """A house, its owner of documents, and what the owner may know."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.house, self.clock = House(database, clock), clock
        self.use = DocumentUse(database, TermAnalyzer(), clock)
        self.owner = self.house.person("ilse", "people", Role.OWNER)
        self.administrator = self.house.person("sanne", "sales", Role.ADMINISTRATOR)
        self.asker = self.house.person("ada", "people")
        self.reviewer = self.house.person("rhea", "people", Role.REVIEWER)

    def asked(self, text: str, outcome: str = "not_found", alone: str = "") -> None:
        """What the journal keeps of a question."""
        trace = uuid.uuid4().hex
        who = (self.asker.department, self.asker.id)
        append = self.house.journal.append
        append(Record(trace, Kind.QUESTION, *who, data={"text": text} if text else {"text_left_out": "x"}))
        if alone:
            append(Record(trace, Kind.STANDALONE, *who, data={"text": alone}))
        append(Record(trace, Kind.ANSWER, *who, outcome=outcome, data={"text": "the answer"}))

    def groups(self, actor: Person | None = None) -> list[tuple[str, int]]:
        return [(each.text, each.times) for each in self.use.unanswered(actor or self.owner)]


@pytest.fixture
def kept(database: Database, clock: Clock) -> Kept:
    return Kept(database, clock)


@pytest.mark.parametrize("role", [Role.EMPLOYEE, Role.REVIEWER, Role.MANAGER, Role.AUDITOR])
def test_nobody_but_owners_and_administrators_may_know(kept: Kept, role: Role) -> None:
    person = kept.house.person("noor", "people", role)
    for ask in (kept.use.of_documents, kept.use.unanswered):
        with pytest.raises(NotAllowed):
            ask(person)


def test_an_answer_counts_once_for_each_document_that_it_cites(kept: Kept) -> None:
    leave, prices = kept.house.document("leave", TEXT), kept.house.document("prices", "Twelve percent.")
    once = drafted("Five days [1].", QUESTION, leave)
    twice = replace(once, citations=(*once.citations, *once.citations))
    both = replace(once, citations=(*once.citations, *drafted("x", QUESTION, prices).citations))
    for given in (once, twice, both):
        kept.house.answered(kept.asker, given=given)
    for outcome in (Outcome.NOT_FOUND, Outcome.WAITING):
        kept.house.answered(kept.asker, given=replace(once, outcome=outcome))

    found = kept.use.of_documents(kept.owner)
    assert found == {leave.chunk.document_id: Use(3, 0), prices.chunk.document_id: Use(1, 0)}


def test_old_answers_do_not_count_and_a_new_version_keeps_the_count(kept: Kept) -> None:
    leave = kept.house.document("leave", TEXT)
    kept.house.answered(kept.asker, leave)
    kept.clock.advance(days=DAYS, minutes=1)
    kept.house.answered(kept.asker, leave)
    again = kept.house.document("leave", TEXT + " That is so.")

    assert again.chunk.document_id == leave.chunk.document_id
    assert kept.use.of_documents(kept.owner) == {leave.chunk.document_id: Use(1, 0)}


def test_an_owner_knows_of_the_documents_of_their_department_and_an_administrator_of_all(kept: Kept) -> None:
    leave = kept.house.document("leave", TEXT)
    prices = kept.house.document("prices", "Twelve percent.", department="sales")
    kept.house.answered(kept.asker, prices)

    assert set(kept.use.of_documents(kept.owner)) == {leave.chunk.document_id}
    everything = kept.use.of_documents(kept.administrator)
    assert everything == {leave.chunk.document_id: Use(0, 0), prices.chunk.document_id: Use(1, 0)}


def test_a_verified_answer_is_stale_from_the_moment_its_source_changes_until_it_is_verified_anew(
    kept: Kept,
) -> None:
    house, leave = kept.house, kept.house.document("leave", TEXT)
    document = leave.chunk.document_id
    handed = house.flag(kept.asker, leave)
    house.reviews.decisions.decide(
        kept.reviewer, house.claim(kept.reviewer, handed), Decision(Verdict.APPROVED)
    )
    assert kept.use.of_documents(kept.owner)[document].stale == 0

    house.document("leave", TEXT + " That is so.")
    assert kept.use.of_documents(kept.owner)[document].stale == 1, "nobody had to tell of it"
    house.reviews.staleness.sources_changed(document)
    assert kept.use.of_documents(kept.owner)[document].stale == 1, "and once only"

    lease = house.reviews.queue.claim_next(kept.reviewer)
    assert lease is not None
    house.reviews.decisions.decide(kept.reviewer, lease, Decision(Verdict.APPROVED))
    assert kept.use.of_documents(kept.owner)[document].stale == 0


def test_questions_that_found_nothing_are_grouped_by_their_words(kept: Kept) -> None:
    kept.asked("Where do I park my bicycle?")
    kept.asked("May I bring a dog?")
    kept.asked("Where can the bicycle be parked?")
    kept.asked("How much leave do I have?", outcome="answered")
    kept.asked("")

    bicycles, dogs = kept.use.unanswered(kept.owner)
    assert (bicycles.text, bicycles.times) == ("Where can the bicycle be parked?", 2), "the newest wording"
    assert (dogs.text, dogs.times) == ("May I bring a dog?", 1)
    assert bicycles.last_at == kept.clock.now


def test_a_follow_up_is_shown_as_the_question_that_it_stands_for(kept: Kept) -> None:
    kept.asked("And in Lyon?", alone="Where do I park in Lyon?")
    assert kept.groups() == [("Where do I park in Lyon?", 1)]


def test_old_questions_are_left_out_and_the_list_is_as_long_as_is_asked_for(kept: Kept) -> None:
    kept.asked("May I bring a dog?")
    kept.clock.advance(days=RECENT_DAYS, minutes=1)
    for thing in ("bicycle", "piano", "kettle"):
        kept.asked(f"Where is the {thing}?")
    assert len(kept.groups()) == 3 and len(kept.use.unanswered(kept.owner, limit=2)) == 2


def test_no_name_comes_with_a_question(kept: Kept) -> None:
    kept.asked("Who is <PERSON_1>?")
    [group] = kept.use.unanswered(kept.administrator)
    told = repr(group)
    assert "<PERSON_1>" in told and "Ada" not in told and "people" not in told
