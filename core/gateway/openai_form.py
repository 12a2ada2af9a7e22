"""Requests and streamed answers in the form of OpenAI's protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.errors import FailureKind, ModelRefused
from core.gateway.messages import Ended, Finish, Message, ModelRequest, Piece, ToolPiece


def body_of(request: ModelRequest) -> dict[str, Any]:
    """What a streamed request says, but for the model's name."""
    body: dict[str, Any] = {"max_tokens": request.max_tokens, **request.options}
    if request.temperature is not None:
        body["temperature"] = request.temperature
    return body


def messages_of(request: ModelRequest) -> list[dict[str, Any]]:
    """Its messages."""
    return [_message(message) for message in request.messages]


def _message(message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        said["content"] = message.content or None
        said["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.tool_call_id:
        said["tool_call_id"] = message.tool_call_id
    return said


class StreamedAnswer:
    """What has come so far of one streamed answer, or of the several that one request asked for."""

    def __init__(self, model: str, provider: str, request: ModelRequest) -> None:
        self._model = model
        self._provider = provider
        self._expected = request.answers
        self._begun: set[int] = set()
        self._reasons: dict[int, str] = {}

    @property
    def whole(self) -> bool:
        """Whether every answer that was asked for has its end."""
        return len(self._reasons) >= self._expected

    @property
    def closed(self) -> bool:
        """Whether every answer that was begun has its end: some servers give one, whatever `n` says."""
        return bool(self._reasons) and self._begun <= self._reasons.keys()

    def events(self, choices: Sequence[Mapping[str, Any]]) -> Iterator[Piece | Ended]:
        """What one chunk's `choices` bring; raises ModelRefused where a filter stopped the answer."""
        for choice in choices:
            index, delta = int(choice.get("index") or 0), choice.get("delta") or {}
            self._begun.add(index)
            if text := delta.get("content"):
                yield Piece(str(text), index)
            for call in delta.get("tool_calls") or ():
                yield _tool_piece(call, index)
            reason = choice.get("finish_reason")
            if reason and not self.whole:
                self._ended(index, str(reason))
                if self.whole:
                    yield Ended(self.finish(None))

    def finish(self, usage: Mapping[str, Any] | None) -> Finish:
        """The end, with the usage where it is known."""
        usage = usage or {}
        reasons = tuple(reason for _, reason in sorted(self._reasons.items()))
        return Finish(
            self._model.split("/", 1)[-1],
            self._provider,
            int(usage.get("prompt_tokens") or 0),
            int(usage.get("completion_tokens") or 0),
            0,
            cut_off="length" in reasons,
            reasons=reasons,
        )

    def _ended(self, index: int, reason: str) -> None:
        if reason == "content_filter":
            raise ModelRefused(
                "The model declined this request: its provider's content filter stopped the answer.",
                kind=FailureKind.CONTENT_POLICY,
            )
        self._reasons.setdefault(index, reason)


def merged(events: Sequence[Piece | Ended]) -> Iterator[Piece | Ended]:
    """The same, texts of one answer that follow each other as one piece: each is passed on many times."""
    before: Piece | None = None
    for event in events:
        if type(event) is Piece and before is not None and before.choice == event.choice:
            before = Piece(before.text + event.text, before.choice)
            continue
        if before is not None:
            yield before
            before = None
        if type(event) is Piece:
            before = event
        else:
            yield event
    if before is not None:
        yield before


def _tool_piece(call: Mapping[str, Any], choice: int) -> ToolPiece:
    function = call.get("function") or {}
    name, arguments = str(function.get("name") or ""), str(function.get("arguments") or "")
    return ToolPiece(
        name + arguments, choice, int(call.get("index") or 0), str(call.get("id") or ""), name, arguments
    )
