"""What the gateway is told of every attempt, and how it can keep one from being made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.errors import FailureKind
from core.gateway.deployments import Deployment
from core.gateway.messages import ModelRequest


class Skip(Exception):
    """Raised by `Attempts.before`: this deployment is not to be called, the next one may be."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Ending(StrEnum):
    """How an attempt ended; `abandoned` is a caller who went away before the end."""

    ANSWERED = "answered"
    FAILED = "failed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens; `estimated` when they are counted from the text because the provider did not say."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """One attempt, once it is over.

    A failed attempt's usage is what it had written by then, and zero when that was nothing.
    `cost_microusd` is None where the deployment's prices are unknown, `first_token_s` where no token
    came. `kind`, `status` and `message` say why it failed.
    """

    ending: Ending
    usage: Usage
    cost_microusd: int | None
    latency_s: float
    first_token_s: float | None = None
    kind: FailureKind | None = None
    status: int | None = None
    message: str = ""


class Attempts(Protocol):
    """An observer of one request. What it raises goes to the caller, Skip excepted."""

    def before(self, deployment: Deployment, request: ModelRequest) -> ModelRequest:
        """Called before each attempt: the request as this deployment is to see it.

        Raises Skip to go on with the next deployment.
        """
        ...

    def after(self, deployment: Deployment, outcome: AttemptOutcome) -> None:
        """Called exactly once for each attempt that `before` let through."""
        ...


class Unobserved:
    """Lets everything through and keeps nothing."""

    def before(self, deployment: Deployment, request: ModelRequest) -> ModelRequest:
        """The request as it is."""
        return request

    def after(self, deployment: Deployment, outcome: AttemptOutcome) -> None:
        """Nothing to keep."""
