"""Rate limits hold in memory and in Redis, and a refusal takes nothing and says when to come back."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from core.errors import Busy, RateLimited
from core.gateway.charges import Caller
from core.gateway.local_counters import LocalCounters
from core.gateway.rate_limits import SHADOW, RateLimit, RateLimits, RateTable

ADA = Caller("sales", 1, "t", "answer")
BO = Caller("sales", 2, "t", "answer")
WINDOW_S = 2


@pytest.fixture(params=["memory", "redis"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    if request.param == "memory":
        yield LocalCounters()
        return
    url: str = request.getfixturevalue("redis_url")
    storage = storage_from_string(url, key_prefix=f"test-{uuid.uuid4().hex}")
    yield storage
    storage.reset()
    storage.storage.close()


def short(amount: int) -> RateLimitItem:
    return RateLimitItemPerSecond(amount, WINDOW_S)


def limits(storage: Storage, table: RateTable, short_window: bool = False) -> RateLimits:
    return RateLimits(
        MovingWindowRateLimiter(storage), table, short if short_window else RateLimitItemPerMinute
    )


def test_requests_of_one_person_do_not_count_for_another(storage: Storage) -> None:
    """The sentence says what was reached and when to come back."""
    limited = limits(storage, RateTable(person=RateLimit(requests_per_min=2)))
    for _ in range(2):
        limited.take(ADA, "openai", "d1", 10)
    with pytest.raises(RateLimited) as caught:
        limited.take(ADA, "openai", "d1", 10)
    assert isinstance(caught.value, Busy)
    wait_s = caught.value.retry_after_s
    assert wait_s is not None
    assert 58 <= wait_s <= 61
    assert str(caught.value) == (
        f"You have reached the limit of 2 requests a minute. Ask again in {wait_s} seconds."
    )
    limited.take(BO, "openai", "d1", 10)


def test_tokens_count_when_they_are_held(storage: Storage) -> None:
    """Two requests under way count in full, whatever they will use."""
    limited = limits(storage, RateTable(departments={"sales": RateLimit(tokens_per_min=1_000)}))
    limited.take(ADA, "openai", "d1", 600)
    with pytest.raises(
        RateLimited, match="The department sales has reached the limit of 1,000 tokens a minute"
    ):
        limited.take(BO, "openai", "d1", 401)
    limited.take(BO, "openai", "d1", 400)


@pytest.mark.parametrize("full", ["person", "department", "provider", "deployment"])
def test_a_refusal_takes_nothing_from_any_window(storage: Storage, full: str) -> None:
    """All windows are tested before the first is taken from."""
    table = RateTable(
        **{scope: RateLimit(5, 100) for scope in ("person", "department", "provider", "deployment")}
    )
    narrow = RateTable(
        **{
            **{s: RateLimit(5, 100) for s in ("person", "department", "provider")},
            "deployment": RateLimit(5, 100),
            full: RateLimit(5, 50),
        }
    )
    for _ in range(20):
        with pytest.raises(RateLimited) as caught:
            limits(storage, narrow).take(ADA, "openai", "d1", 60)
        assert caught.value.scope == full
    wide = limits(storage, table)
    for _ in range(5):
        wide.take(ADA, "openai", "d1", 20)


def test_a_second_deployment_for_the_same_request_counts_the_caller_once(storage: Storage) -> None:
    """Failover asks without a caller."""
    limited = limits(
        storage, RateTable(person=RateLimit(1), deployment=RateLimit(1), deployments={"d3": RateLimit(0)})
    )
    limited.take(ADA, "openai", "d1", 10)
    limited.take(None, "azure", "d2", 10)
    with pytest.raises(RateLimited) as caught:
        limited.take(None, "azure", "d2", 10)
    assert caught.value.scope == "deployment"


def test_more_than_the_whole_limit_is_never_told_to_come_back(storage: Storage) -> None:
    """Waiting would not help."""
    limited = limits(storage, RateTable(person=RateLimit(tokens_per_min=1_000)))
    with pytest.raises(RateLimited) as caught:
        limited.take(ADA, "openai", "d1", 1_001)
    assert caught.value.retry_after_s is None
    assert str(caught.value) == (
        "This question may take 1,001 tokens, more than your limit of 1,000 a minute. Ask a shorter one."
    )


def test_who_comes_back_when_told_is_served(storage: Storage) -> None:
    """The wait is for as much room as this request needs, not for the first token that comes free."""
    limited = limits(storage, RateTable(person=RateLimit(tokens_per_min=100)), short_window=True)
    limited.take(ADA, "openai", "d1", 10)
    time.sleep(1.1)
    limited.take(ADA, "openai", "d1", 90)
    with pytest.raises(RateLimited) as few:
        limited.take(ADA, "openai", "d1", 10)
    with pytest.raises(RateLimited) as many:
        limited.take(ADA, "openai", "d1", 50)
    assert few.value.retry_after_s is not None
    assert many.value.retry_after_s is not None
    assert few.value.retry_after_s < many.value.retry_after_s <= WINDOW_S + 1
    time.sleep(few.value.retry_after_s)
    limited.take(ADA, "openai", "d1", 10)


def test_a_large_limit_is_counted_in_units_and_never_passed(storage: Storage) -> None:
    """A million tokens a minute are some two thousand entries, not a million."""
    limited = limits(storage, RateTable(provider=RateLimit(tokens_per_min=1_000_000)))
    taken = 0
    with pytest.raises(RateLimited):
        while True:
            limited.take(ADA, "openai", "d1", 30_250)
            taken += 30_250
    assert 950_000 <= taken <= 1_000_000


def test_small_requests_are_not_rounded_up_one_by_one(storage: Storage) -> None:
    """Under a large limit a hundred requests of forty tokens are 4,000 tokens, and not 100 units of 5,000."""
    limited = limits(storage, RateTable(provider=RateLimit(tokens_per_min=10_000_000)))
    for _ in range(100):
        limited.take(ADA, "openai", "d1", 40)
    limited.take(ADA, "openai", "d1", 9_990_000)
    with pytest.raises(RateLimited):
        for _ in range(300):
            limited.take(ADA, "openai", "d1", 40)


def test_what_is_left_of_a_unit_counts_no_longer_than_the_unit(storage: Storage) -> None:
    now = [0.0]
    table = RateTable(provider=RateLimit(tokens_per_min=4_000))  # units of two tokens
    limited = RateLimits(MovingWindowRateLimiter(storage), table, timer=lambda: now[0])
    limited.take(ADA, "openai", "d1", 3_999)
    now[0] = 61.0
    with pytest.raises(RateLimited):
        limited.take(ADA, "openai", "d1", 1)
    now[0] = 59.0
    limited.take(ADA, "openai", "d1", 1)
    with pytest.raises(RateLimited):
        limited.take(ADA, "openai", "d1", 1)


def test_many_threads_take_exactly_what_there_is(storage: Storage) -> None:
    """And each refusal leaves the other windows alone."""
    table = RateTable(person=RateLimit(requests_per_min=50), deployment=RateLimit(requests_per_min=20))
    limited = limits(storage, table)

    def attempt(_: int) -> bool:
        try:
            limited.take(ADA, "openai", "d1", 1)
        except RateLimited:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(60))) == 20
    for _ in range(30):
        limited.take(ADA, "azure", str(uuid.uuid4()), 1)
    with pytest.raises(RateLimited):
        limited.take(ADA, "azure", "d4", 1)


def test_answers_that_are_only_compared_leave_half_of_a_window_to_those_who_wait(storage: Storage) -> None:
    """And count for nobody's own limit."""
    limited = limits(storage, RateTable(person=RateLimit(1), provider=RateLimit(requests_per_min=4)))
    shadow = Caller("house", None, "t", SHADOW)
    for _ in range(2):
        limited.take(shadow, "openai", "d1", 10)
    with pytest.raises(RateLimited):
        limited.take(shadow, "openai", "d1", 10)
    for caller in (ADA, BO):
        limited.take(caller, "openai", "d1", 10)
