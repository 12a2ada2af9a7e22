"""Group commit: threads that want to write at the same moment share one transaction.

A commit waits for the disk, and a transaction costs about as much for ten as for one. Whoever comes
while nobody writes writes at once; who comes meanwhile queues, and the first of the queue then writes
for all of it. So nobody waits for company, and groups grow only as fast as the load.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

MOST = 64
"""The largest group: a transaction holds up other processes while it runs."""


class GroupCommit(Generic[T]):
    """`commit` writes down all works of a group, or leaves them as they are; it is called by one thread
    at a time, without any thread of its own."""

    def __init__(self, commit: Callable[[list[T]], None]) -> None:
        self._commit = commit
        self._lock = threading.Lock()
        self._queue: list[_Waiting[T]] = []
        self._led = False

    @property
    def waiting(self) -> int:
        """How many threads wait for their turn, beside those whose works are being written."""
        return len(self._queue)

    def run(self, work: T) -> None:
        """Return when a call of `commit` that this work was part of is over.

        What `commit` raises reaches only the thread that called it: it should keep with each work how
        that ended.
        """
        waiting = _Waiting(work)
        with self._lock:
            self._queue.append(waiting)
            waiting.leads, self._led = not self._led, True
        if not waiting.leads:
            self._wait(waiting)
        if waiting.leads:
            self._lead(waiting)

    def _wait(self, waiting: _Waiting[T]) -> None:
        try:
            waiting.woken.acquire()
        except BaseException:
            # Interrupted: nobody may be left waiting for a thread that has gone.
            with self._lock:
                if not waiting.leads and waiting in self._queue:
                    self._queue.remove(waiting)
            if waiting.leads:
                self._lead(waiting)
            raise

    def _lead(self, leader: _Waiting[T]) -> None:
        with self._lock:
            group, self._queue = self._queue[:MOST], self._queue[MOST:]
        try:
            self._commit([each.work for each in group])
        finally:
            with self._lock:
                following = self._queue[0] if self._queue else None
                self._led = following is not None
                if following is not None:
                    following.leads = True
            for each in group:
                if each is not leader:
                    each.woken.release()
            if following is not None:
                following.woken.release()


class _Waiting(Generic[T]):
    """A thread in the queue: woken once, because its work is done or because it is to lead."""

    def __init__(self, work: T) -> None:
        self.work = work
        self.leads = False
        self.woken = threading.Lock()
        self.woken.acquire()
