"""How whoever asks a model can hang up while another thread waits for the answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class CallerGone(BaseException):
    """Raised where the answer was waited for; no error of a model, so nothing is tried instead."""


class Line:
    """The line between one caller and the gateway. Thread safe; once hung up it stays so."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: list[Callable[[], None]] = []
        self._gone = False

    @property
    def gone(self) -> bool:
        """Whether the caller has hung up."""
        return self._gone

    def hang_up(self) -> None:
        """The caller has gone: everybody who waits learns it now."""
        with self._lock:
            self._gone = True
            told, self._told = self._told, []
        for tell in told:
            tell()

    @contextmanager
    def telling(self, tell: Callable[[], None]) -> Iterator[None]:
        """Call `tell` from the caller's thread when it hangs up while the context is open, or at once."""
        with self._lock:
            gone = self._gone
            if not gone:
                self._told.append(tell)
        if gone:
            tell()
        try:
            yield
        finally:
            with self._lock:
                if tell in self._told:
                    self._told.remove(tell)
