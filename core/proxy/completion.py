"""What comes from the gateway as OpenAI's JSON: one object, or chunks of a stream."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import FailureKind, ModelUnavailable
from core.gateway.messages import Finish, Piece, Restart, ToolPiece

Event = Piece | Restart | Finish
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sourced(Finish):
    """The end of an answer from the documents: `sources` are its citations, ready for JSON."""

    sources: tuple[Json, ...] = ()


@dataclass
class _Choice:
    text: list[str] = field(default_factory=list)
    calls: dict[int, ToolPiece] = field(default_factory=dict)

    def take(self, piece: Piece) -> None:
        if not isinstance(piece, ToolPiece):
            self.text.append(piece.text)
            return
        begun = self.calls.get(piece.tool)
        if begun is None:
            self.calls[piece.tool] = piece
            return
        self.calls[piece.tool] = ToolPiece(
            "",
            piece.choice,
            piece.tool,
            begun.id or piece.id,
            begun.name or piece.name,
            begun.arguments + piece.arguments,
        )

    def message(self) -> Json:
        text = "".join(self.text)
        message: Json = {"role": "assistant", "content": text, "refusal": None}
        if self.calls:
            message["content"] = text or None
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for _, call in sorted(self.calls.items())
            ]
        return message


def whole(events: Iterable[Event], completion_id: str, model: str) -> tuple[Json, Finish]:
    """One `chat.completion`, with its Finish; what came before a Restart is void."""
    choices: dict[int, _Choice] = {}
    for event in events:
        if isinstance(event, Restart):
            choices.clear()
        elif isinstance(event, Finish):
            return _completion(choices, event, completion_id, model), event
        else:
            choices.setdefault(event.choice, _Choice()).take(event)
    raise ModelUnavailable("The model broke off in the middle of its answer.", kind=FailureKind.PROTOCOL)


def _completion(choices: Mapping[int, _Choice], finish: Finish, completion_id: str, model: str) -> Json:
    found = [
        {
            "index": index,
            "message": _with_sources(choice.message(), finish),
            "logprobs": None,
            "finish_reason": reason_of(finish, index),
        }
        for index, choice in sorted(choices.items() or {0: _Choice()}.items())
    ]
    return {
        "id": completion_id,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": found,
        "usage": usage_of(finish),
    }


def reason_of(finish: Finish, choice: int) -> str:
    """Why this answer ended, in OpenAI's words."""
    if choice < len(finish.reasons):
        return finish.reasons[choice]
    return "length" if finish.cut_off else "stop"


def usage_of(finish: Finish) -> Json:
    """The tokens of all answers."""
    return {
        "prompt_tokens": finish.prompt_tokens,
        "completion_tokens": finish.completion_tokens,
        "total_tokens": finish.prompt_tokens + finish.completion_tokens,
    }


def _with_sources(message: Json, finish: Finish) -> Json:
    if isinstance(finish, Sourced):
        message["citations"] = list(finish.sources)
    return message


class Chunks:
    """Makes the `chat.completion.chunk`s of one stream."""

    def __init__(self, completion_id: str, model: str, with_usage: bool) -> None:
        self._base: Json = {
            "id": completion_id,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._with_usage = with_usage
        self._begun: set[int] = set()

    def of(self, event: Piece | Finish) -> Iterator[Json]:
        """The chunks of an event; a Finish closes each answer, and brings the usage where it is wanted."""
        if isinstance(event, Finish):
            yield from self._end(event)
            return
        delta: Json = {"content": event.text} if not isinstance(event, ToolPiece) else _tool_delta(event)
        if event.choice not in self._begun:
            self._begun.add(event.choice)
            delta = {"role": "assistant", **delta}
        yield self._chunk(event.choice, delta, None)

    def _end(self, finish: Finish) -> Iterator[Json]:
        for choice in sorted(self._begun or {0}):
            yield self._chunk(choice, _with_sources({}, finish), reason_of(finish, choice))
        if self._with_usage:
            yield {**self._base, "choices": [], "usage": usage_of(finish), **_money(finish)}

    def _chunk(self, choice: int, delta: Json, reason: str | None) -> Json:
        said = {"index": choice, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {**self._base, "choices": [said], **({"usage": None} if self._with_usage else {})}


def _money(finish: Finish) -> Json:
    """What headers say of a whole answer, which a stream's cannot know yet."""
    return {
        "answerdesk": {
            "cost_usd": finish.cost_microusd / 1_000_000,
            "model": finish.deployment or finish.model,
            "provider": finish.provider,
        }
    }


def _tool_delta(piece: ToolPiece) -> Json:
    function: Json = {"arguments": piece.arguments}
    call: Json = {"index": piece.tool, "function": function}
    if piece.name or piece.id:
        function["name"] = piece.name
        call |= {"id": piece.id, "type": "function"}
    return {"tool_calls": [call]}


def replayed(completion: Mapping[str, Any], finish: Finish) -> Iterator[Event]:
    """The events that would make this completion again."""
    for choice in completion["choices"]:
        message, index = choice["message"], int(choice["index"])
        if message["content"]:
            yield Piece(message["content"], index)
        for number, call in enumerate(message.get("tool_calls") or ()):
            function = call["function"]
            yield ToolPiece("", index, number, call["id"], function["name"], function["arguments"])
    yield finish
