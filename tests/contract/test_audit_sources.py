"""What an answer rests on, as an auditor sees it, on both databases: present, replaced, closed, deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from core.answering.citations import Citation
from core.audit.sources import GONE, Source, Sources, State
from core.database import Database
from core.identity import Department, Identity, NewPerson
from core.knowledge.versions import Draft, Staged, Versions
from core.tables import (
    conversations,
    messages,
    verified_answers,
    verified_passages,
    verified_sources,
)
from core.types import ChunkSpan, LoadedDocument, Person, Role, Section
from tests.fakes import Clock

HEADING = "Carry-over"
OLD, NEW = "Leave\nFive days may be carried over.", "Leave\nSix days may be carried over."
WHEN = datetime(2026, 11, 24, tzinfo=UTC)


class Library:
    """One document with one passage, which can be replaced, closed and deleted, and one question about it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        identity = Identity(database, clock, None, 1, None)  # type: ignore[arg-type]
        identity.add_departments([Department("people", "People"), Department("sales", "Sales")])
        new = NewPerson("petra@fennwick.example", "Petra", "people", frozenset({Role.AUDITOR}))
        self.auditor: Person = identity.put_person(new)
        self.seller = replace(self.auditor, department="sales")
        self.database, self.versions = database, Versions(database, "model-a", clock)

    def put(self, text: str, readers: str = "*") -> Staged:
        start = text.index("\n") + 1
        loaded = LoadedDocument("Leave policy", text, (Section((HEADING,), 3, 0, len(text)),), 4)
        span = ChunkSpan((HEADING,), 3, start, len(text), text[start:], text)
        given = ("people/leave.md", text.encode(), text + readers, loaded, [span], [["five"]], readers)
        [staged] = self.versions.stage([Draft(*given, "people", "upload", None, None)])
        assert staged is not None
        self.versions.swap([staged])
        return staged

    def answered(self, staged: Staged, trace_id: str = "trace") -> None:
        """An answer that cites the passage, as its asker's conversation keeps it."""
        place = (staged.document_id, staged.version_id, 1, "Leave policy", (HEADING,), 3, 6, len(OLD))
        answer = {"outcome": "answered", "citations": [Citation(1, staged.chunk_ids[0], *place).to_json()]}
        self._say(trace_id, None)
        self._say(trace_id, answer)

    def verified(self, document_id: int, readers: str) -> int:
        """The id under which a colleague's answer is retrieved."""
        row: dict[str, Any] = {
            "state": "active",
            "question": "How much leave is carried over?",
            "question_key": "k",
            "text": "Five days.",
            "answer": {},
            "readers": readers,
            "department_id": "people",
            "verified_by": self.auditor.id,
            "verified_at": WHEN,
            "reused": 0,
        }
        with self.database.write() as connection:
            one = connection.scalar(
                sa.insert(verified_answers).values(**row).returning(verified_answers.c.id)
            )
            connection.execute(
                sa.insert(verified_sources).values(verified_id=one, document_id=document_id, version_id=1)
            )
            passage = sa.insert(verified_passages).values(verified_id=one, embedding="model-a", terms="five")
            return -int(connection.scalar(passage.returning(verified_passages.c.id)) or 0)

    def _say(self, trace_id: str, answer: dict[str, Any] | None) -> None:
        with self.database.write() as connection:
            new = sa.insert(conversations).values(
                person_id=self.auditor.id, title="Leave", created_at=WHEN, updated_at=WHEN
            )
            conversation = connection.scalar(new.returning(conversations.c.id))
            connection.execute(
                sa.insert(messages).values(
                    conversation_id=conversation,
                    author="assistant" if answer else "person",
                    text="Five days. [1]",
                    answer=answer,
                    trace_id=trace_id,
                    created_at=WHEN,
                )
            )


@pytest.fixture
def library(database: Database, clock: Clock) -> Library:
    return Library(database, clock)


@pytest.fixture
def sources(database: Database) -> Sources:
    return Sources(database)


def test_a_passage_is_shown_with_its_place_and_its_words(library: Library, sources: Sources) -> None:
    staged = library.put(OLD)
    [chunk] = staged.chunk_ids

    assert sources.of(library.auditor, "trace", {chunk: staged.version_id}) == {
        chunk: Source(
            State.READABLE, "Leave policy", 1, (HEADING,), 3, "Five days may be carried over.", outdated=False
        )
    }
    assert sources.of(library.auditor, "trace", {}) == {}


def test_whoever_may_not_read_the_document_sees_its_title_and_no_word_of_it(
    library: Library, sources: Sources
) -> None:
    staged = library.put(OLD, "people")
    [chunk] = staged.chunk_ids
    wanted = {chunk: staged.version_id}

    assert sources.of(library.auditor, "trace", wanted)[chunk].state is State.READABLE
    assert sources.of(library.seller, "trace", wanted)[chunk] == Source(State.CLOSED, "Leave policy", 1)


def test_what_was_cited_is_found_again_in_a_version_that_was_replaced(
    library: Library, sources: Sources
) -> None:
    """What was found but not cited has a title alone: nothing tells any more where it stood."""
    staged = library.put(OLD)
    [chunk] = staged.chunk_ids
    library.answered(staged)
    library.put(NEW)

    found = sources.of(library.auditor, "trace", {chunk: staged.version_id})[chunk]
    assert (found.state, found.version, found.outdated) == (State.READABLE, 1, True)
    assert (found.text, found.section, found.page) == ("Five days may be carried over.", (HEADING,), 3)
    assert sources.of(library.auditor, "trace", {chunk: None})[chunk] == found, "the answer tells the version"
    other = sources.of(library.auditor, "another question", {chunk: staged.version_id})[chunk]
    assert other == Source(State.REPLACED, "Leave policy", 1, outdated=True)
    assert sources.of(library.auditor, "another question", {chunk: None})[chunk] == GONE


def test_readers_of_today_and_of_the_version_both_count(library: Library, sources: Sources) -> None:
    staged = library.put(OLD)
    [chunk] = staged.chunk_ids
    library.answered(staged)
    library.put(OLD, "people")

    wanted = {chunk: staged.version_id}
    assert sources.of(library.auditor, "trace", wanted)[chunk].text
    closed = sources.of(library.seller, "trace", wanted)[chunk]
    assert (closed.state, closed.text, closed.section, closed.page) == (State.CLOSED, "", (), None)


def test_a_deleted_document_leaves_nothing(library: Library, sources: Sources) -> None:
    staged = library.put(OLD)
    [chunk] = staged.chunk_ids
    library.answered(staged)
    library.versions.delete(staged.document_id)

    assert sources.of(library.auditor, "trace", {chunk: staged.version_id, -9: 1}) == {chunk: GONE, -9: GONE}


def test_a_colleagues_answer_is_read_by_those_who_may_read_what_it_rests_on(
    library: Library, sources: Sources
) -> None:
    document = library.put(OLD).document_id
    known = library.verified(document, "*")

    found = sources.of(library.auditor, "trace", {known: 1})[known]
    question = "How much leave is carried over?"
    assert found == Source(State.READABLE, question, text="Five days.", verified=True)
    library.put(OLD, "people")
    assert sources.of(library.seller, "trace", {known: 1})[known] == Source(State.CLOSED, verified=True)
    narrow = library.verified(document, "people")
    assert sources.of(library.auditor, "trace", {narrow: 1})[narrow].text == "Five days."
    assert not sources.of(library.seller, "trace", {narrow: 1})[narrow].title
