"""Watches a provider's stream: a silent one is left behind in time, a cut one is never an answer.

The provider is read in a thread of its own, because no transport can be trusted to come back: name
look-ups have no time limit, keep-alive comments reset read limits, and most of LiteLLM's providers
read inside their own loops. The caller waits at a queue, which always comes back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import nullcontext, suppress
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

from core.errors import FailureKind, ModelUnavailable
from core.gateway.hanging_up import CallerGone
from core.gateway.messages import Connect, Ended, Finish, ModelRequest, Piece
from core.gateway.reader_threads import ReaderThreads


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How long a provider may keep us waiting, in seconds.

    `first_token_s` counts from the call to the first piece, `inter_token_s` from piece to piece,
    `total_s` over the whole answer, `usage_grace_s` from the end of the text to the usage.
    """

    first_token_s: float = 10.0
    inter_token_s: float = 10.0
    total_s: float = 300.0
    usage_grace_s: float = 1.0


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


_Item = Piece | Ended | Finish | _Failed | None
"""What the reader hands over; None is the stream's end."""


def watched(
    connect: Connect,
    request: ModelRequest,
    limits: StreamLimits,
    clock: Callable[[], float],
    threads: ReaderThreads,
) -> Generator[Piece | Finish, None, None]:
    """The stream's pieces and its one Finish; it is read in one of `threads`.

    Raises ModelUnavailable of kind `timeout` when a limit passes, of kind `protocol` when the stream
    ends without its end or without a word, and whatever the transport raises. Closing this iterator
    abandons the provider, and so does the caller who hangs up: then CallerGone is raised.
    """
    reader = _Reader(connect, request, threads)
    try:
        with request.line.telling(reader.caller_gone) if request.line else nullcontext():
            yield from _complete(_in_time(reader, limits, clock), request.empty_is_answer)
    finally:
        reader.abandon()


def _in_time(
    reader: _Reader, limits: StreamLimits, clock: Callable[[], float]
) -> Iterator[Piece | Ended | Finish]:
    ends_at = clock() + limits.total_s
    wait_s, waiting = limits.first_token_s, "sent nothing for"
    stand_in: Finish | None = None
    while True:
        try:
            item = reader.next(min(wait_s, ends_at - clock()))
        except Empty:
            over = clock() >= ends_at
            said = f"was not done after {limits.total_s:g} s" if over else f"{waiting} {wait_s:g} s"
            item = _Failed(ModelUnavailable(f"The model {said}.", kind=FailureKind.TIMEOUT))
        if stand_in is not None and not isinstance(item, Finish):
            # The text is whole: whatever went wrong afterwards costs only the usage.
            yield stand_in
            return
        if item is None:
            return
        if isinstance(item, _Failed):
            raise item.error
        if isinstance(item, Finish):
            reader.let_end()
        elif isinstance(item, Ended):
            stand_in, wait_s = item.finish, limits.usage_grace_s
        else:
            wait_s, waiting = limits.inter_token_s, "stalled in its answer for"
        yield item


def _complete(events: Iterator[Piece | Ended | Finish], wrote: bool) -> Iterator[Piece | Finish]:
    """Only whole answers; `wrote` is true from the start where one without a word will do."""
    for event in events:
        if isinstance(event, Ended):
            continue
        if isinstance(event, Finish):
            if not wrote:
                break
            yield event
            return
        wrote = wrote or bool(event.text)
        yield event
    raise ModelUnavailable(
        "The model broke off in the middle of its answer." if wrote else "The model ended without a word.",
        kind=FailureKind.PROTOCOL,
    )


class _Reader:
    """Reads one stream in a thread of its own and puts what comes into a queue."""

    def __init__(self, connect: Connect, request: ModelRequest, threads: ReaderThreads) -> None:
        self._connect = connect
        self._request = request
        self._queue: SimpleQueue[_Item] = SimpleQueue()
        self._events: Iterator[Piece | Ended | Finish] | None = None
        self._abandoned = threading.Event()
        self._whole = False
        # The context travels along, so that a transport's spans find their parent.
        threads.start(partial(copy_context().run, self._read))

    def next(self, timeout_s: float) -> _Item:
        """What came next; raises Empty when nothing did in time."""
        return self._queue.get(timeout=max(0.0, timeout_s))

    def caller_gone(self) -> None:
        """Wake up whoever waits for the next item."""
        self._queue.put(_Failed(CallerGone()))

    def abandon(self) -> None:
        """Stop reading a stream that is not whole; hang up where the transport allows it from outside."""
        if self._whole:
            return
        self._abandoned.set()
        if self._events is not None:
            _close(self._events)

    def let_end(self) -> None:
        """The answer is whole: the thread reads on to the end by itself, so that the connection stays."""
        self._whole = True

    def _read(self) -> None:
        try:
            self._events = self._connect(self._request)
            for event in self._events:
                self._queue.put(event)
                if self._abandoned.is_set():
                    return
            self._queue.put(None)
        except BaseException as exc:  # noqa: BLE001 - the caller's thread raises it
            self._queue.put(_Failed(exc))
        finally:
            if self._events is not None:
                _close(self._events)


def _close(events: Iterator[Piece | Ended | Finish]) -> None:
    close = getattr(events, "close", None)
    if close is not None:
        # A generator that is waiting in the other thread cannot be closed from here: that thread
        # closes it when the transport's own read limit ends its wait.
        with suppress(ValueError):
            close()
