"""While Redis does not answer, limits are counted here or nothing is admitted, as the setting says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter

from core.bootstrap import Desk
from core.building.foundations import limiter_of
from core.errors import BadInput, Busy, ConfigurationError, NotAllowed, RateLimited
from core.gateway.shared_counters import RETRY_S, SharedCounters
from core.settings import Limits, Settings
from core.types import Role
from tests.conftest import PASSWORD, MakeDesk, add_departments, add_person

NOBODY_LISTENS = "redis://127.0.0.1:1/0"
ONE = RateLimitItemPerMinute(1)


class Timer:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Flaky(RedisStorage):
    """A Redis that can be told not to answer; it counts how often it was asked."""

    down = False
    asked = 0

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        type(self).asked += 1
        if type(self).down:
            raise self.dependency.ConnectionError("nobody answers")
        return super().acquire_entry(key, limit, expiry, amount=amount)


@pytest.fixture
def flaky(redis_url: str, tmp_path: Path) -> Iterator[Flaky]:
    storage = Flaky(redis_url, key_prefix=f"test-{tmp_path.name}")
    Flaky.down, Flaky.asked = False, 0
    yield storage
    storage.reset()
    storage.storage.close()


def settings(folder: Path, outage: str) -> Settings:
    return Settings.model_validate(
        {
            "data_dir": folder / "runtime",
            "REDIS_URL": NOBODY_LISTENS,
            "redis_outage": outage,
            "reranker": "none",
            "limits": Limits(questions_per_min=2, sign_in_tries=2),
        }
    )


def test_limits_are_counted_here_while_redis_is_down_and_there_again_afterwards(
    flaky: Flaky, caplog: pytest.LogCaptureFixture
) -> None:
    """Redis is asked again by one caller every few seconds; the log says what happened, once each."""
    timer = Timer()
    counters = SharedCounters(flaky, False, timer)
    limiter = MovingWindowRateLimiter(counters)
    with caplog.at_level(logging.WARNING):
        assert limiter.hit(ONE, "a") and not limiter.hit(ONE, "a")
        Flaky.down, Flaky.asked = True, 0
        assert limiter.hit(ONE, "a") and counters.is_down
        assert not limiter.hit(ONE, "a") and Flaky.asked == 1
        timer.now += RETRY_S
        assert not limiter.hit(ONE, "a") and Flaky.asked == 2
        Flaky.down = False
        timer.now += RETRY_S
        assert not limiter.hit(ONE, "a") and limiter.hit(ONE, "b") and not counters.is_down
    assert ["does not answer" in record.message for record in caplog.records] == [True, False]


def test_nothing_is_admitted_where_nothing_may_go_uncounted(flaky: Flaky) -> None:
    timer = Timer()
    limiter = MovingWindowRateLimiter(SharedCounters(flaky, True, timer))
    Flaky.down = True
    for _ in range(2):
        with pytest.raises(RateLimited, match="Redis does not answer") as caught:
            limiter.hit(ONE, "a")
        assert caught.value.retry_after_s == RETRY_S
    Flaky.down = False
    timer.now += RETRY_S
    assert limiter.hit(ONE, "a")


def test_the_start_goes_on_without_redis_or_says_which_key_is_wrong(tmp_path: Path) -> None:
    limiter = limiter_of(settings(tmp_path, "count-here"), Timer())
    assert limiter.hit(ONE, "a") and not limiter.hit(ONE, "a")
    window = SlidingWindowCounterRateLimiter(limiter.storage)
    assert window.hit(ONE, "b") and not window.hit(ONE, "b")
    with pytest.raises(ConfigurationError, match="REDIS_URL: no Redis server answers there"):
        limiter_of(settings(tmp_path, "refuse"), Timer())
    for wrong in ("redis://nonsense:port", "memory://"):
        with pytest.raises(ConfigurationError, match="REDIS_URL: this is not"):
            limiter_of(settings(tmp_path, "refuse").model_copy(update={"redis_url": wrong}), Timer())


def test_questions_are_answered_without_redis_and_operations_says_so(
    make_desk: MakeDesk, tmp_path: Path
) -> None:
    """Each person's questions are still counted, and sign-ins too."""
    desk: Desk = make_desk(settings=settings(tmp_path, "count-here"))
    add_departments(desk.identity)
    ada, sanne = (
        add_person(desk.identity, "ada", "people", password=PASSWORD),
        add_person(desk.identity, "sanne", "people", Role.ADMINISTRATOR),
    )
    assert desk.identity.sign_in(ada.email, PASSWORD)
    conversation = desk.conversations.start(ada, "x")
    for _ in range(2):
        assert list(desk.assistant.ask(ada, conversation, "Where is the canteen?"))
    with pytest.raises(Busy, match="many questions in one minute"):
        list(desk.assistant.ask(ada, conversation, "Where is the canteen?"))
    trouble = desk.operations.limits.trouble(sanne)
    assert trouble is not None and "Each process counts" in trouble
    with pytest.raises(NotAllowed):
        desk.operations.limits.trouble(ada)
    with pytest.raises(BadInput):
        list(desk.assistant.ask(ada, conversation, " "))
