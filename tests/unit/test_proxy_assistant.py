"""The assistant as a model: it answers under the key's reading rights, with its sources."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import openai
import pytest

from core.bootstrap import Desk
from core.keys import NewKey
from core.types import Person, Readership, Role
from tests.conftest import MakeDesk, add_departments, add_person, text_source
from tests.pages.conftest import LEAVE, PRICES, QuotingModel
from tests.proxy_house import serving

LEAVE_QUESTION = "How many days of leave may be carried over?"
PRICE_QUESTION = "Who is needed for a discount above twelve percent?"


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    desk = make_desk(routes={"embedded": [QuotingModel()]})
    add_departments(desk.identity)
    sources = [
        text_source("people/leave.md", LEAVE, Readership.everyone()),
        text_source("sales/prices.md", PRICES, Readership.of(["sales"]), "sales"),
    ]
    assert all(report.reason == "" for report in desk.knowledge.ingestion.run(sources, "upload"))
    return desk


@pytest.fixture
def administrator(desk: Desk) -> Person:
    return add_person(desk.identity, "sanne", "people", Role.ADMINISTRATOR)


@pytest.fixture
def url(desk: Desk) -> Iterator[str]:
    with serving(desk.proxy) as (url, _):
        yield url


def asked(url: str, token: str, *turns: str, stream: bool = False) -> httpx.Response:
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(turns)]
    body = {"model": "answerdesk", "messages": messages, "stream": stream}
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"{url}/chat/completions", json=body, headers=headers, timeout=60)


def test_it_answers_with_sources_and_in_the_keys_own_conversation(
    desk: Desk, url: str, administrator: Person
) -> None:
    key, token = desk.keys.make(administrator, NewKey("Portal", "people", reads_documents=True))
    answer = asked(url, token, LEAVE_QUESTION)
    message = answer.json()["choices"][0]["message"]
    assert "five days" in message["content"].lower() and "[1]" in message["content"]
    [source] = message["citations"]
    assert source["title"] == "Leave policy" and source["section"]
    kinds = {entry.kind for entry in desk.journal.trace(answer.headers["x-answerdesk-trace"])}
    assert {"question", "answer"} <= kinds

    again = asked(url, token, LEAVE_QUESTION, message["content"], "And sick leave?")
    assert again.status_code == 200
    [conversation] = desk.conversations.list(key.reader())
    assert len(desk.conversations.messages(key.reader(), conversation.id)) == 4, "it went on in the same one"


def test_it_reads_what_the_keys_department_reads(desk: Desk, url: str, administrator: Person) -> None:
    """Sales has a price list that the others do not see."""
    _, sales = desk.keys.make(administrator, NewKey("Shop", "sales", reads_documents=True))
    _, people = desk.keys.make(administrator, NewKey("Portal", "people", reads_documents=True))
    seen = asked(url, sales, PRICE_QUESTION).json()["choices"][0]["message"]
    hidden = asked(url, people, PRICE_QUESTION).json()["choices"][0]["message"]
    assert [c["title"] for c in seen["citations"]] == ["Price list"]
    assert not any(c["title"] == "Price list" for c in hidden["citations"])
    assert "discount above twelve" not in hidden["content"].lower()


def test_a_key_that_reads_nothing_has_no_assistant(desk: Desk, url: str, administrator: Person) -> None:
    _, token = desk.keys.make(administrator, NewKey("Shop", "sales"))
    answer = asked(url, token, LEAVE_QUESTION)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


def test_it_streams_to_the_openai_client(desk: Desk, url: str, administrator: Person) -> None:
    _, token = desk.keys.make(administrator, NewKey("Portal", "people", reads_documents=True))
    with openai.OpenAI(base_url=url, api_key=token, timeout=60) as client:
        stream = client.chat.completions.create(
            model="answerdesk", messages=[{"role": "user", "content": LEAVE_QUESTION}], stream=True
        )
        chunks = list(stream)
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert "five days" in said.lower() and said.count("[1]") >= 1
    assert chunks[-1].choices[0].finish_reason == "stop"
    sources = chunks[-1].choices[0].delta.model_extra
    assert sources is not None and sources["citations"][0]["title"] == "Leave policy"


def test_the_last_turn_must_be_a_question(desk: Desk, url: str, administrator: Person) -> None:
    _, token = desk.keys.make(administrator, NewKey("Portal", "people", reads_documents=True))
    assert asked(url, token, LEAVE_QUESTION, "Five.").status_code == 400
