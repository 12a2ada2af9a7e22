"""The counters of rate limits in Redis, and what happens while Redis does not answer.

    count here    each process counts for itself, so that a limit holds in each of them, not in all together
    refuse        nothing that would have to be counted is admitted: a limit is never passed

Redis is asked again after a few seconds, by one caller; what was counted here meanwhile is forgotten then.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from limits.storage import RedisStorage
from limits.storage.base import MovingWindowSupport, SlidingWindowCounterSupport, Storage

from core.errors import RateLimited
from core.gateway.local_counters import LocalCounters

log = logging.getLogger(__name__)

RETRY_S = 5
UNCOUNTED = (
    "Requests cannot be counted at the moment, so none is taken. Try again in a few seconds; "
    "if that does not help, tell an administrator that Redis does not answer."
)
_Answer = TypeVar("_Answer")
_Counters = RedisStorage | LocalCounters


class SharedCounters(Storage, MovingWindowSupport, SlidingWindowCounterSupport):
    """A storage for the limiters of `limits`. `timer` is monotonic, in seconds.

    Every method that counts raises RateLimited while Redis does not answer, if `refuses`.
    """

    STORAGE_SCHEME = None

    def __init__(self, shared: RedisStorage, refuses: bool, timer: Callable[[], float]) -> None:
        super().__init__()
        self._shared = shared
        self._here = LocalCounters()
        self.refuses = refuses
        self._timer = timer
        self._lock = threading.Lock()
        self._ask_at = 0.0
        self._is_down = False

    @property
    def is_down(self) -> bool:
        """Whether Redis did not answer when it was asked last."""
        return self._is_down

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """Those of Redis."""
        return self._shared.base_exceptions

    def check(self) -> bool:
        """Whether Redis answers now."""
        answers = self._shared.check()
        self._noted(None if answers else ConnectionError("no answer to a ping"))
        return answers

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """See `Storage`."""
        return self._counted(lambda counters: counters.incr(key, expiry, amount=amount))

    def get(self, key: str) -> int:
        """See `Storage`."""
        return self._counted(lambda counters: counters.get(key))

    def get_expiry(self, key: str) -> float:
        """See `Storage`."""
        return self._counted(lambda counters: counters.get_expiry(key))

    def reset(self) -> int | None:
        """See `Storage`."""
        return self._counted(lambda counters: counters.reset())

    def clear(self, key: str) -> None:
        """See `Storage`."""
        self._counted(lambda counters: counters.clear(key))

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """See `MovingWindowSupport`."""
        return self._counted(lambda counters: counters.acquire_entry(key, limit, expiry, amount=amount))

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """See `MovingWindowSupport`."""
        return self._counted(lambda counters: counters.get_moving_window(key, limit, expiry))

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """See `SlidingWindowCounterSupport`."""
        return self._counted(
            lambda counters: counters.acquire_sliding_window_entry(key, limit, expiry, amount=amount)
        )

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """See `SlidingWindowCounterSupport`."""
        return self._counted(lambda counters: counters.get_sliding_window(key, expiry))

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """See `SlidingWindowCounterSupport`."""
        self._counted(lambda counters: counters.clear_sliding_window(key, expiry))

    def _counted(self, act: Callable[[_Counters], _Answer]) -> _Answer:
        cause: Exception | None = None
        if self._is_asked():
            try:
                answer = act(self._shared)
            except self._shared.base_exceptions as exc:
                cause = exc
                self._noted(exc)
            else:
                self._noted(None)
                return answer
        if self.refuses:
            raise RateLimited(UNCOUNTED, RETRY_S) from cause
        return act(self._here)

    def _is_asked(self) -> bool:
        """Whether it is this caller's turn to ask Redis: while it is down, one of them every few seconds."""
        if not self._is_down:
            return True
        with self._lock:
            now = self._timer()
            if now < self._ask_at:
                return False
            self._ask_at = now + RETRY_S
            return True

    def _noted(self, failure: Exception | None) -> None:
        with self._lock:
            was_down, self._is_down = self._is_down, failure is not None
            self._ask_at = self._timer() + RETRY_S
            if self._is_down and not was_down:
                self._here.reset()
        if failure is not None and not was_down:
            then = "nothing is admitted" if self.refuses else "each process counts for itself"
            log.warning("Redis does not answer, so %s until it does: %s", then, failure)
        elif failure is None and was_down:
            log.warning("Redis answers again: rate limits are counted for all processes")
