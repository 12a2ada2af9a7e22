"""What goes through the door, in both directions, whichever model is behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What is asked of a model; `model` is a name of `data/models.yaml`."""

    model: str
    messages: tuple[Message, ...]
    max_tokens: int = 700
    temperature: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of a whole answer: who wrote it and what it took.

    `failed` names the deployments that were tried before in vain.
    """

    model: str
    provider: str
    prompt_tokens: int
    completion_tokens: int
    cost_microusd: int
    failed: tuple[str, ...] = ()


class Model(Protocol):
    """One deployment or a route of many: from outside they are alike."""

    def stream(self, request: ModelRequest) -> Iterator[Piece | Finish]:
        """The answer in pieces, closed by exactly one Finish; raises ModelError otherwise."""
        ...
