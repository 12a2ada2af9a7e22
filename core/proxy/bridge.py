"""The bridge between the server's event loop and the gateway, which is synchronous.

Each request runs in a thread of a bounded pool. What it yields crosses to the loop in batches: a
loop that is busy takes several pieces at once, so that a fast provider costs few wake-ups.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future as ThreadFuture
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from typing import Generic, TypeVar

from core.errors import Busy
from core.gateway.hanging_up import CallerGone, Line

T = TypeVar("T")

_FULL = "More requests are waiting than can be answered soon. Try again in a moment."
_ENDING = "This address is shutting down. Try again in a moment."


class Bridge:
    """At most `parallel` requests run, as many again wait, and more raise Busy."""

    def __init__(self, parallel: int) -> None:
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix="proxy")
        self._most = 2 * parallel
        self._lock = threading.Lock()
        self._open: dict[Line, ThreadFuture[None]] = {}
        self._ending = False

    @property
    def in_flight(self) -> int:
        """How many requests run or wait."""
        return len(self._open)

    @property
    def ending(self) -> bool:
        """Whether no new request is taken any more."""
        return self._ending

    def flow(self, source: Callable[[Line], Iterator[T]], told_at_end: bool = False) -> Flow[T]:
        """Start iterating `source` in a thread; raises Busy. Called on the event loop.

        With `told_at_end` the loop is woken once, when all has come.
        """
        flow: Flow[T] = Flow(source, told_at_end)
        with self._lock:
            if self._ending:
                raise Busy(_ENDING)
            if len(self._open) >= self._most:
                raise Busy(_FULL)
            future = self._pool.submit(copy_context().run, flow.run)
            self._open[flow.line] = future
        future.add_done_callback(lambda _: self._done(flow.line))
        return flow

    def single(self, work: Callable[[Line], T]) -> Flow[T]:
        """The same for work with one result, which `Flow.only` gives."""

        def once(line: Line) -> Iterator[T]:
            yield work(line)

        return self.flow(once, told_at_end=True)

    def drain(self) -> None:
        """Take nothing new; what runs goes on."""
        self._ending = True

    def close(self, within_s: float) -> None:
        """Hang up on whatever still runs, and wait until it has been settled, at most so many seconds."""
        self.drain()
        with self._lock:
            running = dict(self._open)
        for line in running:
            line.hang_up()
        wait(list(running.values()), within_s)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, line: Line) -> None:
        with self._lock:
            self._open.pop(line, None)


class Flow(Generic[T]):
    """One request under way: items come out of `batches`, and hanging up `line` ends it."""

    def __init__(self, source: Callable[[Line], Iterator[T]], told_at_end: bool = False) -> None:
        self.line = Line()
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._items: deque[T] = deque()
        self._error: BaseException | None = None
        self._over = False
        self._told = told_at_end

    def run(self) -> None:
        """Iterate the source to its end; in the pool's thread. The source is closed whatever happens."""
        try:
            # One that waited in vain does not begin.
            if not self.line.gone:
                with _closed(self._source(self.line)) as items:
                    for item in items:
                        self._items.append(item)
                        self._tell()
                        if self.line.gone:
                            break
        except BaseException as exc:  # noqa: BLE001 - the loop's side raises it
            self._error = exc
        self._over = True
        self._told = False
        self._tell()

    async def batches(self) -> AsyncGenerator[list[T], None]:
        """All items in order, as many at a time as have come; raises what the source raised.

        Leaving early hangs up.
        """
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                self._told = False
                over = self._over
                batch = [self._items.popleft() for _ in range(len(self._items))]
                if batch:
                    yield batch
                if over and not self._items:
                    break
            if self._error is not None:
                raise self._error
        finally:
            self.line.hang_up()

    async def only(self) -> T:
        """The one item of a source that is told of at its end; raises what the source raised."""
        try:
            await self._wake.wait()
        finally:
            self.line.hang_up()
        if self._error is not None:
            raise self._error
        if not self._items:
            raise CallerGone
        return self._items[0]

    def _tell(self) -> None:
        if self._told:
            return
        self._told = True
        try:
            self._loop.call_soon_threadsafe(self._wake.set)
        except RuntimeError:
            # The loop is closed: nobody reads any more.
            self.line.hang_up()


@contextmanager
def _closed(items: Iterator[T]) -> Iterator[Iterator[T]]:
    try:
        yield items
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()
