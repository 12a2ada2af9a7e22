"""Threads that write at the same moment share one commit, and none is left behind."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.journal.group_commit import MOST, GroupCommit
from tests.proxy_house import eventually


class Book:
    """Keeps the groups that were written; `gate` holds up the first until the test opens it."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.groups: list[list[int]] = []
        self.together = GroupCommit(self.commit)

    def commit(self, works: list[int]) -> None:
        self.groups.append(works)
        if len(self.groups) == 1:
            assert self.gate.wait(20)
        if works == [13]:
            raise OSError("no space left")

    def written(self) -> list[int]:
        return sorted(work for group in self.groups for work in group)


def test_who_comes_alone_writes_at_once() -> None:
    """Nobody waits for company."""
    book = Book()
    book.gate.set()
    for number in range(3):
        book.together.run(number)
    assert book.groups == [[0], [1], [2]]


def test_who_comes_while_one_writes_shares_the_next_commit() -> None:
    """One commit for all who queued; everybody returns only after the own one."""
    book = Book()
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(book.together.run, 0)
        eventually(lambda: book.groups == [[0]])
        others = [pool.submit(book.together.run, number) for number in range(1, 20)]
        eventually(lambda: book.together.waiting == 19)
        assert not any(each.done() for each in [first, *others])
        book.gate.set()
    assert [len(group) for group in book.groups] == [1, 19]
    assert book.written() == list(range(20))


def test_a_group_has_a_largest_size_and_the_rest_goes_on() -> None:
    """The next of the queue leads what is left."""
    book, count = Book(), 2 * MOST + 5
    with ThreadPoolExecutor(count + 1) as pool:
        pool.submit(book.together.run, 0)
        eventually(lambda: book.groups == [[0]])
        others = [pool.submit(book.together.run, number) for number in range(1, count + 1)]
        eventually(lambda: book.together.waiting == count)
        book.gate.set()
        for each in others:
            each.result(20)
    assert [len(group) for group in book.groups] == [1, MOST, MOST, 5]


def test_a_commit_that_fails_leaves_nobody_waiting() -> None:
    """The one who wrote gets the error; those who queued behind are written."""
    book = Book()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(book.together.run, 13)
        eventually(lambda: book.groups == [[13]])
        others = [pool.submit(book.together.run, number) for number in range(7)]
        eventually(lambda: book.together.waiting == 7)
        book.gate.set()
        with pytest.raises(OSError, match="no space"):
            first.result(20)
        for each in others:
            each.result(20)
    assert book.written() == [*range(7), 13]
