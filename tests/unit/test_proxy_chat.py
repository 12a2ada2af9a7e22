"""Chat through the proxy over real HTTP: what goes in, what comes back, and every way of being refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.gateway.charges import Caller
from core.gateway.models import LiteLLMModel, warm_up
from core.gateway.money import Scope
from core.gateway.openai_http import ATTEMPT_HEADER
from core.journal.entries import Kind
from core.settings import ProxySettings
from tests.conftest import add_person
from tests.model_files import entry
from tests.proxy_house import EMBEDDING, RERANKING, House, entries_of, house_of
from tests.stand_in import Script, StandIn, stand_in

HELLO = [{"role": "user", "content": "How many days?"}]
TOOLS = [{"type": "function", "function": {"name": "book", "parameters": {"type": "object"}}}]


@pytest.fixture(scope="module", autouse=True)
def litellm_is_there() -> None:
    """As in a desk that has started: embeddings and reranking go through it."""
    warm_up()


@pytest.fixture
def providers() -> Iterator[tuple[StandIn, StandIn]]:
    with stand_in() as first, stand_in() as second:
        yield first, second


@pytest.fixture
def house(tmp_path: Path, providers: tuple[StandIn, StandIn]) -> Iterator[House]:
    first, second = providers
    with house_of(tmp_path, entries_of(first, second)) as house:
        yield house


def ask(house: House, token: str | None = None, **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    with house.client(token) as client:
        body = {"model": "gpt", "messages": HELLO, **more}
        return client.post("/chat/completions", json=body, headers=headers)


def events(response: httpx.Response) -> list[Any]:
    """The data of each event; the last one is DONE."""
    lines = [line[6:] for line in response.text.splitlines() if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_a_whole_answer_says_who_gave_it_and_what_it_cost(house: House) -> None:
    """And its charge and its trace are those of the key's department."""
    response = ask(house)
    said = response.json()
    assert said["choices"][0]["message"]["content"] == "Five days [1]."
    assert said["choices"][0]["finish_reason"] == "stop"
    assert said["usage"]["total_tokens"] == 150
    headers = response.headers
    assert headers["x-answerdesk-model"] == "first" and headers["x-answerdesk-cost-usd"] == "0.000150"
    outcome = house.journal.trace(headers["x-answerdesk-trace"])[-1]
    assert (outcome.kind, outcome.department, outcome.person_id) == (
        Kind.MODEL_OUTCOME,
        "sales",
        house.key.person_id,
    )
    assert house.gateway.budgets.status(Scope.department("sales")).spent_microusd == 150


def test_a_stream_comes_in_pieces_and_ends_with_its_usage(
    house: House, providers: tuple[StandIn, StandIn]
) -> None:
    providers[0].script = lambda _: Script(pieces=("Five ", "days."))
    response = ask(house, stream=True, stream_options={"include_usage": True})
    *chunks, end, usage, done = events(response)
    assert "".join(c["choices"][0]["delta"]["content"] for c in chunks) == "Five days."
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert end["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == [] and usage["usage"]["completion_tokens"] == 30
    assert usage["answerdesk"]["cost_usd"] == pytest.approx(0.00015)
    assert done == "[DONE]"
    assert len({c["id"] for c in (*chunks, end, usage)}) == 1


def test_parameters_reach_the_provider_as_they_are(house: House, providers: tuple[StandIn, StandIn]) -> None:
    sent = {
        "n": 2,
        "stop": ["END"],
        "seed": 7,
        "top_p": 0.5,
        "temperature": 0.3,
        "presence_penalty": 0.1,
        "tools": TOOLS,
        "tool_choice": {"type": "function", "function": {"name": "book"}},
        "parallel_tool_calls": False,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "x", "schema": {"type": "object"}},
        },
    }
    providers[0].script = lambda _: Script(choices=(choice(0, "a"), choice(1, "b"), end(0), end(1)))
    assert ask(house, max_completion_tokens=50, **sent).status_code == 200
    got = providers[0].requests[0]
    assert {name: got[name] for name in sent} == sent
    assert got["max_tokens"] == 50
    assert ask(house).status_code == 200
    assert not {"temperature", "n", "tools"} & providers[0].requests[1].keys()


def choice(index: int, text: str) -> dict[str, Any]:
    return {"index": index, "delta": {"content": text}, "finish_reason": None}


def end(index: int, reason: str = "stop") -> dict[str, Any]:
    return {"index": index, "delta": {}, "finish_reason": reason}


def called(arguments: str, index: int = 0, **more: Any) -> dict[str, Any]:
    call = {"index": index, "function": {"arguments": arguments, **more.pop("function", {})}, **more}
    return {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}


def test_several_answers_are_kept_apart(house: House, providers: tuple[StandIn, StandIn]) -> None:
    """Whole and streamed, in whatever order their pieces come."""
    providers[0].script = lambda _: Script(
        choices=(choice(1, "no"), choice(0, "ye"), choice(0, "s"), end(0), choice(1, "!"), end(1, "length"))
    )
    whole = ask(house, n=2).json()["choices"]
    assert [(c["index"], c["message"]["content"], c["finish_reason"]) for c in whole] == [
        (0, "yes", "stop"),
        (1, "no!", "length"),
    ]
    texts = ["", ""]
    for chunk in events(ask(house, n=2, stream=True))[:-1]:
        part = chunk["choices"][0]
        texts[part["index"]] += part["delta"].get("content") or ""
    assert texts == ["yes", "no!"]


def test_what_one_caller_asks_for_puts_no_provider_out_of_order(
    house: House, providers: tuple[StandIn, StandIn]
) -> None:
    """A server that gives one answer whatever `n` says, and an answer that a `stop` has left empty."""
    for _ in range(8):
        assert [c["index"] for c in ask(house, n=3).json()["choices"]] == [0]
    for provider in providers:
        provider.script = lambda _: Script(pieces=())
    for _ in range(8):
        [answer] = ask(house, stop="F").json()["choices"]
        assert (answer["message"]["content"], answer["finish_reason"]) == ("", "stop")
        assert events(ask(house, stop="F", stream=True))[-1] == "[DONE]"
    assert {now.state for now in house.gateway.router.snapshot()} == {"closed"}


def test_one_of_several_answers_that_is_cut_is_no_answer(
    house: House, providers: tuple[StandIn, StandIn]
) -> None:
    first, second = providers
    first.script = lambda _: Script(choices=(choice(0, "a"), choice(1, "b"), end(0)))
    second.script = lambda _: Script(choices=(choice(0, "c"), end(0), choice(1, "d"), end(1)))
    found = ask(house, n=2)
    assert [c["message"]["content"] for c in found.json()["choices"]] == ["c", "d"]
    assert found.headers["x-answerdesk-model"] == "second"


def test_calls_of_tools_pass_through(house: House, providers: tuple[StandIn, StandIn]) -> None:
    """Several in one answer, their arguments in pieces; and their results go back to the model."""
    providers[0].script = lambda _: Script(
        choices=(
            called('{"da', id="c1", function={"name": "book"}),
            called('y": 5}'),
            called("{}", 1, id="c2", function={"name": "look"}),
            end(0, "tool_calls"),
        )
    )
    [answer] = ask(house, tools=TOOLS).json()["choices"]
    calls = answer["message"]["tool_calls"]
    assert answer["finish_reason"] == "tool_calls" and answer["message"]["content"] is None
    assert [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in calls] == [
        ("c1", "book", '{"day": 5}'),
        ("c2", "look", "{}"),
    ]
    result = {"role": "tool", "tool_call_id": "c1", "content": "booked"}
    turns = [*HELLO, answer["message"], result, {**result, "tool_call_id": "c2"}]
    assert ask(house, messages=turns, tools=TOOLS).status_code == 200
    sent = providers[0].requests[-1]["messages"]
    assert sent[1]["tool_calls"] == calls and sent[2] == result


def test_another_deployment_goes_on_where_the_first_broke_off(
    house: House, providers: tuple[StandIn, StandIn]
) -> None:
    """What the client has been sent is not sent again."""
    first, second = providers
    first.script = lambda _: Script(pieces=("Five ", "da"), cut=True)
    second.script = lambda _: Script(pieces=("Five days", " it is."))
    *chunks, _end, done = events(ask(house, stream=True))
    assert "".join(c["choices"][0]["delta"]["content"] for c in chunks) == "Five days it is."
    assert done == "[DONE]"


def test_two_halves_of_two_answers_are_an_error(house: House, providers: tuple[StandIn, StandIn]) -> None:
    first, second = providers
    first.script = lambda _: Script(pieces=("Five ", "da"), cut=True)
    second.script = lambda _: Script(pieces=("Ten days",))
    *_, last = events(ask(house, stream=True))
    assert last["error"]["code"] == "model_unavailable" and "answers differently" in last["error"]["message"]
    assert ask(house).json()["choices"][0]["message"]["content"] == "Ten days"


def test_when_nobody_answers_the_error_says_when_to_come_back(
    house: House, providers: tuple[StandIn, StandIn]
) -> None:
    for provider in providers:
        provider.script = lambda _: Script(status=503)
    for stream in (False, True):
        response = ask(house, stream=stream)
        assert code(response) == (503, "model_unavailable")
        assert int(response.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("provider_code", "expected"),
    [("context_length_exceeded", "context_length_exceeded"), ("content_policy_violation", "content_filter")],
)
def test_a_provider_that_declines_is_quoted(
    house: House, providers: tuple[StandIn, StandIn], provider_code: str, expected: str
) -> None:
    for provider in providers:
        provider.script = lambda _: Script(status=400, error="not this one", code=provider_code)
    response = ask(house)
    assert code(response) == (400, expected)
    assert "not this one" in response.json()["error"]["message"]


def test_a_budget_that_is_spent_is_a_429_that_no_client_tries_again(house: House) -> None:
    house.gateway.budgets.set_limit(house.administrator, Scope.department("sales"), 100)
    response = ask(house)
    assert code(response) == (429, "insufficient_quota")
    assert response.headers["x-should-retry"] == "false"


def test_a_key_has_its_models_its_limits_and_its_end(house: House) -> None:
    _, few = house.make_key(models=("vectors",), requests_per_min=1)
    assert code(ask(house, few)) == (404, "model_not_found")
    with house.client(few) as client:
        assert [m["id"] for m in client.get("/models").json()["data"]] == [EMBEDDING]
        assert client.post("/embeddings", json={"model": EMBEDDING, "input": "a"}).status_code == 200
        third = client.post("/embeddings", json={"model": EMBEDDING, "input": "a"})
    assert code(third) == (429, "rate_limit_exceeded") and int(third.headers["retry-after"]) >= 1

    made, token = house.make_key()
    assert ask(house, token).status_code == 200
    house.keys.revoke(house.administrator, made.id)
    house.proxy.gate.forget()
    assert code(ask(house, token)) == (401, "invalid_api_key")


def test_the_end_user_is_charged_only_within_the_keys_department(house: House) -> None:
    """A header may name a person, and never a department."""
    colleague = add_person(house.identity, "jonas", "sales")
    stranger = add_person(house.identity, "mia", "people")
    persons = []
    for person in (colleague, stranger):
        response = ask(house, headers={"x-answerdesk-user": person.email})
        entry = house.journal.trace(response.headers["x-answerdesk-trace"])[-1]
        persons.append((entry.department, entry.person_id))
        assert person.email not in repr(entry)
    assert persons == [("sales", colleague.id), ("sales", house.key.person_id)]


def test_a_more_sensitive_text_goes_nowhere_it_may_not(house: House) -> None:
    """No deployment here is cleared for confidential texts."""
    assert code(ask(house, headers={"x-answerdesk-data-class": "confidential"})) == (403, "not_cleared")
    assert code(ask(house, headers={"x-answerdesk-data-class": "odd"})) == (400, "invalid_value")
    assert ask(house, headers={"x-answerdesk-data-class": "public"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "gpt"}, "messages"),
        ({"model": "gpt", "messages": [{"role": "user"}]}, None),
        ({"model": "gpt", "messages": [{"role": "tool", "content": "x"}]}, None),
        ({"model": "gpt", "messages": HELLO, "n": 0}, "n"),
        ({"model": "gpt", "messages": HELLO, "max_tokens": 10**9}, None),
        ({"model": "gpt", "messages": HELLO, "logprobs": True}, "logprobs"),
        ({"model": "gpt", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages"),
    ],
)
def test_what_cannot_be_used_is_named(house: House, body: dict[str, Any], param: str | None) -> None:
    with house.client() as client:
        response = client.post("/chat/completions", json=body)
    assert response.status_code == 400
    assert (response.json()["error"]["param"] or "").startswith(param or "")


def test_an_equal_request_is_answered_from_memory_where_that_is_wanted(
    house: House, providers: tuple[StandIn, StandIn]
) -> None:
    """Streamed or whole; not for other parameters, not for another key, not unasked."""
    wanted = {"x-answerdesk-cache": "on"}
    first = ask(house, headers=wanted)
    again = ask(house, headers=wanted)
    streamed = ask(house, headers=wanted, stream=True)
    assert [r.headers["x-answerdesk-cache"] for r in (first, again, streamed)] == ["miss", "hit", "hit"]
    assert again.json() == first.json()
    assert events(streamed)[0]["choices"][0]["delta"]["content"] == "Five days [1]."
    assert len(providers[0].requests) == 1
    hit = house.journal.trace(again.headers["x-answerdesk-trace"])
    assert [(e.kind, e.data["saved_microusd"]) for e in hit] == [(Kind.CACHE, 150)]

    _, other = house.make_key()
    for response in (
        ask(house),
        ask(house, headers=wanted, temperature=0.1),
        ask(house, headers=wanted, tools=TOOLS),
        ask(house, headers=wanted, messages=[{"role": "system", "content": "Be brief."}, *HELLO]),
        ask(house, other, headers=wanted),
    ):
        assert response.headers["x-answerdesk-cache"] in ("off", "miss")
    assert len(providers[0].requests) == 6


def test_a_request_with_an_idempotency_key_is_answered_once(
    house: House, providers: tuple[StandIn, StandIn]
) -> None:
    once = {"idempotency-key": "order-1"}
    first, again = ask(house, headers=once), ask(house, headers=once)
    assert again.json() == first.json() and again.headers["x-answerdesk-cache"] == "replayed"
    assert len(providers[0].requests) == 1
    assert code(ask(house, headers=once, n=2)) == (422, "idempotency_key_reused")
    assert house.gateway.budgets.status(Scope.department("sales")).spent_microusd == 150


def test_a_failed_request_with_an_idempotency_key_may_be_made_again(
    house: House, providers: tuple[StandIn, StandIn]
) -> None:
    once = {"idempotency-key": "order-2"}
    for provider in providers:
        provider.script = lambda _: Script(status=400, error="no")
    assert ask(house, headers=once).status_code == 400
    for provider in providers:
        provider.script = lambda _: Script()
    stream = ask(house, headers=once, stream=True)
    assert events(stream)[-1] == "[DONE]"
    again = ask(house, headers=once, stream=True)
    assert again.headers["x-answerdesk-cache"] == "replayed" and events(again)[-1] == "[DONE]"


def test_embeddings_and_reranking(house: House) -> None:
    with house.client() as client:
        rows = client.post("/embeddings", json={"model": EMBEDDING, "input": ["a", "bcd"]}).json()
        ranked = client.post(
            "/rerank",
            json={
                "model": RERANKING,
                "query": "five days",
                "documents": ["none", "five days", "days"],
                "top_n": 2,
                "return_documents": True,
            },
        ).json()
        wrong = client.post("/embeddings", json={"model": "gpt", "input": "a"})
    assert [row["embedding"] for row in rows["data"]] == [[1.0, 1.0], [3.0, 1.0]]
    assert [(r["index"], r["document"]["text"]) for r in ranked["results"]] == [(1, "five days"), (2, "days")]
    assert code(wrong) == (404, "model_not_found")


def test_embeddings_and_reranking_are_answered_once_for_an_idempotency_key(
    house: House, providers: tuple[StandIn, StandIn]
) -> None:
    """Charged once; the same key for anything else is refused; each attempt has its id with the provider."""
    with house.client() as client:

        def post(path: str, once: str, **body: Any) -> httpx.Response:
            return client.post(path, json=body, headers={"idempotency-key": once})

        vectors = [post("/embeddings", "v", model=EMBEDDING, input=["a", "bcd"]) for _ in range(2)]
        ranking = {"model": RERANKING, "query": "five days", "documents": ["none", "five days"]}
        ranked = [post("/rerank", "r", **ranking) for _ in range(2)]
        reused = post("/embeddings", "v", model=EMBEDDING, input="other")
        elsewhere = post("/rerank", "v", **ranking)
    for first, again in (vectors, ranked):
        assert (first.status_code, again.json()) == (200, first.json())
        assert again.headers["x-answerdesk-cache"] == "replayed"
    assert code(reused) == code(elsewhere) == (422, "idempotency_key_reused")
    embedded, reranked = providers[0].raw
    for raw, response in ((embedded, vectors[0]), (reranked, ranked[0])):
        trace = response.headers["x-answerdesk-trace"]
        [intent] = [e for e in house.journal.trace(trace) if e.kind == Kind.MODEL_ATTEMPT]
        assert f"{ATTEMPT_HEADER}: {trace}-{intent.seq}".lower().encode() in raw.lower()


def test_the_key_ends_while_it_is_remembered(tmp_path: Path, providers: tuple[StandIn, StandIn]) -> None:
    """The moment for which keys are remembered makes none of them longer."""
    from tests.fakes import Clock

    clock = Clock()
    with house_of(tmp_path, entries_of(providers[0]), clock=clock, proxy=ProxySettings(port=1)) as house:
        _, token = house.make_key(expires_at=clock() + timedelta(minutes=1))
        assert ask(house, token).status_code == 200
        clock.advance(minutes=1)
        assert code(ask(house, token)) == (401, "invalid_api_key")


def test_the_caller_is_named_by_its_key(house: House) -> None:
    """So that a charge, too, leads back to the application."""
    caller = Caller("sales", house.key.person_id, "t", f"key {house.key.id}")
    response = ask(house)
    attempt = house.journal.trace(response.headers["x-answerdesk-trace"])[0]
    assert attempt.data["purpose"] == caller.purpose and len(caller.purpose) <= 32


def test_tools_and_several_answers_pass_through_litellm_too(
    tmp_path: Path, providers: tuple[StandIn, StandIn]
) -> None:
    """A parameter that only LiteLLM knows makes it the transport."""
    first, _ = providers
    entries = [entry("through", first.url, params={"api_version": "2026-01-01"})]
    with house_of(tmp_path, entries) as house:
        assert isinstance(house.gateway.router._station("through").connect.__self__, LiteLLMModel)
        first.script = lambda _: Script(
            choices=(
                called('{"da', id="c1", function={"name": "book"}),
                called('y": 5}'),
                end(0, "tool_calls"),
            )
        )
        [answer] = ask(house, tools=TOOLS, seed=3).json()["choices"]
        [call] = answer["message"]["tool_calls"]
        assert (call["id"], call["function"]["name"], call["function"]["arguments"]) == (
            "c1",
            "book",
            '{"day": 5}',
        )
        assert answer["finish_reason"] == "tool_calls"
        assert first.requests[-1]["tools"] == TOOLS and first.requests[-1]["seed"] == 3
        first.script = lambda _: Script(choices=(choice(0, "a"), choice(1, "b"), end(0), end(1)))
        found = ask(house, n=2)
        assert [c["message"]["content"] for c in found.json()["choices"]] == ["a", "b"], found.text


def test_a_body_that_is_no_json_is_called_so(house: House) -> None:
    """No parameter is named: there is none yet."""
    with house.client() as client:
        response = client.post(
            "/chat/completions", content=b"{broken", headers={"content-type": "application/json"}
        )
    assert response.status_code == 400
    assert response.json()["error"] == {
        "message": "The body is not valid JSON.",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_value",
    }
