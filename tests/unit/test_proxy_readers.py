"""Vectors and relevance from this process, for applications: the way of every other model."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from core.building.reading import readers_here, reading_with
from core.gateway.budgets import Scope
from core.gateway.embedded_reader import BATCH, EMBED, RERANK, EmbeddedReader
from core.gateway.hanging_up import CallerGone, Line
from core.gateway.messages import Message, ModelRequest
from core.gateway.rate_limits import RateLimit, RateTable
from core.journal.entries import Kind
from core.keys import NewKey
from core.proxy.reading import MOST_CHARS, MOST_TEXTS
from core.tables import charges
from core.types import Role
from tests.conftest import MakeDesk, add_departments, add_person
from tests.fakes import DIM, HashEmbedder
from tests.model_files import entry
from tests.proxy_house import House, eventually, house_of

DOCUMENTS = ["The canteen is open at noon.", "Up to five days of annual leave may be carried over.", "Leave."]
RANKING = {"model": RERANK, "query": "How much annual leave may I carry over?", "documents": DOCUMENTS}
NOBODY = [entry("first", "http://127.0.0.1:9/v1")]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """No provider answers."""
    with house_of(tmp_path, NOBODY, readers=readers_here(reading_with(HashEmbedder()))) as house:
        yield house


def post(house: House, path: str, token: str | None = None, **body: Any) -> httpx.Response:
    headers = body.pop("headers", {})
    with house.client(token) as client:
        return client.post(path, json=body, headers=headers)


def error(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_vectors_come_without_a_provider(house: House) -> None:
    """In the order of the texts, and the same whatever their company."""
    many = [f"text number {number}" for number in range(BATCH + 3)]
    rows = post(house, "/embeddings", model=EMBED, input=many).json()
    alone = post(house, "/embeddings", model=EMBED, input=many[-1]).json()
    assert [len(row["embedding"]) for row in rows["data"]] == [DIM] * len(many)
    assert rows["data"][-1]["embedding"] == pytest.approx(alone["data"][0]["embedding"])
    assert alone["usage"] == {"prompt_tokens": 5, "total_tokens": 5}


def test_documents_are_ranked_without_a_provider(house: House) -> None:
    ranked = post(house, "/rerank", **RANKING, top_n=2, return_documents=True).json()
    assert [each["index"] for each in ranked["results"]] == [1, 2]
    assert ranked["results"][0]["document"]["text"] == DOCUMENTS[1]
    assert 0 <= ranked["results"][1]["relevance_score"] < ranked["results"][0]["relevance_score"] <= 1


def test_it_is_on_record_charged_with_nothing_and_counted(house: House) -> None:
    """As every call of a model: intent, outcome, a charge, headers, figures."""
    given = [post(house, "/embeddings", model=EMBED, input="a"), post(house, "/rerank", **RANKING)]
    for response, name in zip(given, (EMBED, RERANK), strict=True):
        assert response.headers["x-answerdesk-provider"] == "embedded"
        assert response.headers["x-answerdesk-model"] == name
        assert response.headers["x-answerdesk-cost-usd"] == "0.000000"
        entries = house.journal.trace(response.headers["x-answerdesk-trace"])
        assert [e.kind for e in entries] == [Kind.MODEL_ATTEMPT, Kind.MODEL_OUTCOME]
        assert entries[1].data["deployment"] == name and entries[1].data["prompt_tokens"] > 0
        assert entries[1].data["purpose"] == f"key {house.key.id}"
    with house.keys._database.read() as connection:
        rows = connection.execute(sa.select(charges.c.deployment, charges.c.cost_microusd)).all()
    assert sorted(map(tuple, rows)) == [(EMBED, 0), (RERANK, 0)]
    with httpx.Client(base_url=house.url.removesuffix("/v1")) as client:
        page = client.get("/metrics").text
    assert f'answerdesk_tokens_total{{department="sales",kind="input",model="{EMBED}"}} 3.0' in page
    assert house.gateway.budgets.status(Scope.department("sales")).held_microusd == 0


def test_a_desk_without_any_provider_offers_both(make_desk: MakeDesk) -> None:
    """In the app's own process, as everything is by default."""
    desk = make_desk()
    add_departments(desk.identity)
    administrator = add_person(desk.identity, "sanne", "people", Role.ADMINISTRATOR)
    _, token = desk.keys.make(administrator, NewKey("Portal", "people"))
    client = TestClient(desk.proxy, headers={"authorization": f"Bearer {token}"})
    names = [model["id"] for model in client.get("/v1/models").json()["data"]]
    assert names == ["embedded", EMBED, RERANK]
    vectors = client.post("/v1/embeddings", json={"model": EMBED, "input": ["a", "b"]}).json()["data"]
    ranked = client.post("/v1/rerank", json=RANKING).json()["results"]
    assert (len(vectors), ranked[0]["index"]) == (2, 1)


def test_the_list_of_models_and_the_key_say_who_may(house: House) -> None:
    _, other = house.make_key(models=("gpt", RERANK))
    for token, names in ((house.token, ["gpt", EMBED, RERANK]), (other, ["gpt", RERANK])):
        with house.client(token) as client:
            assert [each["id"] for each in client.get("/models").json()["data"]] == names
    assert error(post(house, "/embeddings", other, model=EMBED, input="a")) == (404, "model_not_found")
    assert post(house, "/rerank", other, **RANKING).status_code == 200
    assert error(post(house, "/embeddings", model=RERANK, input="a")) == (404, "model_not_found")


def test_limits_hold_for_it(tmp_path: Path) -> None:
    """Those of the key, and those of the rate table."""
    rates = RateTable(department=RateLimit(requests_per_min=2))
    readers = readers_here(reading_with(HashEmbedder()))
    with house_of(tmp_path, NOBODY, readers=readers, rates=rates) as house:
        _, small = house.make_key(requests_per_min=1)
        seen = [post(house, "/embeddings", small, model=EMBED, input="a").status_code for _ in range(2)]
        assert seen == [200, 429]
        assert [post(house, "/rerank", **RANKING).status_code for _ in range(2)] == [200, 429]


def test_an_idempotency_key_is_answered_once(house: House) -> None:
    once = {"idempotency-key": "v"}
    first, again = (post(house, "/rerank", **RANKING, headers=once) for _ in range(2))
    assert again.json() == first.json() and again.headers["x-answerdesk-cache"] == "replayed"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/embeddings", {"model": EMBED, "input": ["a"] * (MOST_TEXTS + 1)}),
        ("/embeddings", {"model": EMBED, "input": "a" * (MOST_CHARS + 1)}),
        ("/rerank", {**RANKING, "documents": ["a"] * MOST_TEXTS}),
    ],
    ids=["texts", "characters", "documents and the query"],
)
def test_a_batch_has_its_bounds(house: House, path: str, body: dict[str, Any]) -> None:
    """And the sentence says what to do."""
    refused = post(house, path, **body)
    assert error(refused) == (400, "invalid_value")
    assert "Send them in several requests." in refused.json()["error"]["message"]


class Held:
    """Reads when it is let."""

    def __init__(self) -> None:
        self.begun, self.let = threading.Event(), threading.Event()
        self.batches = 0

    def __call__(self, asked: Sequence[str], texts: Sequence[str]) -> list[tuple[float]]:
        self.batches += 1
        self.begun.set()
        assert self.let.wait(20)
        return [(1.0,)] * len(texts)


def reader_of(read: Any) -> EmbeddedReader:
    return EmbeddedReader("answerdesk/held", read, lambda texts: [1] * len(texts), threading.Lock())


def test_while_it_reads_everything_else_is_served(tmp_path: Path) -> None:
    """The server's loop waits for no model."""
    held = Held()
    with house_of(tmp_path, NOBODY, readers={EMBED: reader_of(held)}) as house:
        status: list[int] = []

        def ask() -> None:
            status.append(post(house, "/embeddings", model=EMBED, input="a").status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        assert held.begun.wait(20)
        with house.client() as client:
            assert client.get("/models").status_code == 200
        assert status == []
        held.let.set()
        asking.join(20)
        assert status == [200]


def test_who_goes_away_stops_it_at_the_next_batch(tmp_path: Path) -> None:
    held = Held()
    with house_of(tmp_path, NOBODY, readers={EMBED: reader_of(held)}) as house:
        with pytest.raises(httpx.ReadTimeout), house.client() as client:
            client.post("/embeddings", json={"model": EMBED, "input": ["a"] * (2 * BATCH)}, timeout=0.3)
        assert held.begun.wait(20)
        eventually(lambda: all(line.gone for line in house.proxy.bridge._open))
        held.let.set()
        eventually(lambda: house.proxy.bridge.in_flight == 0)
    assert held.batches == 1


def test_a_line_that_is_gone_reads_nothing() -> None:
    line = Line()
    line.hang_up()
    request = ModelRequest(EMBED, (Message("user", "a"),), max_tokens=0, line=line)
    with pytest.raises(CallerGone):
        list(reader_of(lambda asked, texts: pytest.fail("it was read")).events(request))


def test_a_fault_in_it_is_a_plain_error(tmp_path: Path) -> None:
    def broken(asked: Sequence[str], texts: Sequence[str]) -> list[tuple[float]]:
        raise OSError("weights")

    with house_of(tmp_path, NOBODY, readers={EMBED: reader_of(broken)}) as house:
        refused = post(house, "/embeddings", model=EMBED, input="a")
    assert error(refused) == (503, "model_unavailable")
    assert "weights" not in refused.text
