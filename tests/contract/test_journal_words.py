"""The index of words follows the journal, whoever appended, and whoever brings it up to date."""

from __future__ import annotations

import threading

import pytest

from core.database import Database
from core.journal.entries import Kind, Record
from core.journal.journal import Journal
from core.journal.words import BATCH
from tests.fakes import Clock


@pytest.fixture
def journal(database: Database, clock: Clock) -> Journal:
    return Journal(database, clock)


def records(first: int, last: int) -> list[Record]:
    return [Record(f"t{n}", Kind.QUESTION, data={"text": f"question word{n}x"}) for n in range(first, last)]


def test_an_index_far_behind_is_brought_up_to_date_by_a_search(journal: Journal) -> None:
    """More entries than one transaction takes, some without any word."""
    count = 2 * BATCH + 7
    journal.append_many(records(0, count))
    journal.append(Record("empty", Kind.QUESTION))
    assert [e.seq for e in journal.search(text=f"word{count - 1}x")] == [count]
    assert [e.seq for e in journal.search(text="word0x")] == [1]
    journal.append_many(records(count, count + 1))
    assert len(journal.search(text=f"word{count}x")) == 1


def test_what_another_process_appended_is_found(database: Database, clock: Clock, journal: Journal) -> None:
    """Two journals over one database see each other's entries, each indexed once."""
    other = Journal(database, clock)
    journal.append_many(records(0, 3))
    other.index_words()
    other.append_many(records(3, 6))
    journal.index_words()
    for number in range(6):
        assert len(other.search(text=f"word{number}x")) == 1


def test_many_may_follow_at_once_while_others_append(
    database: Database, clock: Clock, journal: Journal
) -> None:
    """Four that index and one that appends: no entry is missed, none is taken twice."""
    failures: list[BaseException] = []

    def guarded(work: object) -> None:
        try:
            for _ in range(20):
                work()  # type: ignore[operator]
        except BaseException as exc:
            failures.append(exc)
            raise

    def append() -> None:
        journal.append_many([Record("t", Kind.QUESTION, data={"text": "lisbon"})] * 5)

    work = [append, *(Journal(database, clock).index_words for _ in range(4))]
    threads = [threading.Thread(target=guarded, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(journal.search(text="lisbon", limit=1_000)) == 100
