"""Who waits for whom, for how long, and that faults hold nobody up."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from core.semantic_cache.leases import Lease
from core.semantic_cache.turns import POLL_S, Turns

KEY = "k"


class Board:
    """Leases in memory; `faults` raise instead of what they are named for."""

    def __init__(self, *faults: str) -> None:
        self.held: dict[str, Lease] = {}
        self.faults = set(faults)

    def take(self, key: str, holder: str) -> bool:
        self._fail("take")
        if key in self.held and not self.held[key].expired:
            return False
        self.held[key] = Lease(holder, expired=False)
        return True

    def seen(self, key: str) -> Lease | None:
        self._fail("seen")
        return self.held.get(key)

    def give_back(self, key: str, holder: str) -> None:
        self._fail("give_back")
        if key in self.held and self.held[key].holder == holder:
            del self.held[key]

    def _fail(self, name: str) -> None:
        if name in self.faults:
            raise OSError(name)


class Waiting:
    """Time that goes by as it is waited for; `events` happen after so many pauses."""

    def __init__(self, events: dict[int, Callable[[], object]] | None = None) -> None:
        self.now, self.pauses, self.events = 0.0, 0, events or {}

    def timer(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.pauses += 1
        self.events.get(self.pauses, lambda: None)()


def turns(board: Board, waiting: Waiting, wait_s: float = 1.0) -> Turns:
    names = (f"holder {number}" for number in itertools.count())
    return Turns(board, wait_s, waiting.timer, waiting.pause, lambda: next(names))


def test_the_first_does_not_wait_and_gives_the_lease_back() -> None:
    board, waiting = Board(), Waiting()
    with turns(board, waiting).of(KEY) as waited:
        assert not waited
        assert board.held[KEY].holder == "holder 0"
    assert (board.held, waiting.pauses) == ({}, 0)


def test_the_lease_is_given_back_when_the_answer_fails() -> None:
    board = Board()
    with pytest.raises(KeyError), turns(board, Waiting()).of(KEY):
        raise KeyError
    assert board.held == {}


def test_who_comes_second_waits_until_the_first_has_finished() -> None:
    board = Board()
    board.take(KEY, "first")
    waiting = Waiting({3: lambda: board.give_back(KEY, "first")})
    with turns(board, waiting).of(KEY) as waited:
        assert waited
        assert board.held == {}
    assert waiting.pauses == 3


def test_nobody_waits_for_a_third_that_began_after_the_first() -> None:
    board = Board()
    board.take(KEY, "first")
    waiting = Waiting({2: lambda: board.held.update({KEY: Lease("third", expired=False)})})
    with turns(board, waiting).of(KEY) as waited:
        assert waited
    assert waiting.pauses == 2
    assert board.held[KEY].holder == "third"


def test_waiting_is_bounded() -> None:
    board, waiting = Board(), Waiting()
    board.take(KEY, "first")
    with turns(board, waiting, wait_s=4 * POLL_S).of(KEY) as waited:
        assert waited
    assert waiting.pauses == 4
    assert board.held[KEY].holder == "first"


def test_one_of_those_that_waited_for_a_dead_process_takes_its_place() -> None:
    board = Board()
    board.take(KEY, "dead")
    waiting = Waiting({2: lambda: board.held.update({KEY: Lease("dead", expired=True)})})
    with turns(board, waiting).of(KEY) as waited:
        assert waited
        assert board.held[KEY].holder == "holder 0"
    assert board.held == {}


@pytest.mark.parametrize("fault", ["take", "seen", "give_back"])
def test_a_fault_holds_nobody_up(fault: str) -> None:
    board, waiting = Board(fault), Waiting()
    board.held[KEY] = Lease("first", expired=fault == "give_back")
    with turns(board, waiting).of(KEY):
        pass
    assert waiting.pauses == 0
