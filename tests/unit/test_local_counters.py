"""What is counted in this process: exactly what a list of everything that was admitted would say."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from math import floor

from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, SlidingWindowCounterRateLimiter

from core.gateway.local_counters import SWEPT_EVERY_S, LocalCounters

MINUTE = 60
STEPS = st.lists(
    st.tuples(st.floats(0, 45, allow_nan=False), st.integers(1, 5), st.sampled_from("ab")), max_size=60
)


@dataclass
class Clock:
    """Seconds since 1970 that pass when they are told to."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Admitted:
    """All that was admitted, for each key, as (when, how much)."""

    seen: dict[str, list[tuple[float, int]]] = field(default_factory=dict)

    def sum_from(self, key: str, moment: float) -> int:
        return sum(amount for at, amount in self.seen.get(key, []) if at >= moment)

    def add(self, key: str, at: float, amount: int) -> None:
        self.seen.setdefault(key, []).append((at, amount))


@given(STEPS, st.integers(1, 12))
def test_a_moving_window_admits_what_leaves_its_last_minute_within_the_limit(
    steps: list[tuple[float, int, str]], limit: int
) -> None:
    """Also after sweeps, and a shorter look back counts what is younger than that."""
    clock, model = Clock(), Admitted()
    counters = LocalCounters(clock)
    for passes, amount, key in steps:
        clock.now += passes
        fits = model.sum_from(key, clock.now - MINUTE) + amount <= limit
        assert counters.acquire_entry(key, limit, MINUTE, amount) == fits
        if fits:
            model.add(key, clock.now, amount)
        for age in (MINUTE, 20):
            assert counters.get_moving_window(key, limit, age)[1] == model.sum_from(key, clock.now - age)


@given(STEPS, st.integers(1, 12))
def test_two_slices_weigh_the_one_before_by_what_is_left_of_it(
    steps: list[tuple[float, int, str]], limit: int
) -> None:
    """The sliding counter's rule, from everything that was admitted."""
    clock, model = Clock(), Admitted()
    counters = LocalCounters(clock)
    for passes, amount, key in steps:
        clock.now += passes
        began = clock.now // MINUTE * MINUTE
        current = model.sum_from(key, began)
        before = model.sum_from(key, began - MINUTE) - current
        counted = before * (1 - clock.now / MINUTE % 1) + current
        fits = floor(counted) + amount <= limit
        assert counters.acquire_sliding_window_entry(key, limit, MINUTE, amount) == fits
        if fits:
            model.add(key, clock.now, amount)
        found = counters.get_sliding_window(key, MINUTE)
        assert (found[0], found[2]) == (before, current + amount * fits)


def test_every_limiter_of_the_library_takes_it() -> None:
    """One is admitted, a second only when the first is a minute old."""
    item = RateLimitItemPerMinute(1)
    for limiter in (MovingWindowRateLimiter, SlidingWindowCounterRateLimiter, FixedWindowRateLimiter):
        clock = Clock()
        counted = limiter(LocalCounters(clock))
        assert counted.test(item, "ada")
        assert counted.hit(item, "ada")
        assert not counted.hit(item, "ada")
        assert counted.get_window_stats(item, "ada").remaining == 0
        clock.now += 2 * MINUTE + 1
        assert counted.hit(item, "ada")
        counted.clear(item, "ada")
        assert counted.hit(item, "ada")


def test_what_nobody_asks_for_any_more_is_not_kept() -> None:
    """A key for each of a thousand callers, who never come again."""
    clock = Clock()
    counters = LocalCounters(clock)
    for number in range(1_000):
        counters.acquire_entry(f"moving/{number}", 1, MINUTE)
        counters.acquire_sliding_window_entry(f"sliding/{number}", 1, MINUTE)
        counters.incr(f"fixed/{number}", MINUTE)
    assert len(counters) == 3_000
    clock.now += 2 * MINUTE + SWEPT_EVERY_S
    counters.incr("another", MINUTE)
    assert len(counters) == 1
    counters.reset()
    assert len(counters) == 0


def test_threads_that_come_at_once_never_pass_a_limit() -> None:
    """Eight threads, a thousand tries, a hundred admitted; and no thread is started for it."""
    counters = LocalCounters(Clock())
    admitted: list[bool] = []
    before = threading.active_count()

    def knock() -> None:
        admitted.extend(counters.acquire_entry("k", 100, MINUTE) for _ in range(125))

    threads = [threading.Thread(target=knock) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(admitted) == 100
    assert threading.active_count() == before
