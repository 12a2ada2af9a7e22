"""What goes through the door, in both directions, whichever model is behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from core.gateway.hanging_up import Line
from core.types import DataClass

__all__ = [
    "Connect",
    "DataClass",
    "Ended",
    "Finish",
    "Message",
    "Model",
    "ModelRequest",
    "Numbers",
    "Piece",
    "Restart",
    "Role",
    "ToolCall",
    "ToolPiece",
]

Role = Literal["system", "developer", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a function that a model asks for; `arguments` is JSON as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt.

    `tool_calls` stand in turns of the assistant; a turn of a tool is the result of `tool_call_id`.
    """

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""

    @property
    def text(self) -> str:
        """Everything in it that a provider reads, to be measured."""
        if not self.tool_calls:
            return self.content
        return self.content + "".join(call.name + call.arguments for call in self.tool_calls)


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What is asked of a model; `model` is a name of `data/models.yaml`.

    For an embedding model each message is a text, for a rerank model the first one is the question
    and the others are the texts; both write nothing, so their `max_tokens` is 0.

    `max_tokens` holds for each of the answers that are asked for. Without a `temperature` the
    provider's own holds. `options` are further parameters in OpenAI's form, such as `tools`, `n` and
    `response_format`, sent as they are but for what must be masked. Whoever asks can hang up on `line`.
    `empty_is_answer` where an answer without a word is one, because a `stop` may come first.
    `attempt_id` goes along with a chat request, so that the provider's record of it can be matched
    with the journal's.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int = 700
    temperature: float | None = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
    line: Line | None = field(default=None, compare=False, repr=False)
    empty_is_answer: bool = False
    attempt_id: str = ""

    @property
    def answers(self) -> int:
        """How many answers are asked for."""
        return int(self.options.get("n") or 1)

    @property
    def most_tokens(self) -> int:
        """The most tokens that all answers together may have."""
        return self.max_tokens * self.answers

    @property
    def in_json(self) -> bool:
        """Whether the answers are to be JSON."""
        form = self.options.get("response_format")
        return isinstance(form, Mapping) and str(form.get("type", "")).startswith("json")

    @property
    def definitions(self) -> str:
        """What a provider reads beside the messages, to be measured: tools and forms of the answer."""
        read = [self.options[name] for name in ("tools", "response_format") if name in self.options]
        return json.dumps(read, ensure_ascii=False) if read else ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer as it is written; `choice` counts the answers to one request from 0."""

    text: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class ToolPiece(Piece):
    """A part of a call of a function that the model asks for.

    `tool` counts the calls of one answer from 0; `id` and `name` come once, with the first part.
    `arguments` is a part of JSON; `text` holds name and arguments, to be measured.
    """

    tool: int = 0
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Numbers(Piece):
    """What an embedding or a rerank model gives, whole: a row of numbers for each text, in their order.

    A rerank model's rows hold one number. `text` only tells the stream watch that something came.
    """

    rows: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Restart:
    """The text given so far is void: another attempt writes the answer from its beginning.

    `deployment` is the one that begins, `reason` why the one before it stopped.
    """

    deployment: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of a whole answer: who wrote it and what it took.

    `failed` names the deployments that were tried before in vain, `deployment` the one that
    answered. `cut_off` tells that the answer reached `max_tokens`; `estimated` that the provider
    did not report its tokens and they are counted from the text. `reasons` says in OpenAI's words why
    each answer ended, where the transport knows.
    """

    model: str
    provider: str
    prompt_tokens: int
    completion_tokens: int
    cost_microusd: int
    failed: tuple[str, ...] = ()
    deployment: str = ""
    cut_off: bool = False
    estimated: bool = False
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """The text is complete, only the usage may still come; `finish` stands in for one that does not."""

    finish: Finish


Connect = Callable[[ModelRequest], Iterator[Piece | Ended | Finish]]
"""What a transport gives the stream watch: a request in, the provider's events out."""


class Model(Protocol):
    """One deployment or a route of many: from outside they are alike."""

    def stream(self, request: ModelRequest) -> Iterator[Piece | Finish]:
        """The answer in pieces, closed by exactly one Finish; raises ModelError otherwise."""
        ...
