"""Replies that are given again, on both databases: one answers, the others wait or get the reply."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.gateway.local_counters import LocalCounters
from core.identity import Identity
from core.journal.journal import Journal
from core.keys import Keys, NewKey
from core.proxy.questions import Asked, Questions
from core.proxy.replies import CLAIM_LIFE, Claim, Replies, ReplyKind, Reused, Unfinished
from core.types import Role
from tests.conftest import add_departments, add_person
from tests.fakes import Clock

DAY = timedelta(days=1)


@pytest.fixture
def replies(database: Database, clock: Clock) -> Replies:
    return Replies(database, clock)


@pytest.fixture
def key_ids(database: Database, clock: Clock) -> list[str]:
    identity = Identity(database, clock, MovingWindowRateLimiter(LocalCounters()), 10, DAY)
    add_departments(identity)
    administrator = add_person(identity, "sanne", "people", Role.ADMINISTRATOR)
    keys = Keys(database, clock, Journal(database, clock).append_in, lambda: uuid.uuid4().hex)
    return [keys.make(administrator, NewKey(name, "sales"))[0].id for name in ("Shop", "Other")]


def test_of_many_equal_requests_one_is_answered(replies: Replies, key_ids: list[str]) -> None:
    def ask(_: int) -> object:
        try:
            return replies.claim(key_ids[0], "order-1", "sha")
        except Unfinished as exc:
            return exc

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(16)))
    [claim] = [each for each in found if isinstance(each, Claim)]
    assert sum(isinstance(each, Unfinished) for each in found) == 15

    replies.settle(claim, {"said": "five"}, DAY)
    assert replies.claim(key_ids[0], "order-1", "sha") == {"said": "five"}


def test_another_request_under_the_same_key_is_refused(replies: Replies, key_ids: list[str]) -> None:
    """And the same words mean nothing for another application."""
    replies.claim(key_ids[0], "order-1", "sha")
    with pytest.raises(Reused):
        replies.claim(key_ids[0], "order-1", "other")
    assert isinstance(replies.claim(key_ids[1], "order-1", "other"), Claim)


def test_a_request_that_failed_may_be_made_again(replies: Replies, key_ids: list[str]) -> None:
    claim = replies.claim(key_ids[0], "order-1", "sha")
    assert isinstance(claim, Claim)
    replies.give_up(claim)
    assert isinstance(replies.claim(key_ids[0], "order-1", "other"), Claim)


def test_a_claim_whose_process_died_runs_out(replies: Replies, key_ids: list[str], clock: Clock) -> None:
    """Should it live after all, it no longer speaks for the request."""
    dead = replies.claim(key_ids[0], "order-1", "sha")
    clock.advance(seconds=CLAIM_LIFE.total_seconds())
    living = replies.claim(key_ids[0], "order-1", "sha")
    assert isinstance(dead, Claim) and isinstance(living, Claim)
    replies.settle(dead, {"said": "late"}, DAY)
    replies.give_up(dead)
    with pytest.raises(Unfinished):
        replies.claim(key_ids[0], "order-1", "sha")


def test_a_kept_reply_is_for_its_key_and_its_time(replies: Replies, key_ids: list[str], clock: Clock) -> None:
    replies.keep(key_ids[0], ReplyKind.CACHE, "d" * 64, {"said": "five"}, DAY)
    assert replies.find(key_ids[0], ReplyKind.CACHE, "d" * 64) == {"said": "five"}
    assert replies.find(key_ids[1], ReplyKind.CACHE, "d" * 64) is None
    assert replies.find(key_ids[0], ReplyKind.ONCE, "d" * 64) is None
    clock.advance(days=1)
    assert replies.find(key_ids[0], ReplyKind.CACHE, "d" * 64) is None


def test_what_is_kept_has_a_most_and_a_question_goes_with_its_reply(
    database: Database, key_ids: list[str], clock: Clock
) -> None:
    """The oldest go first, of one key and kind only; what has run out is found by nobody."""
    replies, questions = Replies(database, clock, most=3), Questions(database, clock)
    cache, mine, other = ReplyKind.CACHE, *key_ids
    vector = np.ones(4, np.float32)
    replies.keep(other, cache, "d0", {"n": 0}, DAY, Asked("scope", "q0", vector))
    for number in range(5):
        digest = f"d{number}"
        replies.keep(mine, cache, digest, {"n": number}, DAY, Asked("scope", f"q{number}", vector))
        clock.advance(seconds=1)
    assert [each.question for each in questions.like(mine, cache, "scope", 9)] == ["q4", "q3", "q2"]
    assert [each.digest for each in questions.like(mine, cache, "scope", 1)] == ["d4"]
    assert [each.question for each in questions.like(other, cache, "scope", 9)] == ["q0"]
    assert questions.like(mine, cache, "another", 9) == []
    assert (questions.count(mine, cache), questions.vectors(mine, cache, 9).shape) == (3, (3, 4))
    assert replies.find(mine, cache, "d1") is None
    clock.advance(days=2)
    assert questions.like(mine, cache, "scope", 9) == []
    assert questions.vectors(mine, cache, 9).shape[0] == questions.count(mine, cache) == 0
