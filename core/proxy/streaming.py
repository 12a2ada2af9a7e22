"""Responses that end when their client goes away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core.gateway.hanging_up import CallerGone, Line
from core.gateway.messages import Finish, Piece
from core.proxy.completion import Chunks
from core.proxy.refusals import refusal_of
from core.proxy.visit import Visit

_DONE = b"data: [DONE]\n\n"
_STREAM_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}
Batches = AsyncGenerator[list[Piece | Finish], None]


@asynccontextmanager
async def hanging_up(receive: Receive, line: Line) -> AsyncIterator[None]:
    """Hang up the line as soon as the client disconnects while the context is open."""
    watching = asyncio.create_task(_watched(receive, line))
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _watched(receive: Receive, line: Line) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    line.hang_up()


class EventStream(Response):
    """A stream of server-sent events; its status is known when the first piece has come, or the error."""

    def __init__(
        self,
        batches: Batches,
        line: Line,
        chunks: Chunks,
        visit: Visit,
        timer: Callable[[], float],
    ) -> None:
        super().__init__()
        self._batches = batches
        self._line = line
        self._chunks = chunks
        self._visit = visit
        self._timer = timer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what comes; an error before the first piece is a response of its own, later an event."""
        started = False
        async with hanging_up(receive, self._line), aclosing(self._batches) as batches:
            try:
                async for batch in batches:
                    if not started:
                        self._visit.first_s = self._timer() - self._visit.began
                        await self._start(send)
                        started = True
                    await _more(send, self._written(batch))
                await _more(send, _DONE, last=True)
            except CallerGone:
                self._visit.status = 499
            except Exception as exc:  # noqa: BLE001 - whatever it is, the client gets an error it can read
                refusal = refusal_of(exc)
                self._visit.error_code = refusal.code or refusal.kind
                if not started:
                    await refusal.response()(scope, receive, send)
                    return
                await _more(send, _event(refusal.body()), last=True)

    async def _start(self, send: Send) -> None:
        headers = {"content-type": "text/event-stream; charset=utf-8", **_STREAM_HEADERS}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})

    def _written(self, batch: Iterable[Piece | Finish]) -> bytes:
        return b"".join(_event(chunk) for event in batch for chunk in self._chunks.of(event))


def as_json(payload: Mapping[str, Any]) -> bytes:
    """The bytes of a payload; a provider may cut a character in two, which only an escape can say."""
    try:
        return orjson.dumps(payload)
    except TypeError:
        return json.dumps(payload).encode()


def _event(payload: Mapping[str, Any]) -> bytes:
    return b"data: " + as_json(payload) + b"\n\n"


async def _more(send: Send, body: bytes, last: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": not last})
