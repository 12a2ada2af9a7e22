"""Threads that read providers' streams, each used again for the next stream.

As many as there are streams at once, without a bound: a stream that hangs for ever must not keep
another one waiting. How many calls run at once is limited elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

READING = "provider-stream"
IDLE = "provider-stream idle"
IDLE_S = 10.0
"""A thread that has had nothing to read for so long ends."""

Work = Callable[[], object]


class ReaderThreads:
    """Thread safe. The work must not raise."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._lock = threading.Lock()
        # The last one to become idle is the first to work again, so that the others come to their end.
        self._idle: list[SimpleQueue[Work]] = []

    def start(self, work: Work) -> None:
        """Run `work` in a thread of its own."""
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        if idle is not None:
            idle.put(work)
        else:
            threading.Thread(target=self._serve, args=(work,), name=READING, daemon=True).start()

    def _serve(self, work: Work | None) -> None:
        thread, mine = threading.current_thread(), SimpleQueue[Work]()
        while work is not None:
            thread.name = READING
            work()
            del work  # what it holds must not live until the next one comes
            thread.name = IDLE
            work = self._next(mine)

    def _next(self, mine: SimpleQueue[Work]) -> Work | None:
        with self._lock:
            self._idle.append(mine)
        try:
            return mine.get(timeout=self._idle_s)
        except Empty:
            with self._lock:
                if mine in self._idle:
                    self._idle.remove(mine)
                    return None
            # Taken at the very last moment: the work is on its way.
            return mine.get()
