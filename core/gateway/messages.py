"""What goes through the door, in both directions, whichever model is behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

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
]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What is asked of a model; `model` is a name of `data/models.yaml`.

    For an embedding model each message is a text, for a rerank model the first one is the question
    and the others are the texts; both write nothing, so their `max_tokens` is 0.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int = 700
    temperature: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer as it is written."""

    text: str


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
    did not report its tokens and they are counted from the text.
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
