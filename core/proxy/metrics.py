"""Figures for Prometheus: counted when a request ends, or read when the page is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core.gateway.circuit import State
from core.gateway.gateway import Gateway
from core.proxy.visit import Visit

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_PATHS = frozenset({"/v1/chat/completions", "/v1/embeddings", "/v1/rerank", "/v1/models"})
_NOT_CHARGED = frozenset({"hit", "replayed"})


class Metrics:
    """Thread safe. `in_flight` counts the requests that run or wait, `queue` the open review tasks."""

    def __init__(
        self, gateway: Gateway, in_flight: Callable[[], int], queue: Callable[[], int] | None = None
    ) -> None:
        self._registry = CollectorRegistry()
        labels = ("path", "model", "status")
        registry = self._registry
        self._requests = Counter("answerdesk_requests", "Requests", labels, registry=registry)
        self._tokens = Counter(
            "answerdesk_tokens", "Tokens", ("model", "department", "kind"), registry=registry
        )
        self._cost = Counter("answerdesk_cost_usd", "Money spent", ("model", "department"), registry=registry)
        self._cache = Counter("answerdesk_cache", "Opt-in cache", ("outcome",), registry=registry)
        self._seconds = Histogram(
            "answerdesk_request_seconds", "Whole requests", ("path",), buckets=_BUCKETS, registry=registry
        )
        self._first = Histogram(
            "answerdesk_first_token_seconds", "Until the first piece", buckets=_BUCKETS, registry=registry
        )
        registry.register(_Now(gateway, in_flight, queue))

    def ended(self, visit: Visit, seconds: float) -> None:
        """Count one request. Names that a client makes up are no labels."""
        path = visit.path if visit.path in _PATHS else "other"
        self._requests.labels(path, visit.model, str(visit.status)).inc()
        self._seconds.labels(path).observe(seconds)
        if visit.first_s is not None:
            self._first.observe(visit.first_s)
        if visit.cache != "off":
            self._cache.labels(visit.cache).inc()
        finish = visit.finish
        if finish is None or visit.key is None or visit.cache in _NOT_CHARGED:
            return
        department = visit.key.department
        self._tokens.labels(visit.model, department, "input").inc(finish.prompt_tokens)
        self._tokens.labels(visit.model, department, "output").inc(finish.completion_tokens)
        self._cost.labels(visit.model, department).inc(finish.cost_microusd / 1_000_000)

    def page(self) -> bytes:
        """All figures in Prometheus' text form; reads the budgets from the database."""
        return generate_latest(self._registry)


class _Now(Collector):
    """What is true at this moment."""

    def __init__(
        self, gateway: Gateway, in_flight: Callable[[], int], queue: Callable[[], int] | None
    ) -> None:
        self._gateway = gateway
        self._in_flight = in_flight
        self._queue = queue

    def describe(self) -> list[Metric]:
        """Nothing: registering must not read the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures of now."""
        yield GaugeMetricFamily("answerdesk_in_flight", "Requests under way", value=self._in_flight())
        if self._queue is not None:
            yield GaugeMetricFamily("answerdesk_review_queue", "Open review tasks", value=self._queue())
        yield self._circuits()
        yield from self._budgets()

    def _circuits(self) -> Metric:
        family = GaugeMetricFamily(
            "answerdesk_circuit", "1 for the state that it is in", labels=("deployment", "state")
        )
        for router in (self._gateway.router, self._gateway.readers):
            for now in router.snapshot():
                for state in State:
                    family.add_metric((now.name, str(state)), float(now.state == str(state)))
        return family

    def _budgets(self) -> Iterator[Metric]:
        labels = ("scope", "id")
        left = GaugeMetricFamily("answerdesk_budget_left_usd", "Budget left", labels=labels)
        spent = GaugeMetricFamily("answerdesk_spent_usd", "Spent in the period", labels=labels)
        for status in self._gateway.budgets.statuses():
            names = (status.scope.kind.value, status.scope.id)
            spent.add_metric(names, status.spent_microusd / 1_000_000)
            if status.limit_microusd is not None:
                free = status.limit_microusd - status.spent_microusd - status.held_microusd
                left.add_metric(names, free / 1_000_000)
        yield left
        yield spent
