"""OpenTelemetry spans of requests, with the GenAI conventions; no text of anybody is in them.

Spans are made when a request is over, with the times that it had, and leave in a thread of their own:
a collector that does not answer costs a request nothing. A span has the trace id of the journal, so
that a trace found there is found here; the caller's own trace (`traceparent`) is linked, because who
chose our trace ids could mix the journal's.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING

from core.proxy.visit import Visit

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Link

EXPORT_TIMEOUT_S = 2
_OPERATIONS = {
    "/v1/chat/completions": "chat",
    "/v1/embeddings": "embeddings",
    "/v1/rerank": "rerank",
}
_next_trace: ContextVar[int] = ContextVar("next_trace")
_NS = 1_000_000_000
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def otlp_exporter(endpoint: str) -> SpanExporter:
    """Sends spans to an OTLP collector over gRPC, such as `http://127.0.0.1:4317`."""
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    # That a collector is away is its owner's concern, and it would be said with every batch.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    return OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_TIMEOUT_S)


class Tracing:
    """Thread safe. `now_ns` gives nanoseconds since 1970."""

    def __init__(self, exporter: SpanExporter, now_ns: Callable[[], int] = time.time_ns) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

        class Ids(RandomIdGenerator):
            def generate_trace_id(self) -> int:
                return _next_trace.get()

        resource = Resource.create({"service.name": "answerdesk"})
        self._provider = TracerProvider(resource=resource, id_generator=Ids(), shutdown_on_exit=False)
        self._processor = BatchSpanProcessor(exporter, max_queue_size=2_048, schedule_delay_millis=1_000)
        self._provider.add_span_processor(self._processor)
        self._tracer = self._provider.get_tracer("answerdesk.proxy")
        self._now_ns = now_ns

    def ended(self, visit: Visit, seconds: float) -> None:
        """Make the spans of a request: the server's, and below it the model's operation."""
        from opentelemetry import trace
        from opentelemetry.context import Context

        operation = _OPERATIONS.get(visit.path)
        if operation is None or visit.key is None:
            return
        end = self._now_ns()
        begin = end - int(seconds * _NS)
        _next_trace.set(int(visit.trace_id, 16))
        server = self._tracer.start_span(
            f"POST {visit.path}",
            Context(),
            trace.SpanKind.SERVER,
            {
                "http.request.method": "POST",
                "http.route": visit.path,
                "http.response.status_code": visit.status,
                "answerdesk.department": visit.key.department,
                "answerdesk.key": visit.key.id,
                "answerdesk.cache": visit.cache,
                "answerdesk.cache.tier": visit.cache_tier,
            },
            links=_links(visit.traceparent),
            start_time=begin,
        )
        inner = trace.set_span_in_context(server, Context())
        client = self._tracer.start_span(
            f"{operation} {visit.model}",
            inner,
            trace.SpanKind.CLIENT,
            _gen_ai(operation, visit),
            start_time=begin,
        )
        if visit.error_code:
            for span in (client, server):
                span.set_attribute("error.type", visit.error_code)
                span.set_status(trace.StatusCode.ERROR)
        client.end(end)
        server.end(end)

    def close(self) -> None:
        """Send what is left, or let it go where the collector does not answer."""
        self._provider.shutdown()

    def flush(self) -> None:
        """Send what there is now; for tests."""
        self._provider.force_flush(EXPORT_TIMEOUT_S * 1_000)


def _links(traceparent: str) -> list[Link]:
    from opentelemetry.trace import Link, SpanContext, TraceFlags

    match = _TRACEPARENT.fullmatch(traceparent)
    if match is None:
        return []
    context = SpanContext(int(match[1], 16), int(match[2], 16), True, TraceFlags(int(match[3], 16)))
    return [Link(context)] if context.is_valid else []


def _gen_ai(operation: str, visit: Visit) -> dict[str, str | int | float | tuple[str, ...]]:
    said: dict[str, str | int | float | tuple[str, ...]] = {
        "gen_ai.operation.name": operation,
        "gen_ai.request.model": visit.model,
    }
    finish = visit.finish
    if finish is not None:
        said |= {
            "gen_ai.provider.name": finish.provider,
            "gen_ai.response.model": finish.model,
            "gen_ai.usage.input_tokens": finish.prompt_tokens,
            "gen_ai.usage.output_tokens": finish.completion_tokens,
            "gen_ai.response.finish_reasons": finish.reasons,
            "answerdesk.deployment": finish.deployment,
            "answerdesk.deployments.failed": finish.failed,
            "answerdesk.cost_microusd": finish.cost_microusd,
        }
    if visit.first_s is not None:
        said["gen_ai.response.time_to_first_chunk"] = visit.first_s
    return said
