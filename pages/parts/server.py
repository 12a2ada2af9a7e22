"""What the server does beside drawing pages: start and stop the desk, and keep the session cookie."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

# Its modules import each other: the warm-up (by scikit-learn) and a page with a chart (by Altair), both
# importing it for the first time, can end in a deadlock. Here there is one thread only.
import narwhals.stable  # noqa: F401
import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.bootstrap import Desk, build
from core.errors import ConfigurationError, StoreInUse
from core.proxy.proxy import PATHS
from core.settings import load_settings
from pages import desk, use_desk
from pages.parts.session import COOKIE

OPEN_PATH = "/auth/session"
CLOSE_PATH = "/auth/session/end"
MAX_BODY_BYTES = 1_000
SECONDS_A_DAY = 86_400


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Build the desk before the first request is served, and close it after the last."""
    built = await asyncio.to_thread(_build)
    use_desk(built)
    built.start()
    _switch_legacy_router_off()
    try:
        yield
    finally:
        use_desk(None)
        await asyncio.to_thread(built.close)


def routes() -> list[Route]:
    """The addresses that set and clear the session cookie, and those of the gateway for applications."""
    base = base_path()
    return [
        *(Route(path, _Gateway()) for path in PATHS),
        Route(f"{PATHS[0]}/{{rest:path}}", _Gateway()),
        Route(base + OPEN_PATH, _open, methods=["POST"]),
        Route(base + CLOSE_PATH, _close, methods=["POST"]),
    ]


class _Gateway:
    """The gateway for other applications, in this process; at the root, wherever the app is served."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await desk().proxy(scope, receive, send)


def base_path() -> str:
    """The path below which the app is served: empty, or beginning with a slash."""
    configured = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{configured}" if configured else ""


def _build() -> Desk:
    try:
        return build(load_settings())
    except (ConfigurationError, StoreInUse) as exc:
        print(f"Answerdesk did not start. {exc}", file=sys.stderr, flush=True)  # noqa: T201
        # The sentence says all that is to be done; uvicorn would add a traceback to it.
        logging.getLogger("uvicorn.error").disabled = True
        raise


def _switch_legacy_router_off() -> None:
    # Called once outside any run, st.navigation does that: from now on also the very first request
    # to a file of pages/ goes through app.py. It warns that it can do nothing else here.
    warner = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    level = warner.level
    warner.setLevel(logging.ERROR)
    st.navigation([_nothing])
    warner.setLevel(level)


def _nothing() -> None:
    """No page."""


async def _open(request: Request) -> Response:
    """Exchange a one-time ticket for the session cookie."""
    if not _from_this_site(request):
        return Response(status_code=403)
    ticket = await _ticket(request)
    token = None if ticket is None else await asyncio.to_thread(desk().identity.redeem, ticket)
    if token is None:
        return Response(status_code=400)
    settings = desk().settings
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings.session_days * SECONDS_A_DAY,
        path=base_path() or "/",
        secure=settings.cookie_secure,
        httponly=True,
        samesite="lax",
    )
    return response


async def _close(request: Request) -> Response:
    """Take the session cookie back, and end its session if it still stands."""
    if not _from_this_site(request):
        return Response(status_code=403)
    token = request.cookies.get(COOKIE)
    if token:
        await asyncio.to_thread(desk().identity.sign_out, token)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path=base_path() or "/", httponly=True, samesite="lax")
    return response


def _from_this_site(request: Request) -> bool:
    """Whether a page of ours sent this; a browser always says where a POST comes from."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.headers.get("host")


async def _ticket(request: Request) -> str | None:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            return None
    try:
        ticket = json.loads(body)["ticket"]
    except (ValueError, KeyError, TypeError):
        return None
    return ticket if isinstance(ticket, str) else None
