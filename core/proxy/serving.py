"""The proxy alone, in a process of its own: `python -m core gateway`."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue
from types import FrameType
from typing import Any

import uvicorn

from core.proxy.connections import protocol_of
from core.proxy.observing import access
from core.proxy.proxy import Proxy

KEEP_ALIVE_S = 65
"""Longer than the pools of usual clients and load balancers, so that it is they who hang up."""


class Server(uvicorn.Server):
    """A first signal drains: nothing new is taken, what runs is finished. A second one stops at once.

    Either way `serve` returns, so that the caller can settle what is left.
    """

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        super().__init__(_config(proxy))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called with each signal; none is raised again at the end."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True
        self._proxy.drain()


def _config(proxy: Proxy) -> uvicorn.Config:
    settings = proxy.settings
    return uvicorn.Config(
        proxy,
        host=settings.host,
        port=settings.port,
        http=protocol_of(settings),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(settings.drain_s)),
    )


def serve(proxy: Proxy) -> None:
    """Serve until a signal comes, then settle what is left. The log is JSON, a line each, on stderr."""
    listener = _log()
    try:
        Server(proxy).run()
    finally:
        proxy.close()
        listener.stop()


def _log() -> QueueListener:
    """A log that nobody waits for: lines are written in a thread of their own."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    queue: SimpleQueue[Any] = SimpleQueue()
    root = logging.getLogger()
    root.handlers[:] = [QueueHandler(queue)]
    root.setLevel(logging.WARNING)
    access.setLevel(logging.INFO)
    listener = QueueListener(queue, handler)
    listener.start()
    return listener


class JsonLines(logging.Formatter):
    """One line of JSON for each record; a line of the access log is JSON already."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "log": record.name}
        if record.name == access.name:
            return json.dumps(line | json.loads(record.getMessage()))
        line["message"] = record.getMessage()
        if record.exc_text:
            line["error"] = record.exc_text
        return json.dumps(line)
