"""How requests end: a client that goes away, a shutdown that waits, a second signal that does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from core.gateway.money import Scope
from core.journal.entries import Entry, Kind
from core.settings import ProxySettings
from tests.proxy_house import WITHIN_S, House, entries_of, eventually, house_of
from tests.stand_in import Script, StandIn, stand_in

BODY = {"model": "gpt", "messages": [{"role": "user", "content": "How many days?"}]}


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, provider: StandIn) -> Iterator[House]:
    with house_of(tmp_path, entries_of(provider), proxy=ProxySettings(port=1, drain_s=20)) as house:
        yield house


@contextmanager
def streaming(house: House, **headers: str) -> Iterator[Iterator[str]]:
    """The lines of a stream; leaving hangs up."""
    with (
        house.client() as client,
        client.stream("POST", "/chat/completions", json={**BODY, "stream": True}, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        yield answer.iter_lines()


def outcome(house: House) -> Entry | None:
    found = [e for e in house.journal.search() if e.kind == Kind.MODEL_OUTCOME]
    return found[0] if found else None


def settled(house: House) -> bool:
    return outcome(house) is not None and not house.gateway.budgets.open_holds()


def test_a_client_that_leaves_stops_the_provider_and_pays_for_what_was_used(
    house: House, provider: StandIn
) -> None:
    """The call does not wait for the provider's next word, which would come in a minute."""
    provider.script = lambda _: Script(pieces=("Five ", "days"), stall_after=1, stall_s=60)
    with streaming(house) as lines:
        assert "Five " in next(lines)
    eventually(lambda: settled(house))
    entry = outcome(house)
    assert entry is not None and entry.outcome == "abandoned"
    spent = house.gateway.budgets.status(Scope.department("sales")).spent_microusd
    assert 0 < spent < 100
    eventually(lambda: house.proxy.bridge.in_flight == 0)


def test_a_client_that_leaves_before_the_first_word_stops_the_provider_too(
    house: House, provider: StandIn
) -> None:
    """Whole or streamed."""
    provider.script = lambda _: Script(silent_s=60)
    for stream in (False, True):
        asked = len(provider.requests)
        with house.client() as client, pytest.raises(httpx.ReadTimeout):
            client.post("/chat/completions", json={**BODY, "stream": stream}, timeout=1.5)
        assert len(provider.requests) == asked + 1
        eventually(lambda: settled(house) and house.proxy.bridge.in_flight == 0)


def test_a_client_that_leaves_may_ask_again_with_its_idempotency_key(house: House, provider: StandIn) -> None:
    provider.script = lambda _: Script(pieces=("Five ", "days"), stall_after=1, stall_s=60)
    once = {"idempotency-key": "order-1"}
    with streaming(house, **once) as lines:
        next(lines)
        with house.client() as client:
            meanwhile = client.post("/chat/completions", json={**BODY, "stream": True}, headers=once)
        assert meanwhile.status_code == 409 and meanwhile.headers["retry-after"] == "1"
    eventually(lambda: house.proxy.bridge.in_flight == 0)
    provider.script = lambda _: Script()
    with streaming(house, **once) as lines:
        assert "data: [DONE]" in list(lines)


def test_a_shutdown_lets_streams_finish_and_takes_nothing_new(house: House, provider: StandIn) -> None:
    """On a connection that is open already a new request is told to go elsewhere."""
    go_on = threading.Event()

    def script(_: object) -> Script:
        go_on.wait(WITHIN_S)
        return Script(pieces=("Five ", "days."))

    with house.client() as other, house.client() as client:
        assert other.get("/models").status_code == 200
        provider.script = script
        answers: list[httpx.Response] = []
        asking = threading.Thread(
            target=lambda: answers.append(client.post("/chat/completions", json={**BODY, "stream": True}))
        )
        asking.start()
        eventually(lambda: len(provider.requests) == 1)
        house.server._proxy.drain()
        refused = other.post("/chat/completions", json=BODY)
        ready = httpx.get(house.url.removesuffix("/v1") + "/readyz")
        house.server.handle_exit(15, None)
        go_on.set()
        asking.join(WITHIN_S)
    assert (refused.status_code, ready.status_code) == (503, 503)
    assert "retry-after" in refused.headers
    [answer] = answers
    assert answer.text.rstrip().endswith("[DONE]")
    with pytest.raises(httpx.ConnectError):
        eventually(lambda: httpx.get(f"{house.url}/models").status_code == 0)


def test_a_second_signal_stops_at_once_and_what_was_used_is_settled(house: House, provider: StandIn) -> None:
    provider.script = lambda _: Script(pieces=("Five ", "days"), stall_after=1, stall_s=60)
    with streaming(house) as lines:
        assert "Five " in next(lines)
        house.server.handle_exit(15, None)
        assert not settled(house), "the first signal waits for the stream"
        house.server.handle_exit(15, None)
        eventually(lambda: not house.server.servers or house.server.force_exit)
        house.proxy.close()
        assert settled(house)
    entry = outcome(house)
    assert entry is not None and entry.outcome == "abandoned"


def test_more_requests_than_can_wait_are_turned_away(tmp_path: Path, provider: StandIn) -> None:
    go_on = threading.Event()

    def script(_: object) -> Script:
        go_on.wait(WITHIN_S)
        return Script()

    provider.script = script
    with house_of(tmp_path, entries_of(provider), proxy=ProxySettings(port=1, parallel=1)) as house:
        statuses: list[int] = []

        def ask() -> None:
            with house.client() as client:
                statuses.append(client.post("/chat/completions", json=BODY).status_code)

        asking = [threading.Thread(target=ask) for _ in range(2)]
        for thread in asking:
            thread.start()
        eventually(lambda: house.proxy.bridge.in_flight == 2)
        with house.client() as client:
            third = client.post("/chat/completions", json=BODY)
        go_on.set()
        for thread in asking:
            thread.join(WITHIN_S)
    assert third.status_code == 503 and json.loads(third.text)["error"]["code"] == "overloaded"
    assert statuses == [200, 200]
