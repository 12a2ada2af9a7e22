"""What every request passes before the application sees it: the key first, then size, time and depth.

A refusal costs next to nothing: an unknown key is turned away before a byte of the body is read, and
the connection is closed with it.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import BadInput, KeyRefused
from core.keys import ApiKey
from core.proxy.bodies import TooLarge, check_json, whole_body
from core.proxy.gate import Gate
from core.proxy.refusals import Refusal, refusal_of
from core.proxy.visit import CACHE_HEADER, CLASS_HEADER, IDEMPOTENCY_HEADER, USER_HEADER, Visit
from core.settings import ProxySettings
from core.types import DataClass

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/metrics", "/v1/openapi.json"})
VISIT = "answerdesk.visit"
"""Where the application finds the Visit in its scope."""
_LOOK_UPS = 4
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_CLOSE = {"connection": "close"}


class Observer(Protocol):
    """Is told of each request when it is over; must not wait for anything."""

    def ended(self, visit: Visit, seconds: float) -> None:
        """The visit as it ended, and how long it took."""
        ...


class Front:
    """ASGI middleware around the application. `timer` gives seconds that only grow."""

    def __init__(
        self,
        app: ASGIApp,
        gate: Gate,
        observer: Observer,
        settings: ProxySettings,
        timer: Callable[[], float],
    ) -> None:
        self._app = app
        self._gate = gate
        self._observer = observer
        self._settings = settings
        self._timer = timer
        # Of its own, so that a flood of unknown keys takes no thread from those who are known.
        self._look_ups = ThreadPoolExecutor(_LOOK_UPS, thread_name_prefix="proxy-keys")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the application's own start and stop."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        visit = Visit(_request_id(headers), uuid.uuid4().hex, self._timer(), scope["path"])
        send = _noting(visit, send)
        try:
            await self._serve(scope, receive, send, headers, visit)
        finally:
            self._observer.ended(visit, self._timer() - visit.began)

    def close(self) -> None:
        """Let the threads go."""
        self._look_ups.shutdown(wait=False, cancel_futures=True)

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, headers: Headers, visit: Visit
    ) -> None:
        if scope["path"] not in OPEN_PATHS:
            try:
                visit.key = await self._key(headers)
                _read_headers(headers, visit)
                if scope["method"] == "POST":
                    receive = await self._body(headers, receive)
            except (KeyRefused, BadInput) as exc:
                await _refuse(refusal_of(exc), scope, receive, send, visit)
                return
            except TooLarge:
                await _refuse(self._too_large(), scope, receive, send, visit)
                return
            except TimeoutError:
                refusal = Refusal(408, "The request's body did not come in time.", code="timeout")
                await _refuse(refusal, scope, receive, send, visit)
                return
        await self._app({**scope, VISIT: visit}, receive, send)

    async def _key(self, headers: Headers) -> ApiKey:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise KeyRefused("Send your key as `Authorization: Bearer ad-...`.")
        known = self._gate.remembered(token)
        if known is not None:
            return known
        return await asyncio.get_running_loop().run_in_executor(self._look_ups, self._gate.check, token)

    async def _body(self, headers: Headers, receive: Receive) -> Receive:
        """The whole body, checked, to be read again by the application."""
        length = headers.get("content-length", "")
        if length.isdecimal() and len(length) < 20 and int(length) > self._settings.body_bytes:
            raise TooLarge
        async with asyncio.timeout(self._settings.body_s):
            body = await whole_body(receive, self._settings.body_bytes)
        check_json(body, self._settings.depth)
        replayed = False

        async def again() -> Message:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": body, "more_body": False}

        return again

    def _too_large(self) -> Refusal:
        most = self._settings.body_bytes
        return Refusal(413, f"The request's body has more than {most:,} bytes.", code="request_too_large")


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send, visit: Visit) -> None:
    # The rest of the body is of no interest, so neither is the connection.
    visit.error_code = refusal.code or refusal.kind
    response = refusal.response()
    response.headers.update(_CLOSE)
    await response(scope, receive, send)


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else f"req-{uuid.uuid4().hex}"


def _read_headers(headers: Headers, visit: Visit) -> None:
    visit.user = headers.get(USER_HEADER, "")[:320]
    visit.traceparent = headers.get("traceparent", "")[:64]
    visit.idempotency_key = headers.get(IDEMPOTENCY_HEADER, "")[:255]
    wanted = headers.get(CACHE_HEADER, "").lower()
    visit.wants_cache = wanted in ("on", "true", "exact", "semantic")
    visit.wants_meaning = wanted == "semantic"
    word = headers.get(CLASS_HEADER, "")
    if word:
        try:
            # A text may be more sensitive than an application's usually is, never less.
            visit.data_class = max(DataClass.INTERNAL, DataClass.named(word))
        except ValueError as exc:
            raise BadInput(f"{CLASS_HEADER}: {exc}.") from None


def _noting(visit: Visit, send: Send) -> Send:
    """Adds to each response what it says about itself, and notes its status."""

    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            visit.status = message["status"]
            more = [(name.encode(), value.encode()) for name, value in visit.headers().items()]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await send(message)

    return noted
