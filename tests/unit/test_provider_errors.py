"""What a provider's refusal means, and how its events are read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.errors import FailureKind, ModelRefused, ModelUnavailable
from core.gateway import sse
from core.gateway.provider_errors import provider_error, retry_after_s


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, "context_length_exceeded", "too long", FailureKind.CONTEXT_WINDOW),
        (400, "", "prompt is too long: 210000 tokens > 200000 maximum", FailureKind.CONTEXT_WINDOW),
        (413, "", "", FailureKind.CONTEXT_WINDOW),
        (400, "content_filter", "no", FailureKind.CONTENT_POLICY),
        (400, "", "Your request was rejected by our safety system", FailureKind.CONTENT_POLICY),
        (400, "", "temperature must be positive", FailureKind.BAD_REQUEST),
        (401, "", "no such key", FailureKind.AUTH),
        (404, "", "no such model", FailureKind.AUTH),
        (429, "insufficient_quota", "pay first", FailureKind.AUTH),
        (429, "", "slow down", FailureKind.RATE_LIMITED),
        (503, "", "moderation is down", FailureKind.UNAVAILABLE),
        (529, "", "overloaded", FailureKind.UNAVAILABLE),
        (None, "", "overloaded", FailureKind.UNAVAILABLE),
        (307, "", "", FailureKind.PROTOCOL),
    ],
)
def test_status_code_and_words_tell_the_kind(
    status: int | None, code: str, message: str, kind: FailureKind
) -> None:
    """A refusal of this very request is told from a failure."""
    error = provider_error("m", status, message, code)
    refused = kind in (FailureKind.CONTEXT_WINDOW, FailureKind.CONTENT_POLICY, FailureKind.BAD_REQUEST)
    assert error.kind == kind
    assert type(error) is (ModelRefused if refused else ModelUnavailable)


def test_retry_after_is_read_in_all_its_forms() -> None:
    """Milliseconds, seconds, a date, or nonsense."""
    now = datetime(2026, 11, 24, 9, 0, 0, tzinfo=UTC)
    assert retry_after_s({"retry-after-ms": "1500", "retry-after": "2"}) == 1.5
    assert retry_after_s({"retry-after": "2"}) == 2
    assert retry_after_s({"retry-after": "Tue, 24 Nov 2026 09:00:07 GMT"}, now) == 7
    assert retry_after_s({"retry-after": "Tue, 24 Nov 2026 08:00:00 GMT"}, now) == 0
    assert retry_after_s({"retry-after": "soon"}) is None
    assert retry_after_s({}) is None


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_events_are_read_however_the_bytes_are_cut(size: int) -> None:
    """Comments, other fields and line ends of both kinds; letters that are cut in two."""
    text = ': hello\r\ndata: {"a":"ü"}\r\n\r\nevent: x\nid: 1\ndata:one\ndata: two\n\ndata: [DONE]\n'.encode()
    chunks = [text[i : i + size] for i in range(0, len(text), size)]
    assert [data for batch in sse.batches_of(chunks) for data in batch] == ['{"a":"ü"}', "one\ntwo", "[DONE]"]


def test_a_line_without_end_is_refused() -> None:
    """No provider can fill the memory."""
    with pytest.raises(ValueError, match="no end"):
        list(sse.batches_of(b"x" * 1_000_000 for _ in range(20)))
