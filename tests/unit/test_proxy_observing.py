"""What is told of requests: traces, metrics and logs, without anybody's words, and at no cost to them."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from core.gateway.money import Scope
from core.proxy.observing import access
from core.proxy.tracing import Tracing, otlp_exporter
from tests.conftest import add_person
from tests.proxy_house import House, entries_of, eventually, house_of
from tests.stand_in import Script, StandIn, stand_in
from tests.unit.test_proxy_chat import ask

SECRET = "Wen erwaehnt das Wort Zimtschnecke"


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> Tracing:
    return Tracing(exporter)


@pytest.fixture
def house(tmp_path: Path, provider: StandIn, tracing: Tracing) -> Iterator[House]:
    with house_of(tmp_path, entries_of(provider), tracing=tracing) as house:
        yield house


def spans(tracing: Tracing, exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    def made() -> bool:
        tracing.flush()
        return len(exporter.get_finished_spans()) == 2

    # A request is told of when its client has had all of it.
    eventually(made)
    return {span.name: span for span in exporter.get_finished_spans()}


def test_a_request_is_two_spans_under_the_journals_trace(
    house: House, tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    """With the GenAI conventions, and not a word of what was asked or answered."""
    theirs = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    answer = ask(house, messages=[{"role": "user", "content": SECRET}], stream=True, headers=theirs)
    found = spans(tracing, exporter)
    server, chat = found["POST /v1/chat/completions"], found["chat gpt"]
    assert chat.parent is not None and chat.parent.span_id == server.context.span_id
    trace_id = f"{server.context.trace_id:032x}"
    assert trace_id == answer.headers["x-answerdesk-trace"]
    assert house.journal.trace(trace_id)
    assert [f"{link.context.trace_id:032x}" for link in server.links] == ["a" * 32]
    said = chat.attributes or {}
    assert said["gen_ai.operation.name"] == "chat"
    assert (said["gen_ai.request.model"], said["gen_ai.response.model"]) == ("gpt", "gpt-4o-mini")
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == (120, 30)
    assert said["gen_ai.response.finish_reasons"] == ("stop",)
    everything = "".join(span.to_json() for span in found.values())
    assert "Zimtschnecke" not in everything and "Five" not in everything


def test_an_error_is_named_in_its_span(
    house: House, provider: StandIn, tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    provider.script = lambda _: Script(status=400, error="no", code="context_length_exceeded")
    ask(house)
    attributes = spans(tracing, exporter)["chat gpt"].attributes or {}
    assert attributes["error.type"] == "context_length_exceeded"


def test_a_collector_that_is_away_costs_a_request_nothing(tmp_path: Path, provider: StandIn) -> None:
    """Nobody listens there: requests are answered, and the end does not wait for it either."""
    tracing = Tracing(otlp_exporter("http://127.0.0.1:9"))
    with house_of(tmp_path, entries_of(provider), tracing=tracing) as house:
        assert [ask(house).status_code for _ in range(5)] == [200] * 5
        began = time.monotonic()
    assert time.monotonic() - began < 30


def test_metrics_count_requests_tokens_money_and_states(house: House) -> None:
    house.gateway.budgets.set_limit(house.administrator, Scope.department("sales"), 1_000_000)
    ask(house)
    ask(house, stream=True, headers={"x-answerdesk-cache": "on"})
    ask(house, stream=True, headers={"x-answerdesk-cache": "on"})
    ask(house, model="made-up-by-a-client")
    address = house.url.removesuffix("/v1") + "/metrics"
    last = 'model="",path="/v1/chat/completions",status="404"'
    eventually(lambda: last in httpx.get(address).text)
    page = httpx.get(address).text
    for line in (
        'answerdesk_requests_total{model="gpt",path="/v1/chat/completions",status="200"} 3.0',
        'answerdesk_requests_total{model="",path="/v1/chat/completions",status="404"} 1.0',
        'answerdesk_tokens_total{department="sales",kind="input",model="gpt"} 240.0',
        'answerdesk_cost_usd_total{department="sales",model="gpt"} 0.0003',
        'answerdesk_cache_total{outcome="hit"} 1.0',
        'answerdesk_circuit{deployment="first",state="closed"} 1.0',
        'answerdesk_budget_left_usd{id="sales",scope="department"} 0.9997',
        "answerdesk_first_token_seconds_count 2.0",
    ):
        assert line in page
    assert "made-up" not in page


def test_the_log_has_figures_and_nobodys_words(house: House, caplog: pytest.LogCaptureFixture) -> None:
    person = add_person(house.identity, "jonas", "sales")
    caplog.set_level(logging.INFO, access.name)
    answer = ask(
        house,
        messages=[{"role": "user", "content": SECRET}],
        headers={"x-answerdesk-user": person.email, "x-request-id": "order-7"},
    )
    eventually(lambda: any(r.name == access.name for r in caplog.records))
    [line] = [json.loads(r.getMessage()) for r in caplog.records if r.name == access.name]
    assert answer.headers["x-request-id"] == line["request"] == "order-7"
    assert (line["key"], line["department"], line["status"]) == (house.key.id, "sales", 200)
    assert (line["prompt_tokens"], line["cost_microusd"]) == (120, 150)
    assert not any(word in caplog.text for word in ("Zimtschnecke", person.email, house.token, "Five"))
