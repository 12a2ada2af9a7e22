"""The addresses of the proxy, in FastAPI: what each takes and gives is in the OpenAPI document it serves."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from core.errors import AnswerdeskError
from core.gateway.hanging_up import CallerGone, Line
from core.proxy import documents
from core.proxy.assistant_model import ASSISTANT
from core.proxy.attendance import Attendance
from core.proxy.bridge import Bridge
from core.proxy.chats import Chats, completion_id
from core.proxy.completion import Chunks, Json
from core.proxy.forms import ChatForm, EmbeddingForm, RerankForm
from core.proxy.front import VISIT
from core.proxy.metrics import CONTENT_TYPE, Metrics
from core.proxy.reading import Reading
from core.proxy.refusals import Refusal, Refused, refusal_of
from core.proxy.streaming import EventStream, as_json, hanging_up
from core.proxy.visit import Visit
from core.settings import ProxySettings

T = TypeVar("T")
_LOOPBACK = {"127.0.0.1", "::1", "testclient"}
_GONE = 499
ALIVE_S = 2.0
"""How long the database may take to say that it is there, in seconds."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the addresses ask. `alive` raises where the database does not answer."""

    chats: Chats
    reading: Reading
    bridge: Bridge
    metrics: Metrics
    alive: Callable[[], object]
    attendance: Attendance
    settings: ProxySettings
    timer: Callable[[], float]


def application(parts: Parts) -> FastAPI:
    """The application; `Front` must stand before it, because it takes each request's Visit from there."""
    app = FastAPI(
        title="Answerdesk gateway",
        version="1",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        # Its own would keep what clients sent wrong, in their words; ours are in `tracing`.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    _add_models(app, parts)
    _add_service(app, parts)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    for kind in (Refused, AnswerdeskError, Exception):
        app.add_exception_handler(kind, _failed)
    documents.describe(app)
    return app


def _add_models(app: FastAPI, parts: Parts) -> None:
    chats, reading = parts.chats, parts.reading

    @app.post("/v1/chat/completions", response_model=None, responses=documents.CHAT)
    async def chat(form: ChatForm, request: Request) -> Response:
        """Answer a conversation: whole, or in server-sent events with `stream`."""
        visit = visit_of(request)
        chats.require(form.model, visit)
        if not form.stream:
            return await _worked(parts, request, partial(chats.answer, form, visit))
        visit.streamed = True
        flow = parts.bridge.flow(partial(chats.stream, form, visit))
        with_usage = form.stream_options is not None and form.stream_options.include_usage
        chunks = Chunks(completion_id(), form.model, with_usage)
        return EventStream(flow.batches(), flow.line, chunks, visit, parts.timer)

    @app.post("/v1/embeddings", response_model=None, responses=documents.EMBEDDINGS)
    async def embeddings(form: EmbeddingForm, request: Request) -> Response:
        """A vector for each text."""
        visit = visit_of(request)
        reading.require(form.model, reading.embedding, visit)
        return await _worked(parts, request, partial(reading.embed, form, visit))

    @app.post("/v1/rerank", response_model=None, responses=documents.RERANK)
    async def rerank(form: RerankForm, request: Request) -> Response:
        """Documents by their relevance to a query, best first."""
        visit = visit_of(request)
        reading.require(form.model, reading.reranking, visit)
        return await _worked(parts, request, partial(reading.rerank, form, visit))

    @app.get("/v1/models", response_model=None, responses=documents.MODELS)
    async def models(request: Request) -> Response:
        """The models that this key may use."""
        visit = visit_of(request)
        names = dict.fromkeys([*chats.models(visit), *reading.models(visit)])
        missing = [{"id": name, "reason": why} for name, why in chats.missing(visit).items()]
        more = {"unavailable": missing} if missing else {}
        return _json({"object": "list", "data": [_model(name) for name in names], **more})


def _add_service(app: FastAPI, parts: Parts) -> None:
    @app.get("/healthz", response_model=None, include_in_schema=False)
    async def healthz() -> Response:
        """The process runs."""
        return _json({"status": "ok"})

    @app.get("/readyz", response_model=None, include_in_schema=False)
    async def readyz() -> Response:
        """The process takes requests: it is not shutting down, and the database answers.

        `without` names the assistant where another process answers for it, and why.
        """
        try:
            async with asyncio.timeout(ALIVE_S):
                await asyncio.to_thread(parts.alive)
        except Exception:  # noqa: BLE001 - whatever it is, requests would fail
            return _json({"status": "not ready"}, 503)
        if parts.bridge.ending:
            return _json({"status": "ending"}, 503)
        away = parts.attendance.away
        return _json({"status": "ready", **({"without": {ASSISTANT: away}} if away else {})})

    @app.get("/metrics", response_model=None, include_in_schema=False)
    async def metrics(request: Request) -> Response:
        """Figures for Prometheus: for this machine, or for who has the token."""
        if not _may_read_metrics(request, parts.settings):
            raise HTTPException(403)
        page = await asyncio.to_thread(parts.metrics.page)
        return Response(page, media_type=CONTENT_TYPE)


async def _worked(parts: Parts, request: Request, work: Callable[[Line], Json]) -> Response:
    """The JSON that the work gives; a client that goes away ends the work."""
    flow = parts.bridge.single(work)
    async with hanging_up(request.receive, flow.line):
        try:
            return _json(await flow.only())
        except CallerGone:
            return Response(status_code=_GONE)
        except Exception as exc:  # noqa: BLE001 - whatever it is, the client gets an error it can read
            return _failed(request, exc)


def visit_of(request: Request) -> Visit:
    """The request's Visit, which the front has put there."""
    visit: Visit = request.scope[VISIT]
    return visit


def _json(payload: Json, status: int = 200) -> Response:
    return Response(as_json(payload), status, media_type="application/json")


def _model(name: str) -> Json:
    return {"id": name, "object": "model", "created": 0, "owned_by": "answerdesk"}


def _may_read_metrics(request: Request, settings: ProxySettings) -> bool:
    if settings.metrics_token is not None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.metrics_token.get_secret_value().encode())
    # Behind another proxy every request comes from this machine, but says for whom.
    host = request.client.host if request.client else ""
    return host in _LOOPBACK and "x-forwarded-for" not in request.headers


def _invalid(request: Request, exc: Exception) -> Response:
    first = exc.errors()[0] if isinstance(exc, RequestValidationError) and exc.errors() else {}
    if first.get("type") == "json_invalid":
        # Its place is a number of characters, which is no parameter.
        return _refused(request, Refusal(400, "The body is not valid JSON.", code="invalid_value"))
    place = ".".join(str(part) for part in first.get("loc", ()) if part != "body")
    reason = str(first.get("msg", "it cannot be read"))
    message = f"{place}: {reason}." if place else f"The request's body: {reason}."
    return _refused(request, Refusal(400, message, code="invalid_value", param=place or None))


def _http_error(request: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    words = {404: "There is nothing at this address.", 405: "This address does not take this method."}
    message = words.get(status, "This request cannot be served.")
    headers = dict((exc.headers if isinstance(exc, HTTPException) else None) or {})
    return _refused(request, Refusal(status, message, code="not_found", headers=headers))


def _failed(request: Request, exc: Exception) -> Response:
    return _refused(request, refusal_of(exc))


def _refused(request: Request, refusal: Refusal) -> Response:
    visit_of(request).error_code = refusal.code or refusal.kind
    return refusal.response()
