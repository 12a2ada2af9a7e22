"""A provider that costs its machine little: the address says how long it waits and how it writes.

`/0/v1` answers at once, `/60/v1` after 60 ms, `/paced/v1` writes its pieces 20 ms apart.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PIECES = ("Five", " days", " may", " be", " carried", " over", " until", " the", " end", " of", " March", ".")
USAGE = {"prompt_tokens": 40, "completion_tokens": 12, "total_tokens": 52}
PACE_S = 0.02
_BASE = {"id": "c1", "created": 1, "model": "m"}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """One request."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    kind = scope["path"].split("/")[1]
    if kind.isdecimal() and int(kind):
        await asyncio.sleep(int(kind) / 1000)
    # LiteLLM looks at the address once at its start, without a body.
    if json.loads(body or b"{}").get("stream"):
        await _stream(send, PACE_S if kind == "paced" else 0.0)
    else:
        await _whole(send)


async def _whole(send: Any) -> None:
    message = {"role": "assistant", "content": "".join(PIECES)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    data = json.dumps({**_BASE, "object": "chat.completion", "choices": [choice], "usage": USAGE}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": data})


async def _stream(send: Any, pace_s: float) -> None:
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    written = [_chunk({"content": piece}) for piece in PIECES]
    if pace_s:
        for event in written:
            await send({"type": "http.response.body", "body": event, "more_body": True})
            await asyncio.sleep(pace_s)
        written = []
    usage = {**_BASE, "object": "chat.completion.chunk", "choices": [], "usage": USAGE}
    end = [_chunk({}, "stop"), b"data: " + json.dumps(usage).encode() + b"\n\n", b"data: [DONE]\n\n"]
    await send({"type": "http.response.body", "body": b"".join([*written, *end])})


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {**_BASE, "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


@contextmanager
def stand_in() -> Iterator[str]:
    """The address, without the part that says how it answers, of one in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.proxy_stand_in"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(30)


async def main() -> None:
    """Serve until the standard input ends."""
    import uvicorn

    config = uvicorn.Config(app, port=0, log_level="error", access_log=False, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = server.force_exit = True
    await task


if __name__ == "__main__":
    asyncio.run(main())
