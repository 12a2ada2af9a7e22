"""Run by the twins' contract test: one process that is asked a question, told what to do line by line.

It says `asks` before its model would be called, then waits for a line; `waits` when it waits for another
process; `answers` or `served`, with the text, at the end. `ahead` is by how many seconds its clock is.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.asking import Asking
from core.database import Database
from core.gateway.charges import Caller
from core.knowledge.vector_index import ChromaStore
from core.memory import Memory
from core.semantic_cache.leases import DatabaseLeases, Leases, RedisLeases
from core.semantic_cache.recalled import CacheRules, Miss
from core.semantic_cache.turns import Turns
from core.types import DataClass, Person
from tests.cache_house import KEY, QUESTION, House, drafted

POLICY = "Up to five days of annual leave may be carried over."


def say(*words: str) -> None:
    print(*words, flush=True)


class Pause:
    """Says once that it waits; then it really does."""

    def __init__(self) -> None:
        self.said = False

    def __call__(self, seconds: float) -> None:
        from time import sleep

        if not self.said:
            self.said = True
            say("waits")
        sleep(seconds)


def main(url: str, folder: str, name: str, ahead: str, redis_url: str, lease_s: str) -> None:
    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(ahead))

    from time import monotonic

    database, store = Database(url), ChromaStore(Path(folder))
    leases: Leases = DatabaseLeases(database, clock, float(lease_s))
    if redis_url:
        leases = RedisLeases(redis_url, float(lease_s))
    house = House(database, store, "twins-", clock, CacheRules(), None)  # type: ignore[arg-type]
    house.cache._turns = Turns(leases, 60.0, monotonic, Pause(), lambda: name)
    memory = Memory(
        house.cache,
        lambda question: KEY,
        lambda caller, spent: None,
        lambda record: None,
        lambda question, passages: (),
        lambda person, answer: True,
        lambda connection, record: None,
    )
    person = Person(1, "p1@fennwick.example", "P1", "people", frozenset())
    caller = Caller("people", 1, "0" * 32, "answer")
    asking = Asking(person, caller, 1, QUESTION, DataClass.INTERNAL, 0.0)
    miss = memory.recall(asking)
    assert isinstance(miss, Miss)
    say("ready")
    sys.stdin.readline()
    with memory.turn(asking, miss, ()) as meanwhile:
        if meanwhile is not None:
            say("served", meanwhile.entry.answer.text)
            return
        say("asks")
        sys.stdin.readline()
        policy = house.document(f"leave-{name}.md", POLICY)
        answer = drafted(QUESTION, f"Five days, says {name} [1].", policy)
        memory.remember(asking, memory.recall(asking), answer, [policy])  # type: ignore[arg-type]
    say("answers", answer.text)


if __name__ == "__main__":
    main(*sys.argv[1:])
