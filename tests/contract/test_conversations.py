"""Conversations behave alike on SQLite and PostgreSQL, and open only for their owner."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from limits.strategies import MovingWindowRateLimiter

from core.conversations import Conversations
from core.database import Database
from core.errors import BadInput, NotFound
from core.gateway.local_counters import LocalCounters
from core.identity import Identity
from core.journal.entries import Kind, Record
from core.journal.journal import Journal
from core.types import Person
from tests.conftest import add_departments, add_person
from tests.fakes import Clock


@pytest.fixture
def people(database: Database, clock: Clock) -> tuple[Person, Person]:
    identity = Identity(database, clock, MovingWindowRateLimiter(LocalCounters()), 3, timedelta(days=1))
    add_departments(identity)
    return add_person(identity, "ada", "people"), add_person(identity, "bo", "people")


@pytest.fixture
def conversations(database: Database, clock: Clock) -> Conversations:
    return Conversations(database, clock)


def test_nobody_else_reads_writes_or_rates_a_conversation(
    conversations: Conversations, people: tuple[Person, Person]
) -> None:
    """Somebody else's conversation and one that does not exist are told apart by nobody."""
    ada, bo = people
    mine = conversations.start(ada, "How much leave do I have?")
    answer = conversations.add(ada, mine, "assistant", "25 days", "t1", {"question": "q"})
    for attempt in (
        lambda: conversations.messages(bo, mine),
        lambda: conversations.add(bo, mine, "person", "hello", "t2"),
        lambda: conversations.rename(bo, mine, "mine now"),
        lambda: conversations.delete(bo, mine),
        lambda: conversations.rate(bo, answer, 1),
        lambda: conversations.messages(ada, mine + 1000),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert conversations.list(bo) == []
    assert [m.text for m in conversations.messages(ada, mine)] == ["25 days"]


def test_the_list_is_newest_first_and_searchable(
    conversations: Conversations, people: tuple[Person, Person], clock: Clock
) -> None:
    """Titles and messages are searched, and wildcards are ordinary characters."""
    ada, _ = people
    first = conversations.start(ada, "leave")
    clock.advance(minutes=1)
    second = conversations.start(ada, "travel 100%")
    clock.advance(minutes=1)
    conversations.add(ada, first, "person", "what about Denmark?", "t")
    assert [c.id for c in conversations.list(ada)] == [first, second]
    assert [c.id for c in conversations.list(ada, "denmark")] == [first]
    assert [c.id for c in conversations.list(ada, "100%")] == [second]
    assert conversations.list(ada, "1_0") == []


def test_a_rename_needs_a_title_and_a_long_one_is_cut(
    conversations: Conversations, people: tuple[Person, Person]
) -> None:
    """Titles fit on one line."""
    ada, _ = people
    mine = conversations.start(ada, "word " * 60)
    assert len(conversations.list(ada)[0].title) <= 80
    with pytest.raises(BadInput):
        conversations.rename(ada, mine, "  ")
    conversations.rename(ada, mine, "Leave\nquestions")
    assert conversations.list(ada)[0].title == "Leave questions"


def test_deleting_a_conversation_deletes_its_messages(
    conversations: Conversations, people: tuple[Person, Person]
) -> None:
    """Nothing of it is found afterwards."""
    ada, _ = people
    mine = conversations.start(ada, "leave")
    conversations.add(ada, mine, "person", "unmistakable", "t")
    conversations.delete(ada, mine)
    assert conversations.list(ada, "unmistakable") == []


def test_a_thumb_can_be_changed_and_taken_back(
    conversations: Conversations, people: tuple[Person, Person]
) -> None:
    """Only answers can be rated."""
    ada, _ = people
    mine = conversations.start(ada, "leave")
    question = conversations.add(ada, mine, "person", "leave?", "t")
    answer = conversations.add(ada, mine, "assistant", "25 days", "t", {"question": "leave?"})
    conversations.rate(ada, answer, -1, "out of date")
    rated = conversations.messages(ada, mine)[1]
    assert (rated.rating, rated.rating_reason) == (-1, "out of date")
    conversations.rate(ada, answer, None)
    assert conversations.messages(ada, mine)[1].rating is None
    with pytest.raises(NotFound):
        conversations.rate(ada, question, 1)


def test_what_is_written_with_a_message_is_there_with_it_or_neither_is(
    conversations: Conversations, people: tuple[Person, Person], database: Database, clock: Clock
) -> None:
    """The journal's entry of a question and of an answer knows its message."""
    ada, _ = people
    mine = conversations.start(ada, "Leave?")
    journal = Journal(database, clock)

    def note(connection: sa.Connection, message: int) -> None:
        journal.append_in(connection, Record("t", Kind.QUESTION, "people", ada.id, data={"message": message}))

    def fail(connection: sa.Connection, message: int) -> None:
        note(connection, message)
        raise OSError("the disk is full")

    kept = conversations.add(ada, mine, "person", "leave?", "t", also=note)
    with pytest.raises(OSError, match="full"):
        conversations.add(ada, mine, "person", "and now?", "t", also=fail)
    assert [message.id for message in conversations.messages(ada, mine)] == [kept]
    assert [entry.data["message"] for entry in journal.trace("t")] == [kept]
