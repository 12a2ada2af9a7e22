"""Chat over the OpenAI protocol with plain httpx: the short way to every endpoint that speaks it."""

from __future__ import annotations

import json
import socket
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from core.errors import FailureKind, ModelError, ModelUnavailable
from core.gateway.messages import Ended, Finish, ModelRequest, Piece
from core.gateway.openai_form import StreamedAnswer, body_of, merged, messages_of
from core.gateway.provider_errors import provider_error, retry_after_s
from core.gateway.sse import batches_of
from core.gateway.stream_watch import StreamLimits

ATTEMPT_HEADER = "X-Client-Request-Id"
"""Under which providers that speak OpenAI's protocol keep an id of ours in their logs."""
_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an OpenAI-compatible model is served.

    `url` is the address of chat completions, `body` what is sent along with each request.
    """

    name: str
    provider: str
    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class OpenAIHTTP:
    """One deployment over a client that is shared, so that connections are used again."""

    def __init__(self, client: httpx.Client, endpoint: Endpoint, limits: StreamLimits) -> None:
        self._client = client
        self._endpoint = endpoint
        # Only what frees the thread of a stream that nobody waits for any more: the watch is quicker.
        read_s = max(limits.first_token_s, limits.inter_token_s)
        self._timeout = httpx.Timeout(read_s, connect=min(_CONNECT_S, limits.first_token_s))

    def __call__(self, request: ModelRequest) -> Iterator[Piece | Ended | Finish]:
        """The stream of one answer; its `close` may be called from another thread."""
        answer = StreamedAnswer(self._endpoint.name, self._endpoint.provider, request)
        return _Stream(self._client, self._http_request(request), self._endpoint.name, answer)

    def _http_request(self, request: ModelRequest) -> httpx.Request:
        body = {
            **body_of(request),
            **self._endpoint.body,
            "messages": messages_of(request),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        return self._client.build_request(
            "POST", self._endpoint.url, json=body, headers=self._headers(request), timeout=self._timeout
        )

    def _headers(self, request: ModelRequest) -> Mapping[str, str]:
        if not request.attempt_id:
            return self._endpoint.headers
        return {**self._endpoint.headers, ATTEMPT_HEADER: request.attempt_id}


class _Stream:
    def __init__(
        self, client: httpx.Client, request: httpx.Request, name: str, answer: StreamedAnswer
    ) -> None:
        self._client = client
        self._request = request
        self._name = name
        self._answer = answer
        self._response: httpx.Response | None = None
        self._closed = False
        self._events = self._read()

    def __iter__(self) -> _Stream:
        return self

    def __next__(self) -> Piece | Ended | Finish:
        return next(self._events)

    def close(self) -> None:
        """Hang up. From another thread than the reading one it wakes that one up."""
        self._closed = True
        try:
            self._events.close()
        except ValueError:
            _hang_up(self._response)

    def _read(self) -> Generator[Piece | Ended | Finish, None, None]:
        try:
            self._response = self._client.send(self._request, stream=True)
            with closing(self._response) as response:
                if self._closed:
                    return
                if response.status_code != 200:
                    raise self._status_error(response)
                yield from self._answered(response)
        except httpx.TimeoutException as exc:
            raise ModelUnavailable(
                f"{self._name} failed: no answer in time", kind=FailureKind.TIMEOUT
            ) from exc
        except httpx.HTTPError as exc:
            reason = str(exc) or type(exc).__name__
            raise ModelUnavailable(f"{self._name} failed: {reason}") from exc

    def _answered(self, response: httpx.Response) -> Iterator[Piece | Ended | Finish]:
        usage: dict[str, Any] | None = None
        done = False
        batches = batches_of(response.iter_bytes())
        for batch in batches:
            come: list[Piece | Ended] = []
            try:
                for data in batch:
                    done = done or data == "[DONE]"
                    if done or (usage and self._answer.whole):
                        break
                    chunk = self._chunk(data)
                    come.extend(self._answer.events(chunk.get("choices") or ()))
                    usage = chunk.get("usage") or usage
            finally:
                # Also before an error: what was written until then was written.
                yield from merged(come)
            if done or (usage and self._answer.whole):
                break
        if self._answer.whole or (self._answer.closed and (done or usage)):
            yield self._answer.finish(usage)
        # A connection can be used again only when its last answer was read to the very end.
        for _ in batches:
            pass

    def _chunk(self, data: str) -> dict[str, Any]:
        try:
            chunk = json.loads(data)
        except ValueError:
            # Junk is passed over, but not what may have held a part of the text: that would leave a hole.
            if "content" in data or "tool_calls" in data:
                raise ModelUnavailable(
                    f"{self._name} failed: an unreadable part of the answer", kind=FailureKind.PROTOCOL
                ) from None
            return {}
        if not isinstance(chunk, dict):
            return {}
        if chunk.get("error"):
            raise _body_error(self._name, None, chunk, None)
        return chunk

    def _status_error(self, response: httpx.Response) -> ModelError:
        response.read()
        try:
            body = response.json()
        except ValueError:
            body = response.text
        return _body_error(self._name, response.status_code, body, retry_after_s(response.headers))


def _body_error(name: str, status: int | None, body: Any, wait_s: float | None) -> ModelError:
    """The error of a body in any of the usual shapes: `{"error": {...}}`, `{"error": "..."}`, plain text."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return provider_error(name, status, str(error), "", wait_s)
    code = error.get("code")
    if status is None and isinstance(code, int):
        status = code
    words = " ".join(str(part) for part in (code, error.get("type")) if part)
    message = str(error.get("message") or error.get("detail") or error)
    return provider_error(name, status, message, words, wait_s)


def _hang_up(response: httpx.Response | None) -> None:
    stream = response.extensions.get("network_stream") if response is not None else None
    connection = stream.get_extra_info("socket") if stream is not None else None
    if connection is not None:
        # Unlike close, shutdown wakes up the thread that is waiting for data there.
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
