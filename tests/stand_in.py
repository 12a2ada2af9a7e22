"""A provider that speaks the OpenAI protocol over loopback HTTP, and can be told what to say."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USAGE = {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}


@dataclass
class Script:
    """What the stand-in does with a chat request.

    A status, the pieces it writes, whether it ends well; and every way of not doing so, with times
    in seconds: `reset` hangs up before any headers, `silent_s` passes before them, `first_after_s`
    between them and the first piece, `stall_s` after the `stall_after`th piece. `junk` is sent as
    an event after the first piece. After a `cut` nothing comes, `linger_s` keeps the connection open.
    `choices` are sent one a chunk in place of the pieces and their end, for calls of tools and `n`.
    """

    pieces: tuple[str, ...] = ("Five days [1].",)
    status: int = 200
    error: str = ""
    code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    reset: bool = False
    silent_s: float = 0.0
    first_after_s: float = 0.0
    stall_after: int | None = None
    stall_s: float = 0.0
    comments_s: float = 0.0
    junk: str | None = None
    error_event: dict[str, Any] | None = None
    done: bool = True
    usage: bool = True
    reason: str = "stop"
    linger_s: float = 0.0
    keep_alive: bool = False
    choices: tuple[dict[str, Any], ...] = ()


@dataclass
class StandIn:
    """A running stand-in. `requests` holds the bodies it saw, `script` decides on each.

    `seen_at` are the requests' times on `time.monotonic`, `connections` counts those opened, `raw`
    are all bytes of each request, headers included.
    """

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    script: Callable[[dict[str, Any]], Script] = lambda _: Script()
    seen_at: list[float] = field(default_factory=list)
    connections: int = 0
    raw: list[bytes] = field(default_factory=list)


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Run one on a free port of 127.0.0.1."""
    state = StandIn("")
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            state.connections += 1

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            state.raw.append(self.requestline.encode() + bytes(self.headers) + content)
            body = json.loads(content)
            state.requests.append(body)
            state.seen_at.append(time.monotonic())
            answer = {"/v1/embeddings": _embeddings, "/v1/rerank": _rerank}.get(self.path)
            if answer is not None:
                self._json(200, answer(body))
                return
            script = state.script(body)
            if script.reset:
                _reset(self.connection)
                self.close_connection = True
                return
            closing.wait(script.silent_s)
            if script.status != 200:
                error = {"message": script.error, "type": "x", "code": script.code}
                self._json(script.status, {"error": error}, script.headers)
            elif body.get("stream"):
                self._stream(script)
            else:
                self._json(200, _completion(script))

        def _json(self, status: int, payload: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            data = json.dumps(payload).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def _stream(self, script: Script) -> None:
            self._chunked = script.keep_alive
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            framing = ("Transfer-Encoding", "chunked") if self._chunked else ("Connection", "close")
            self.send_header(*framing)
            self.end_headers()
            self.close_connection = not self._chunked
            self._pieces(script)
            if script.cut:
                self.close_connection = True
            else:
                self._end(script)
            closing.wait(script.linger_s)
            if self._chunked and not script.cut:
                self.wfile.write(b"0\r\n\r\n")

        def _pieces(self, script: Script) -> None:
            for choice in script.choices:
                self._event({**_chunk({}), "choices": [choice]})
            closing.wait(script.first_after_s)
            until = time.monotonic() + script.comments_s
            while time.monotonic() < until and not closing.wait(0.05):
                self._send(b": still here\n\n")
            for number, piece in enumerate(() if script.choices else script.pieces):
                if number == script.stall_after:
                    closing.wait(script.stall_s)
                if number == 1 and script.junk is not None:
                    self._send(f"data: {script.junk}\n\n".encode())
                if number == 1 and script.error_event is not None:
                    self._event({"error": script.error_event})
                self._event(_chunk({"content": piece}))

        def _end(self, script: Script) -> None:
            if not script.choices:
                self._event(_chunk({}, script.reason))
            if script.usage:
                self._event({**_chunk({}), "choices": [], "usage": USAGE})
            if script.done:
                self._send(b"data: [DONE]\n\n")

        def _event(self, payload: dict[str, Any]) -> None:
            self._send(f"data: {json.dumps(payload)}\n\n".encode())

        def _send(self, data: bytes) -> None:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if self._chunked else data)
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield state
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is no error here."""


def _reset(connection: socket.socket) -> None:
    # To linger for no time makes the close a reset.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def _completion(script: Script) -> dict[str, Any]:
    texts: dict[int, str] = {} if script.choices else {0: "".join(script.pieces)}
    for choice in script.choices:
        index = choice["index"]
        texts[index] = texts.get(index, "") + (choice["delta"].get("content") or "")
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": i, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            for i, text in sorted(texts.items())
        ],
        "usage": USAGE,
    }


def _embeddings(body: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {"object": "embedding", "index": i, "embedding": [float(len(text)), 1.0]}
        for i, text in enumerate(body["input"])
    ]
    return {"object": "list", "data": rows[::-1], "model": "e", "usage": USAGE}


def _rerank(body: dict[str, Any]) -> dict[str, Any]:
    words = set(body["query"].casefold().split())
    results = [
        {"index": i, "relevance_score": len(words & set(text.casefold().split())) / max(len(words), 1)}
        for i, text in enumerate(body["documents"])
    ]
    results.sort(key=lambda result: -result["relevance_score"])
    return {"id": "r1", "results": results, "meta": {}}
