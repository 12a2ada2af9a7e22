"""One call for many who ask the same at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Flights:
    """Questions that are being answered right now in this process."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Event] = {}

    @contextmanager
    def of(self, key: str) -> Iterator[bool]:
        """True for the first: it answers, and the others wait until it has or `wait_s` have passed.

        False for those: they look into the cache again, and answer for themselves when it has nothing.
        """
        with self._lock:
            landed = self._under_way.get(key)
            first = landed is None
            if landed is None:
                landed = self._under_way[key] = threading.Event()
        if not first:
            landed.wait(self._wait_s)
            yield False
            return
        try:
            yield True
        finally:
            with self._lock:
                self._under_way.pop(key, None)
            landed.set()
