"""Errors in the shape that OpenAI's clients read, with the status and the wait that they act on."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.responses import Response

from core.errors import (
    AllDeploymentsFailed,
    AnswerdeskError,
    BadInput,
    BudgetExceeded,
    Busy,
    FailureKind,
    KeyRefused,
    MaskingFailed,
    ModelError,
    ModelRefused,
    NotAllowed,
    NotCleared,
    NotFound,
    PriceUnknown,
    RateLimited,
)

log = logging.getLogger(__name__)

_NEVER_AGAIN = {"x-should-retry": "false"}
_INTERNAL = "Something went wrong here, and it is on record. Give your administrator the request's id."


@dataclass(frozen=True, slots=True)
class Refusal:
    """One error as it is sent: `kind` is OpenAI's `type`, `param` the parameter that is wrong."""

    status: int
    message: str
    kind: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}

    def response(self) -> Response:
        """As a whole response."""
        return Response(
            orjson.dumps(self.body()), self.status, dict(self.headers), media_type="application/json"
        )


class Refused(Exception):
    """Ends a request with a refusal of the proxy's own."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def refusal_of(exc: BaseException) -> Refusal:
    """What an error means to the client. One that nobody foresaw is logged and says nothing of itself."""
    if isinstance(exc, Refused):
        return exc.refusal
    if isinstance(exc, ModelError):
        return _of_model(exc)
    if isinstance(exc, RateLimited):
        return _rate_limited(str(exc), exc.retry_after_s)
    for kind, status, word, code in _SIMPLE:
        if isinstance(exc, kind):
            headers = {"retry-after": "1"} if status == 503 else {}
            return Refusal(status, str(exc), word, code, headers=headers)
    log.error("a request failed", exc_info=exc)
    return Refusal(500, _INTERNAL, "server_error", "internal_error", headers=_NEVER_AGAIN)


_SIMPLE: tuple[tuple[type[AnswerdeskError], int, str, str], ...] = (
    (KeyRefused, 401, "authentication_error", "invalid_api_key"),
    (NotAllowed, 403, "permission_error", "not_allowed"),
    (NotFound, 404, "invalid_request_error", "not_found"),
    (BadInput, 400, "invalid_request_error", "invalid_value"),
    (Busy, 503, "server_error", "overloaded"),
)


def unknown_model(name: str) -> Refused:
    """For a model that there is not, or not for this key: the two are not told apart."""
    return Refused(
        Refusal(
            404,
            f"The model {name[:100]!r} does not exist, or your key may not use it.",
            code="model_not_found",
            param="model",
        )
    )


def not_here(reason: str) -> Refused:
    """For a model that others answer, and why."""
    return Refused(Refusal(503, reason, "server_error", "model_unavailable", headers=_NEVER_AGAIN))


def _of_model(exc: ModelError) -> Refusal:
    message = str(exc)
    if isinstance(exc, BudgetExceeded):
        headers = {"retry-after": "1"} if exc.passing else _NEVER_AGAIN
        return Refusal(429, message, "insufficient_quota", "insufficient_quota", headers=headers)
    if isinstance(exc, ModelRefused):
        return _declined(exc)
    if isinstance(exc, NotCleared):
        return Refusal(403, message, "permission_error", "not_cleared", headers=_NEVER_AGAIN)
    if isinstance(exc, MaskingFailed):
        return Refusal(422, message, code="masking_failed", headers=_NEVER_AGAIN)
    if isinstance(exc, PriceUnknown):
        return Refusal(503, message, "server_error", "price_unknown", headers=_NEVER_AGAIN)
    if _all_at_their_limit(exc):
        return _rate_limited(message, exc.retry_after_s or 1)
    return Refusal(503, message, "server_error", "model_unavailable", headers={"retry-after": "5"})


def _declined(exc: ModelRefused) -> Refusal:
    codes = {
        FailureKind.CONTEXT_WINDOW: "context_length_exceeded",
        FailureKind.CONTENT_POLICY: "content_filter",
    }
    return Refusal(400, str(exc), code=codes.get(exc.kind, "invalid_value"))


def _all_at_their_limit(exc: ModelError) -> bool:
    if not isinstance(exc, AllDeploymentsFailed):
        return exc.kind is FailureKind.RATE_LIMITED
    return bool(exc.attempts) and all(a.kind is FailureKind.RATE_LIMITED for a in exc.attempts)


def _rate_limited(message: str, wait_s: float | None) -> Refusal:
    # Where no wait helps, a client must not try again by itself.
    headers = _NEVER_AGAIN if wait_s is None else {"retry-after": str(max(1, math.ceil(wait_s)))}
    return Refusal(429, message, "rate_limit_error", "rate_limit_exceeded", headers=headers)
