"""The same question asked at the same moment in two processes, on SQLite, PostgreSQL and Redis."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.database import Database
from core.semantic_cache.leases import DatabaseLeases, Lease, Leases, RedisLeases
from tests.fakes import Clock

KEY = "a" * 64
Start = Callable[..., "Child"]


class Child:
    """A process that is asked the question; every line of its is waited for."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.twin_child", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.next() == "ready"

    def next(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go on\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def start(database: Database, database_url: str, tmp_path: Path) -> Iterator[Start]:
    children: list[Child] = []

    def begin(name: str, *, ahead: float = 0, redis: str = "", lease_s: float = 600) -> Child:
        folder = str(tmp_path / name)
        children.append(Child(database_url, folder, name, str(ahead), redis, str(lease_s)))
        return children[-1]

    yield begin
    for child in children:
        child.end()


def both_ask(first: Child, second: Child) -> None:
    first.go_on()
    assert first.next() == "asks"
    second.go_on()
    assert second.next() == "waits"


def test_two_processes_make_one_model_call(start: Start) -> None:
    """The second waits for the first, and is served what that has stored."""
    first, second = start("first"), start("second")
    both_ask(first, second)
    first.go_on()
    assert first.next() == "answers Five days, says first [1]."
    assert second.next() == "served Five days, says first [1]."


def test_a_process_that_is_killed_holds_the_other_up_until_its_lease_has_run_out(start: Start) -> None:
    first, second = start("first"), start("second", ahead=3_600)
    first.go_on()
    assert first.next() == "asks"
    first.end()
    second.go_on()
    assert second.next() == "asks"
    second.go_on()
    assert second.next() == "answers Five days, says second [1]."


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_two_processes_make_one_model_call_over_redis(start: Start, redis_url: str) -> None:
    first, second = start("first", redis=redis_url), start("second", redis=redis_url)
    both_ask(first, second)
    first.go_on()
    assert first.next() == "answers Five days, says first [1]."
    assert second.next() == "served Five days, says first [1]."


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_redis_lets_the_lease_of_a_killed_process_run_out(start: Start, redis_url: str) -> None:
    first, second = start("first", redis=redis_url, lease_s=0.2), start("second", redis=redis_url)
    first.go_on()
    assert first.next() == "asks"
    first.end()
    second.go_on()
    while (line := second.next()) == "waits":
        pass
    assert line == "asks"


@pytest.fixture(params=["database", "redis"])
def leases(request: pytest.FixtureRequest, database: Database, clock: Clock) -> Leases:
    if request.param == "database":
        return DatabaseLeases(database, clock, 60)
    return RedisLeases(request.getfixturevalue("redis_url"), 60)


def test_a_lease_has_one_holder_until_it_is_given_back(leases: Leases) -> None:
    key = uuid.uuid4().hex
    assert leases.seen(key) is None
    assert leases.take(key, "one")
    assert not leases.take(key, "other")
    assert leases.seen(key) == Lease("one", expired=False)
    leases.give_back(key, "other")
    assert not leases.take(key, "other")
    leases.give_back(key, "one")
    assert leases.seen(key) is None
    assert leases.take(key, "other")
    leases.give_back(key, "other")


def test_a_lease_that_has_run_out_may_be_taken_and_is_not_given_back_by_the_first(
    database: Database, clock: Clock
) -> None:
    leases = DatabaseLeases(database, clock, 60)
    assert leases.take(KEY, "one")
    clock.advance(seconds=60)
    assert leases.seen(KEY) == Lease("one", expired=True)
    assert leases.take(KEY, "other")
    leases.give_back(KEY, "one")
    assert leases.seen(KEY) == Lease("other", expired=False)


def test_what_dead_processes_left_is_cleared_away(database: Database, clock: Clock) -> None:
    leases = DatabaseLeases(database, clock, 60)
    leases.take(KEY, "dead")
    clock.advance(hours=2)
    leases.take("b" * 64, "living")
    leases.give_back("b" * 64, "living")
    assert leases.seen(KEY) is None
