"""The meaning tier for callers: opt-in, and only where everything but the wording is equal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from core.database import Database
from core.journal.entries import Kind
from core.proxy.asking import asked_for
from core.settings import ProxySettings
from core.tables import api_questions
from tests.fakes import Clock, HashEmbedder
from tests.proxy_house import House, entries_of, house_of
from tests.stand_in import Script, StandIn, stand_in

ASKED = "How many days of annual leave may I carry over into next year?"
AGAIN = "How many annual leave days may I carry over into the next year?"
SYSTEM = {"role": "system", "content": "You answer for the shop."}
TOOLS = [{"type": "function", "function": {"name": "book", "parameters": {"type": "object"}}}]
SEMANTIC = {"x-answerdesk-cache": "semantic"}


class Broken(HashEmbedder):
    def embed_query(self, text: str) -> Any:
        raise OSError("no such model")


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in() as provider:
        yield provider


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, provider: StandIn, clock: Clock) -> Iterator[House]:
    settings = ProxySettings(port=1, cache_minutes=60)
    with house_of(
        tmp_path, entries_of(provider), proxy=settings, clock=clock, comparing=HashEmbedder()
    ) as house:
        yield house


def ask(house: House, question: str, token: str | None = None, **more: Any) -> httpx.Response:
    headers = {**SEMANTIC, **more.pop("headers", {})}
    messages = [*more.pop("before", [SYSTEM]), {"role": "user", "content": question}]
    with house.client(token) as client:
        body = {"model": "gpt", "messages": messages, **more}
        response = client.post("/chat/completions", json=body, headers=headers)
    assert response.status_code == 200, response.text
    return response


def tier(response: httpx.Response) -> tuple[str, str | None]:
    return response.headers["x-answerdesk-cache"], response.headers.get("x-answerdesk-cache-tier")


MISS, EXACT, MEANT = ("miss", None), ("hit", "exact"), ("hit", "semantic")


def test_another_wording_of_the_same_question_is_answered_from_memory(
    house: House, provider: StandIn
) -> None:
    """Whole or streamed; it costs nothing, and the journal says how it was found and what it saved."""
    first, exact, meant = ask(house, ASKED), ask(house, ASKED), ask(house, AGAIN)
    assert [tier(each) for each in (first, exact, meant)] == [MISS, EXACT, MEANT]
    assert meant.json() == first.json()
    streamed = ask(house, AGAIN, stream=True)
    assert tier(streamed) == MEANT and "Five days [1]." in streamed.text
    assert len(provider.requests) == 1
    [entry] = house.journal.trace(meant.headers["x-answerdesk-trace"])
    assert (entry.kind, entry.outcome, entry.data["how"]) == (Kind.CACHE, "hit", "semantic")
    assert entry.data["saved_microusd"] == 150


@pytest.mark.parametrize(
    "question",
    [
        "How many days of annual leave may I not carry over into next year?",
        "How many days of annual leave may contractors carry over into next year?",
        "How many days of annual leave may I carry over into 2031?",
        "How many days of sick leave may I carry over into next year?",
        "Who do I ask for a new laptop?",
        "When may I carry over days of annual leave into next year?",
    ],
)
def test_another_fact_or_another_question_is_another_answer(house: House, question: str) -> None:
    ask(house, ASKED)
    assert tier(ask(house, question)) == MISS


@pytest.mark.parametrize(
    "more",
    [
        {"before": [{"role": "system", "content": "You answer for the warehouse."}]},
        {"before": []},
        {"before": [SYSTEM, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
        {"tools": TOOLS},
        {"temperature": 0.1},
        {"max_tokens": 50},
        {"response_format": {"type": "json_object"}},
        {"headers": {"x-answerdesk-data-class": "confidential"}},
    ],
    ids=["system", "no system", "earlier turns", "tools", "temperature", "length", "form", "class"],
)
def test_everything_around_the_question_must_be_equal(
    tmp_path: Path, provider: StandIn, more: dict[str, Any]
) -> None:
    entries = entries_of(provider)
    entries[0]["model_info"]["data_class"] = "confidential"
    with house_of(tmp_path, entries, comparing=HashEmbedder()) as house:
        ask(house, ASKED)
        assert tier(ask(house, AGAIN, **more)) == MISS
        assert tier(ask(house, AGAIN)) == MEANT


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who founded the Office of Western Medicine?", "who"),
        ("In what  year was it founded?", "when"),
        ("When was it founded?", "when"),
        ("How many days may I carry over when I leave?", ""),
        ("Why may I not carry them over?", "why"),
        ("Where do I ask?", "where"),
        ("May I carry over leave?", ""),
        ("Is it somewhere whenever?", ""),
    ],
)
def test_the_kind_of_thing_that_is_asked_for(question: str, kind: str) -> None:
    assert asked_for(question) == kind


def test_no_key_is_given_what_another_one_asked(house: House) -> None:
    ask(house, ASKED)
    _, other = house.make_key()
    assert tier(ask(house, AGAIN, other)) == MISS


def test_without_asking_for_it_nothing_is_found_by_meaning(house: House, provider: StandIn) -> None:
    """Neither with `on`, which is for equal requests, nor unasked; and what came so is not found later."""
    ask(house, ASKED)
    assert tier(ask(house, AGAIN, headers={"x-answerdesk-cache": "on"})) == MISS
    assert tier(ask(house, AGAIN, headers={"x-answerdesk-cache": "off"})) == ("off", None)
    ask(house, "Who orders the new chairs for the hall?", headers={"x-answerdesk-cache": "on"})
    assert tier(ask(house, "Who orders new chairs for the hall?")) == MISS
    assert len(provider.requests) == 5


@pytest.mark.parametrize(
    ("question", "again"),
    [
        ("Who answers mail to anna@fennwick.example?", "Who answers the mail to anna@fennwick.example?"),
        ("How many days of my remaining leave are left?", "How many of my remaining leave days are left?"),
        ("Wie viele Tage Urlaub kann ich mitnehmen?", "Wie viele Tage Urlaub kann ich denn mitnehmen?"),
        ('Say "good morning" in French', 'Please say "good morning" in French'),
        ("Translate this: the hall is closed", "Translate that: the hall is closed"),
        ("Where is the hall? " + "It is big. " * 40, "Where is that hall? " + "It is big. " * 40),
    ],
    ids=["personal data", "own record", "other language", "quotation", "text brought along", "long"],
)
def test_what_cannot_be_compared_safely_is_found_by_its_exact_words_only(
    house: House, question: str, again: str
) -> None:
    assert [tier(ask(house, text)) for text in (question, again, question)] == [MISS, MISS, EXACT]
    assert _stored(house) == []


@pytest.mark.parametrize(
    "script",
    [
        Script(pieces=("Ask anna@fennwick.example.",)),
        Script(pieces=("It depends",), reason="length"),
    ],
    ids=["personal data", "cut off"],
)
def test_an_answer_with_personal_data_or_without_its_end_never_enters(
    house: House, provider: StandIn, script: Script
) -> None:
    provider.script = lambda _: script
    ask(house, ASKED)
    assert _stored(house) == []
    assert tier(ask(house, AGAIN)) == MISS


def test_replies_run_out(house: House, clock: Clock) -> None:
    ask(house, ASKED)
    clock.advance(minutes=61)
    assert tier(ask(house, AGAIN)) == MISS
    assert len(_stored(house)) == 1


def test_a_fault_of_the_embedding_costs_no_answer(tmp_path: Path, provider: StandIn) -> None:
    with house_of(tmp_path, entries_of(provider), comparing=Broken()) as house:
        assert [tier(ask(house, text)) for text in (ASKED, AGAIN, ASKED)] == [MISS, MISS, EXACT]


def _stored(house: House) -> list[str]:
    database: Database = house.keys._database
    with database.read() as connection:
        return sorted(connection.scalars(sa.select(api_questions.c.question)))


def test_a_revoked_key_takes_its_questions_along_when_it_is_deleted(house: House) -> None:
    """No question outlives its reply, nor a reply its key."""
    ask(house, ASKED)
    with house.keys._database.write() as connection:
        connection.execute(sa.text("DELETE FROM api_keys"))
    assert _stored(house) == []
