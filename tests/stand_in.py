"""A provider that speaks the OpenAI protocol over loopback HTTP, and can be told what to say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USAGE = {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}


@dataclass
class Script:
    """What the stand-in does with a chat request: a status, the pieces it writes, whether it ends well."""

    pieces: tuple[str, ...] = ("Five days [1].",)
    status: int = 200
    error: str = ""
    cut: bool = False


@dataclass
class StandIn:
    """A running stand-in. `requests` holds the bodies it saw, `script` decides on each."""

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    script: Callable[[dict[str, Any]], Script] = lambda _: Script()


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Run one on a free port of 127.0.0.1."""
    state = StandIn("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append(body)
            answer = {"/v1/embeddings": _embeddings, "/v1/rerank": _rerank}.get(self.path)
            if answer is not None:
                self._json(200, answer(body))
                return
            script = state.script(body)
            if script.status != 200:
                self._json(script.status, {"error": {"message": script.error, "type": "x", "code": None}})
            elif body.get("stream"):
                self._stream(script)
            else:
                self._json(200, _completion("".join(script.pieces)))

        def _json(self, status: int, payload: dict[str, Any]) -> None:
            data = json.dumps(payload).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _stream(self, script: Script) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            for piece in script.pieces:
                self._event(_chunk({"content": piece}))
            if script.cut:
                return
            self._event(_chunk({}, "stop"))
            self._event({**_chunk({}), "choices": [], "usage": USAGE})
            self.wfile.write(b"data: [DONE]\n\n")

        def _event(self, payload: dict[str, Any]) -> None:
            self.wfile.write(f"data: {json.dumps(payload)}\n\n".encode())
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def _completion(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
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
