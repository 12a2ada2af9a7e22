"""What is told of a request that is over: one line of the log, the metrics, the trace."""

from __future__ import annotations

import json
import logging

from core.proxy.metrics import Metrics
from core.proxy.tracing import Tracing
from core.proxy.visit import Visit

access = logging.getLogger("answerdesk.access")
log = logging.getLogger(__name__)


class Observing:
    """Never raises: what cannot be told is no reason for a request to fail."""

    def __init__(self, metrics: Metrics, tracing: Tracing | None) -> None:
        self._metrics = metrics
        self._tracing = tracing

    def ended(self, visit: Visit, seconds: float) -> None:
        """One request, as it ended."""
        try:
            self._metrics.ended(visit, seconds)
            if self._tracing is not None:
                self._tracing.ended(visit, seconds)
            if access.isEnabledFor(logging.INFO):
                access.info("%s", line_of(visit, seconds))
        except Exception:
            log.exception("a request could not be told of")

    def close(self) -> None:
        """Send the traces that are left."""
        if self._tracing is not None:
            self._tracing.close()


def line_of(visit: Visit, seconds: float) -> str:
    """One line of JSON without personal data: no texts, no names, no addresses."""
    finish, key = visit.finish, visit.key
    said = {
        "request": visit.request_id,
        "trace": visit.trace_id,
        "key": key.id if key else None,
        "department": key.department if key else None,
        "path": visit.path if key else None,
        "model": visit.model or None,
        "status": visit.status,
        "error": visit.error_code or None,
        "ms": round(seconds * 1000, 1),
        "first_ms": None if visit.first_s is None else round(visit.first_s * 1000, 1),
        "stream": visit.streamed,
        "cache": visit.cache,
        "cache_tier": visit.cache_tier or None,
        "deployment": finish.deployment if finish else None,
        "prompt_tokens": finish.prompt_tokens if finish else None,
        "completion_tokens": finish.completion_tokens if finish else None,
        "cost_microusd": finish.cost_microusd if finish else None,
    }
    return json.dumps({name: value for name, value in said.items() if value is not None})
