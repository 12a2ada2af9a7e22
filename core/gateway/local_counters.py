"""The counters of rate limits in this process: a storage for the limiters of `limits`.

The library's own starts a thread after each count to clean up, and keeps an entry for every unit. Here
a window keeps one entry for each count, and what nobody asks for any more goes when others are counted.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import floor

from limits.storage.base import MovingWindowSupport, SlidingWindowCounterSupport, Storage

SWEPT_EVERY_S = 60.0


@dataclass(slots=True)
class _MovingWindow:
    """What was counted, oldest first, as (when, how much), and its sum."""

    expiry_s: float
    entries: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def forget(self, now: float) -> None:
        """Drop what is older than the window; an entry of exactly its length still counts."""
        while self.entries and self.entries[0][0] < now - self.expiry_s:
            self.total -= self.entries.popleft()[1]

    def since(self, moment: float) -> tuple[float | None, int]:
        """The oldest entry's time and the sum of all entries from a moment on."""
        first, count = None, 0
        for at, amount in reversed(self.entries):
            if at < moment:
                break
            first, count = at, count + amount
        return first, count


@dataclass(slots=True)
class _Slices:
    """Counts of the slice of time with this number and of the one before it."""

    expiry_s: float
    number: int
    current: int = 0
    previous: int = 0

    def turn_to(self, number: int) -> None:
        """Make this slice the current one."""
        if number != self.number:
            self.previous = self.current if number == self.number + 1 else 0
            self.number, self.current = number, 0


@dataclass(slots=True)
class _Count:
    until: float
    value: int = 0


class LocalCounters(Storage, MovingWindowSupport, SlidingWindowCounterSupport):
    """Thread safe. `now` gives seconds since 1970; every `expiry` is in seconds."""

    STORAGE_SCHEME = None

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._now = now
        self._lock = threading.Lock()
        self._windows: dict[str, _MovingWindow] = {}
        self._slices: dict[str, _Slices] = {}
        self._counts: dict[str, _Count] = {}
        self._sweep_at = 0.0

    def __len__(self) -> int:
        """How many keys are kept."""
        return len(self._windows) + len(self._slices) + len(self._counts)

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """There is nothing that could fail."""
        return ()

    def check(self) -> bool:
        """Always there."""
        return True

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """See `Storage`."""
        with self._lock:
            now = self._swept()
            found = self._counts.get(key)
            if found is None or found.until <= now:
                found = self._counts[key] = _Count(now + expiry)
            found.value += amount
            return found.value

    def get(self, key: str) -> int:
        """See `Storage`."""
        with self._lock:
            found = self._counts.get(key)
            return found.value if found is not None and found.until > self._now() else 0

    def get_expiry(self, key: str) -> float:
        """See `Storage`."""
        with self._lock:
            found = self._counts.get(key)
            return found.until if found is not None else self._now()

    def reset(self) -> int:
        """See `Storage`."""
        with self._lock:
            kept = len(self)
            for counters in (self._windows, self._slices, self._counts):
                counters.clear()
            return kept

    def clear(self, key: str) -> None:
        """See `Storage`."""
        with self._lock:
            self._windows.pop(key, None)
            self._counts.pop(key, None)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """See `MovingWindowSupport`."""
        with self._lock:
            now = self._swept()
            window = self._windows.setdefault(key, _MovingWindow(expiry))
            window.forget(now)
            if window.total + amount > limit:
                return False
            window.entries.append((now, amount))
            window.total += amount
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """See `MovingWindowSupport`; `expiry` may be shorter than the window's."""
        with self._lock:
            now, window = self._now(), self._windows.get(key)
            if window is None:
                return now, 0
            window.forget(now)
            if expiry >= window.expiry_s:
                return (window.entries[0][0] if window.entries else now), window.total
            first, count = window.since(now - expiry)
            return (now if first is None else first), count

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """See `SlidingWindowCounterSupport`."""
        with self._lock:
            now = self._swept()
            slices = self._slices.setdefault(key, _Slices(expiry, int(now / expiry)))
            slices.turn_to(int(now / expiry))
            counted = slices.previous * (1 - now / expiry % 1) + slices.current
            if floor(counted) + amount > limit:
                return False
            slices.current += amount
            return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """See `SlidingWindowCounterSupport`."""
        with self._lock:
            now, slices = self._now(), self._slices.get(key)
            left = (1 - now / expiry % 1) * expiry
            if slices is None:
                return 0, 0.0, 0, left + expiry
            slices.turn_to(int(now / expiry))
            return slices.previous, left if slices.previous else 0.0, slices.current, left + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """See `SlidingWindowCounterSupport`."""
        with self._lock:
            self._slices.pop(key, None)

    def _swept(self) -> float:
        """The time; now and then everything that does not count any more is dropped on the way."""
        now = self._now()
        if now >= self._sweep_at:
            self._sweep_at = now + SWEPT_EVERY_S
            for window in self._windows.values():
                window.forget(now)
            self._windows = {key: each for key, each in self._windows.items() if each.entries}
            self._slices = {
                key: each for key, each in self._slices.items() if now / each.expiry_s < each.number + 2
            }
            self._counts = {key: each for key, each in self._counts.items() if each.until > now}
        return now
