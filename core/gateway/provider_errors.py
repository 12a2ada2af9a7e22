"""What a provider's refusal means: one table for every transport, by status, code and words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from core.errors import FailureKind, ModelError, ModelRefused, ModelUnavailable

_BY_STATUS = {
    400: FailureKind.BAD_REQUEST,
    401: FailureKind.AUTH,
    402: FailureKind.AUTH,
    403: FailureKind.AUTH,
    404: FailureKind.AUTH,
    408: FailureKind.UNAVAILABLE,
    409: FailureKind.UNAVAILABLE,
    413: FailureKind.CONTEXT_WINDOW,
    422: FailureKind.BAD_REQUEST,
    425: FailureKind.UNAVAILABLE,
    429: FailureKind.RATE_LIMITED,
}
_REFUSALS = {FailureKind.BAD_REQUEST, FailureKind.CONTEXT_WINDOW, FailureKind.CONTENT_POLICY}
# None is an error that came within a stream.
_TELL_BY_WORDS = {400, 403, 422, None}
_CONTEXT = re.compile(
    r"context[_ ](?:length|window|size)|maximum context|too many (?:input )?tokens|reduce the length of"
    r"|(?:prompt|input|request) (?:is|was) too (?:long|large)|input length .{0,40}exceed"
    r"|exceeds? the (?:model's )?max(?:imum)? (?:input|context|token|length)",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"content[_ ](?:policy|filter|management)|responsible[_ ]?ai|safety system|moderation|flagged"
    r"|usage polic",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"insufficient_quota|account .{0,30}(?:deactivated|suspended)", re.IGNORECASE)
_LONGEST_REASON = 300


def provider_error(
    name: str, status: int | None, message: str, code: str = "", retry_after_s: float | None = None
) -> ModelError:
    """The error that a provider's status, message and code stand for.

    A refusal of this very request is ModelRefused, everything else ModelUnavailable.
    """
    kind = _kind(status, f"{code} {message}")
    reason = _one_line(message) or (f"status {status}" if status else "no reason given")
    if kind in _REFUSALS:
        return ModelRefused(f"The model declined this request: {reason}", kind=kind, status=status)
    return ModelUnavailable(f"{name} failed: {reason}", kind=kind, status=status, retry_after_s=retry_after_s)


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds to wait by `retry-after-ms` or `retry-after` (seconds or an HTTP date); None without."""
    if "retry-after-ms" in headers:
        return _seconds(headers["retry-after-ms"], 1000)
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds = _seconds(value, 1)
    if seconds is not None:
        return seconds
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())


def _kind(status: int | None, words: str) -> FailureKind:
    if status in _TELL_BY_WORDS and _POLICY.search(words):
        return FailureKind.CONTENT_POLICY
    if status in _TELL_BY_WORDS and _CONTEXT.search(words):
        return FailureKind.CONTEXT_WINDOW
    if status == 429 and _ACCOUNT.search(words):
        return FailureKind.AUTH
    if status is None or status >= 500:
        return FailureKind.UNAVAILABLE
    return _BY_STATUS.get(status, FailureKind.BAD_REQUEST if status >= 400 else FailureKind.PROTOCOL)


def _one_line(message: str) -> str:
    lines = message.strip().splitlines()
    return lines[0][:_LONGEST_REASON] if lines else ""


def _seconds(value: str, per_second: int) -> float | None:
    try:
        seconds = float(value) / per_second
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
