"""Limits on requests and tokens a minute, of people, departments, providers and deployments.

A moving window cannot give back, so nothing is taken until every window has been found to have
room, and then the windows are taken from the caller outwards: person, department, provider,
deployment. With counters in memory the two steps are one, because every caller is in this process
and they wait for each other. With Redis another process may be quicker between them; then the
refused caller has used up some of its own windows, never somebody else's before its own.

What only compares answers leaves the other half of each window to those who wait for theirs.

Tokens are counted when they are held (prompt and `max_tokens`), not when they are used: a limit
cannot be passed by requests that are still being answered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, cast

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MovingWindowSupport
from limits.strategies import MovingWindowRateLimiter

from core.errors import RateLimited
from core.gateway.charges import Caller

SHADOW = "shadow"
"""The purpose of answers that are compared with others and that nobody waits for."""
ScopeName = Literal["person", "department", "provider", "deployment"]

FINEST = 2_000
"""A window keeps one entry for each unit, in memory and in Redis: tokens are counted in units of
which a limit has about so many. What a request leaves of its last unit is kept in this process for
the next ones, so that many small ones are not rounded up one by one."""
MOST_LEFT_OVER = 10_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most so much in any minute; None is no limit.

    Both are checked when a deployment is about to be called.
    """

    requests_per_min: int | None = None
    tokens_per_min: int | None = None


UNLIMITED = RateLimit()


@dataclass(frozen=True, slots=True)
class RateTable:
    """The limit of each kind of scope, and of the named ones that have their own.

    People are named by e-mail address, in small letters.
    """

    person: RateLimit = UNLIMITED
    department: RateLimit = UNLIMITED
    provider: RateLimit = UNLIMITED
    deployment: RateLimit = UNLIMITED
    people: Mapping[str, RateLimit] = field(default_factory=dict)
    departments: Mapping[str, RateLimit] = field(default_factory=dict)
    providers: Mapping[str, RateLimit] = field(default_factory=dict)
    deployments: Mapping[str, RateLimit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Window:
    scope: ScopeName
    id: str
    what: Literal["requests", "tokens"]
    limit: int
    needed: int
    item: RateLimitItem
    unit: int
    cost: int
    over: int = 0

    @property
    def key(self) -> str:
        return self.item.key_for(*self.identifiers)

    @property
    def identifiers(self) -> tuple[str, str, str]:
        return self.scope, self.id, self.what


class _LeftOver(NamedTuple):
    """So many tokens of a unit that was taken, to be used before that unit leaves its window."""

    tokens: int
    until: float


class RateLimits:
    """The limits of a table, counted by the limiter's storage: memory, or Redis for many processes."""

    def __init__(
        self,
        limiter: MovingWindowRateLimiter,
        table: RateTable,
        item: Callable[[int], RateLimitItem] = RateLimitItemPerMinute,
        email_of: Callable[[int], str | None] = lambda _: None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`item` makes the window of a number of units; another than the minute is for tests.

        `email_of` gives a person's address, and is asked only where the table names people. `timer` gives
        seconds that only grow.
        """
        self.table = table
        self._limiter = limiter
        self._item = item
        self._email_of = email_of
        self._timer = timer
        self._lock = threading.Lock()
        self._left_over: dict[tuple[str, str, str], _LeftOver] = {}

    def take(self, caller: Caller | None, provider: str, deployment: str, tokens: int) -> None:
        """Count one request of at most `tokens` tokens, prompt and completion.

        The caller is None for a second deployment that is tried for the same request: the person
        and the department have been counted. Raises RateLimited and takes nothing.
        """
        with self._lock:
            windows = list(self._windows(caller, provider, deployment, tokens))
            full = [w for w in windows if not self._has_room(w, caller)]
            taken = (not full) and self._hit([w for w in windows if w.cost], full)
            if taken:
                self._keep(windows)
        if not taken:
            raise self._refusal(full)

    def _has_room(self, window: _Window, caller: Caller | None) -> bool:
        spare = window.item.amount // 2 if caller is not None and caller.purpose == SHADOW else 0
        return self._limiter.test(window.item, *window.identifiers, cost=window.cost + spare)

    def _hit(self, windows: list[_Window], full: list[_Window]) -> bool:
        for window in windows:
            if not self._limiter.hit(window.item, *window.identifiers, cost=window.cost):
                full.append(window)
                return False
        return True

    def _keep(self, windows: list[_Window]) -> None:
        """Keep what is left over of the units that were taken, no longer than these count."""
        now = self._timer()
        if len(self._left_over) > MOST_LEFT_OVER:
            self._left_over = {key: left for key, left in self._left_over.items() if left.until > now}
        for window in windows:
            if window.unit > 1:
                until = now + window.item.get_expiry()
                if not window.cost:
                    until = self._left_over[window.identifiers].until
                self._left_over[window.identifiers] = _LeftOver(window.over, until)

    def _windows(
        self, caller: Caller | None, provider: str, deployment: str, tokens: int
    ) -> Iterator[_Window]:
        for scope, name, limit in self._limits(caller, provider, deployment):
            if limit.requests_per_min is not None:
                yield self._window(scope, name, "requests", limit.requests_per_min, 1)
            if limit.tokens_per_min is not None:
                yield self._window(scope, name, "tokens", limit.tokens_per_min, tokens)

    def _limits(
        self, caller: Caller | None, provider: str, deployment: str
    ) -> Iterator[tuple[ScopeName, str, RateLimit]]:
        table = self.table
        if caller is not None:
            if caller.person_id is not None:
                yield "person", str(caller.person_id), self._of_person(caller.person_id)
            department = caller.department
            yield "department", department, table.departments.get(department, table.department)
        yield "provider", provider, table.providers.get(provider, table.provider)
        yield "deployment", deployment, table.deployments.get(deployment, table.deployment)

    def _of_person(self, person_id: int) -> RateLimit:
        email = self._email_of(person_id) if self.table.people else None
        return self.table.people.get(email or "", self.table.person)

    def _window(
        self, scope: ScopeName, name: str, what: Literal["requests", "tokens"], limit: int, needed: int
    ) -> _Window:
        unit = 1 if what == "requests" else max(1, -(-limit // FINEST))
        left = self._left_over.get((scope, name, what))
        over = left.tokens if left is not None and left.until > self._timer() else 0
        cost = max(0, -(-(needed - over) // unit))
        over += cost * unit - needed
        return _Window(scope, name, what, limit, needed, self._item(limit // unit), unit, cost, over)

    def _refusal(self, full: list[_Window]) -> RateLimited:
        waits = [(self._wait_s(window), window) for window in full]
        never = [window for wait, window in waits if wait is None]
        if never:
            return RateLimited(_too_large(never[0]), None, never[0].scope)
        wait, window = max(((wait or 1, window) for wait, window in waits), key=lambda pair: pair[0])
        return RateLimited(_come_back(window, wait), wait, window.scope)

    def _wait_s(self, window: _Window) -> int | None:
        """Whole seconds until the window has room for this cost; None when it never will."""
        if window.cost > window.item.amount:
            return None
        storage = cast(MovingWindowSupport, self._limiter.storage)
        length = window.item.get_expiry()

        def fits_with(age_s: int) -> bool:
            # What is younger than this is all that would still count.
            young = storage.get_moving_window(window.key, window.item.amount, age_s)[1]
            return young + window.cost <= window.item.amount

        low, high = 0, length
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits_with(middle) else (low, middle - 1)
        # One more second, because the library keeps an entry of exactly the window's length.
        return min(length - low + 1, length + 1)


def _owner(window: _Window) -> str:
    if window.scope == "person":
        return "You have"
    return f"The {window.scope} {window.id} has"


def _come_back(window: _Window, wait_s: int) -> str:
    seconds = "1 second" if wait_s == 1 else f"{wait_s} seconds"
    return (
        f"{_owner(window)} reached the limit of {window.limit:,} {window.what} a minute. "
        f"Ask again in {seconds}."
    )


def _too_large(window: _Window) -> str:
    whose = "your limit" if window.scope == "person" else f"the limit of the {window.scope} {window.id}"
    return (
        f"This question may take {window.needed:,} {window.what}, more than {whose} of "
        f"{window.limit:,} a minute. Ask a shorter one."
    )
