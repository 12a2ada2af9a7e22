"""Connections that cost little: not too many, no endless headers, and none that stays without a request."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from core.settings import ProxySettings

MOST_HEADER_BYTES = 32_768


def protocol_of(settings: ProxySettings) -> type[HttpToolsProtocol]:
    """The protocol for uvicorn, with the limits of the settings."""

    class Guarded(_Guarded):
        most = settings.connections
        idle_s = settings.idle_s
        silent: ClassVar[dict[_Guarded, None]] = {}

    return Guarded


class _Guarded(HttpToolsProtocol):
    most: int
    idle_s: float
    silent: ClassVar[dict[_Guarded, None]]
    """Those that wait for a request, or for the rest of its head; the one that has waited longest first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: asyncio.TimerHandle | None = None
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit it; where there are too many the one goes that has been silent for longest."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self.most:
            next(iter(self.silent))._hang_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first byte of a request: its head must be whole in time."""
        super().on_message_begin()
        self._header_bytes = 0
        if self._waiting is None:
            self._wait()

    def on_url(self, url: bytes) -> None:
        """Counts, too."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Raises for heads that grow without an end; the parser makes a 400 of it."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """From here on the front has its own limits."""
        self._stop_waiting()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """From here on it waits for its next request; uvicorn has a limit for that."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self.silent[self] = None

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > MOST_HEADER_BYTES:
            raise ValueError("the head of a request is too large")

    def _wait(self) -> None:
        self.silent.pop(self, None)
        self.silent[self] = None
        self._waiting = self.loop.call_later(self.idle_s, self._hang_up)

    def _hang_up(self) -> None:
        self._stop_waiting()
        if self.transport is not None:
            self.transport.abort()

    def _stop_waiting(self) -> None:
        self.silent.pop(self, None)
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
