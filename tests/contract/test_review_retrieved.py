"""Verified answers as a source of retrieval, on SQLite and PostgreSQL: who finds them, and how long."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa

from core.database import Database
from core.errors import ModelUnavailable
from core.knowledge.keyword_index import Statistics
from core.knowledge.retrieval import Query
from core.review.decisions import Decided, Decision
from core.review.indexing import Indexing, ReadingFor
from core.review.intake import Handed
from core.review.sources import passages_of
from core.review.tasks import Verdict
from core.tables import review_tasks, verified_passages
from core.types import Passage, Person, Role
from tests.fakes import Clock, HashEmbedder, Vectors
from tests.review_house import QUESTION, House, cite, drafted

TEXT = "Up to five days of leave may be carried over."
OTHER_WORDS = "Does unused vacation survive the turn of the year, and how many days of it?"


def terms(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


READING = ReadingFor(
    terms,
    is_about_oneself=lambda question: "my salary" in question,
    personal=lambda text: re.findall(r"\bOtto\b", text),
    encode=lambda texts: [text.encode() for text in texts],
)


class Interrupted(HashEmbedder):
    """Something happens while texts are embedded, once."""

    meanwhile: Callable[[], object] | None = None

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        if self.meanwhile is not None:
            work, self.meanwhile = self.meanwhile, None
            work()
        return super().embed_texts(texts)


@pytest.fixture
def embedder() -> Interrupted:
    return Interrupted()


@pytest.fixture
def house(database: Database, clock: Clock, embedder: Interrupted) -> House:
    return House(database, clock, embedder=embedder, reading=READING)


@pytest.fixture
def ada(house: House) -> Person:
    return house.person("ada", "people")


@pytest.fixture
def rhea(house: House) -> Person:
    return house.person("rhea", "people", Role.REVIEWER)


@pytest.fixture
def seller(house: House) -> Person:
    return house.person("bo", "sales")


def decide(house: House, reviewer: Person, handed: Handed, decision: Decision | None = None) -> Decided:
    lease = house.claim(reviewer, handed)
    return house.reviews.decisions.decide(reviewer, lease, decision or Decision(Verdict.APPROVED))


def verify(
    house: House,
    reviewer: Person,
    asker: Person,
    *passages: Passage,
    question: str = QUESTION,
    text: str = "",
) -> Decided:
    handed = house.flag(asker, *passages, question=question)
    return decide(house, reviewer, handed, Decision(Verdict.EDITED, text or "Five days [1]."))


def found(house: House, person: Person, question: str = OTHER_WORDS) -> list[Passage]:
    """As the retriever asks; every term weighs the same."""
    asked = terms(question)
    statistics = Statistics(dict.fromkeys(asked, 1.0), 10.0)
    assert house.reviews.source is not None
    query = Query(HashEmbedder().embed_query(question), asked, statistics)
    return house.reviews.source.candidates(person, query)


def indexing(house: House) -> Indexing:
    assert house.reviews.indexing is not None
    return house.reviews.indexing


def rows(house: House) -> int:
    with house.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(verified_passages)) or 0


def test_a_verified_answer_is_found_by_other_words_as_a_passage_of_its_own_kind(
    house: House, ada: Person, rhea: Person, seller: Person, clock: Clock
) -> None:
    """With who and when and the passages behind it; its markers, which number others, are gone."""
    leave, form = house.document("leave.md", TEXT), house.document("form.md", "Use the leave form.")
    verify(house, rhea, ada, leave, form, text="Five days [1]. Use the form [2].")
    [passage] = found(house, seller)
    chunk = passage.chunk
    assert (chunk.kind, chunk.title, chunk.text) == ("verified", QUESTION, "Five days. Use the form.")
    assert chunk.verified is not None
    assert (chunk.verified.by, chunk.verified.at) == ("Rhea", clock.now.isoformat())
    assert [source.text for source in chunk.verified.sources] == [TEXT, "Use the leave form."]
    assert chunk.id < 0 and passage.bm25 > 0 and passage.cosine > 0
    assert house.catalog.token_codes([chunk.id, leave.chunk.id]) == {chunk.id: chunk.indexed_text.encode()}


def test_what_a_person_may_not_read_changes_neither_scores_nor_places(
    house: House, ada: Person, rhea: Person, seller: Person
) -> None:
    """Readers are those of the narrowest source, of which one has been closed since."""
    leave = house.document("leave.md", TEXT)
    verify(house, rhea, ada, leave)
    before = found(house, seller)
    assert len(before) == 1

    closed = house.document("bands.md", "Vacation of band five.", "people")
    verify(house, rhea, ada, leave, closed, question=OTHER_WORDS, text="Five [1], in band five [2].")
    moved = house.document("moved.md", "Vacation survives.")
    verify(house, rhea, ada, moved, question=f"{OTHER_WORDS} Really?")
    assert len(found(house, ada)) == 3
    house.document("moved.md", "Vacation survives.", "people")
    assert found(house, seller) == before


def test_answers_that_stand_are_found_behind_any_number_that_do_not(
    house: House, ada: Person, rhea: Person
) -> None:
    """Those whose source has changed take no place from one that is less like the question."""
    for number in range(45):
        verify(house, rhea, ada, house.document(f"{number}.md", TEXT), question=f"{OTHER_WORDS} {number}")
    verify(house, rhea, ada, house.document("leave.md", TEXT))
    for number in range(45):
        house.document(f"{number}.md", "Changed.")
    assert [passage.chunk.title for passage in found(house, ada)] == [QUESTION]


@pytest.mark.parametrize("change", ["replace", "close", "delete"])
def test_it_is_gone_the_moment_its_source_changes(
    house: House, ada: Person, rhea: Person, seller: Person, change: str
) -> None:
    """Nobody has to be told."""
    leave = house.document("leave.md", TEXT)
    verify(house, rhea, ada, leave)
    if change == "delete":
        house.versions.delete(leave.chunk.document_id)
    else:
        house.document("leave.md", "Six days." if change == "replace" else TEXT, "people")
    assert found(house, seller) == []


def test_a_renewed_answer_is_found_with_its_new_words_under_a_new_id(
    house: House, ada: Person, rhea: Person
) -> None:
    """What is kept under the old id fits nothing any more; undone, it is found by neither."""
    verify(house, rhea, ada, house.document("leave.md", TEXT))
    [before] = found(house, ada)
    house.document("leave.md", "Six days may be carried over.")
    assert house.reviews.staleness.sweep() == 1
    lease = house.reviews.queue.claim_next(rhea)
    assert lease is not None
    decided = house.reviews.decisions.decide(rhea, lease, Decision(Verdict.EDITED, "Six days [1]."))
    [after] = found(house, ada)
    assert after.chunk.text == "Six days." and after.chunk.id != before.chunk.id
    house.reviews.decisions.undo(rhea, decided.lease)
    assert found(house, ada) == [] and rows(house) == 0


def test_a_retired_answer_is_dropped_and_comes_back_when_that_is_undone(
    house: House, ada: Person, rhea: Person
) -> None:
    leave = house.document("leave.md", TEXT)
    verify(house, rhea, ada, leave)
    decided = verify(house, rhea, ada, leave, text="Up to five days [1].")
    assert [passage.chunk.text for passage in found(house, ada)] == ["Up to five days."]
    house.reviews.decisions.undo(rhea, decided.lease)
    assert [passage.chunk.text for passage in found(house, ada)] == ["Five days."]


def test_other_processes_find_it_without_a_restart_and_indexing_twice_changes_nothing(
    house: House, ada: Person, rhea: Person, database: Database, clock: Clock
) -> None:
    second = HashEmbedder()
    other = House(database, clock, embedder=second, reading=READING)
    assert found(other, ada) == []
    verify(house, rhea, ada, house.document("leave.md", TEXT))
    assert len(found(other, ada)) == 1
    assert indexing(other).refresh() == 0 and second.embedded == [] and rows(house) == 1


def test_what_a_killed_process_did_not_index_is_indexed_at_the_next_start(
    house: House, ada: Person, rhea: Person, embedder: Interrupted
) -> None:
    """Or when the model answers again: the decision stands meanwhile."""

    def fail() -> None:
        raise ModelUnavailable("no model answers")

    embedder.meanwhile = fail
    verify(house, rhea, ada, house.document("leave.md", TEXT))
    assert found(house, ada) == [] and house.reviews.verified.by_question(ada, QUESTION) is not None
    assert indexing(house).refresh() == 1 and len(found(house, ada)) == 1


def test_what_changes_while_it_is_embedded_is_not_kept(
    house: House, ada: Person, rhea: Person, embedder: Interrupted
) -> None:
    leave = house.document("leave.md", TEXT)
    embedder.meanwhile = lambda: house.reviews.erasing.erase(leave.chunk.document_id)
    verify(house, rhea, ada, leave)
    assert rows(house) == 0


def test_erasing_a_document_erases_what_was_indexed_of_answers_that_rest_on_it(
    house: House, ada: Person, rhea: Person
) -> None:
    """In a task, too, whose evidence the answer is, whichever of its sources it is."""
    leave, form = house.document("leave.md", TEXT), house.document("form.md", "Use the leave form.")
    verify(house, rhea, ada, leave, form, text="Five days [1]. Use the form [2].")
    [passage] = found(house, ada)
    handed = house.flag(ada, passage, question=OTHER_WORDS, text="Five days [1].")
    assert house.reviews.queue.open(rhea, handed.task_id).evidence[0].chunk.verified is not None
    house.versions.delete(form.chunk.document_id)
    assert house.reviews.erasing.erase(form.chunk.document_id) == 3
    assert rows(house) == 0
    with house.database.read() as connection:
        kept = connection.scalar(
            sa.select(review_tasks.c.passages).where(review_tasks.c.id == handed.task_id)
        )
    assert kept == []


def test_an_answer_about_one_person_is_no_source(house: House, ada: Person, rhea: Person) -> None:
    """A name that the sources have is nobody's secret from those who may read them."""
    leave = house.document("leave.md", TEXT)
    verify(house, rhea, ada, leave, question="How many days are left of my salary?")
    verify(house, rhea, ada, leave, question="May Otto carry leave over?")
    verify(house, rhea, ada, house.document("otto.md", "Ask Otto."), question="Who?", text="Ask Otto [1].")
    assert [passage.chunk.title for passage in found(house, ada)] == ["Who?"]
    assert indexing(house).refresh() == 0


def test_a_reviewer_sees_it_as_evidence_and_an_approval_is_bound_to_its_documents(
    house: House, ada: Person, rhea: Person, seller: Person
) -> None:
    """Its own citation is none of a document; as evidence of a given answer it is there while it stands."""
    leave = house.document("leave.md", TEXT, "people")
    verify(house, rhea, ada, leave)
    [passage] = found(house, ada)
    answer = drafted("Five days [1].", OTHER_WORDS, passage)
    handed = house.flag(ada, passage, question=OTHER_WORDS)
    task = house.reviews.queue.open(rhea, handed.task_id)
    assert task.readers == "people" and task.evidence[0].chunk.kind == "verified"
    decide(house, rhea, handed, Decision(Verdict.EDITED, "Five days survive [1]."))
    second = house.reviews.verified.by_question(ada, OTHER_WORDS)
    assert second is not None and second.readers == "people"
    assert second.sources == {leave.chunk.document_id: leave.chunk.version_id}
    first, behind = second.answer.citations
    assert first.verified is not None and first.verified.rests_on == (behind.chunk_id,)
    assert house.reviews.verified.stand(ada, second.answer)
    assert not house.reviews.verified.stand(seller, second.answer)
    with house.database.read() as connection:
        evidence = passages_of(connection, second.answer.citations)
    assert [each.chunk.kind for each in evidence] == ["verified", "document"]
    assert evidence[0].chunk.text == "Five days." and answer.citations[0] == cite(1, passage)

    house.document("leave.md", "Six days.", "people")
    assert not house.reviews.verified.stand(ada, second.answer)
