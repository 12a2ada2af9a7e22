"""The clients that applications use, unchanged, against a real server: openai, LangChain, LiteLLM, curl."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from core.gateway.models import warm_up
from tests.proxy_house import EMBEDDING, RERANKING, House, entries_of, house_of
from tests.stand_in import Script, StandIn, stand_in

HELLO: list[Any] = [{"role": "user", "content": "How many days?"}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "book",
        "description": "Books days of leave.",
        "parameters": {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"]},
    },
}
CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "book", "arguments": '{"days": 5}'}}


def scripted(body: dict[str, Any]) -> Script:
    """Calls the tool where one is offered, until it has its result."""
    if body.get("tools") and body["messages"][-1]["role"] != "tool":
        delta = {"tool_calls": [CALL]}
        ends = {"index": 0, "delta": {}, "finish_reason": "tool_calls"}
        return Script(choices=({"index": 0, "delta": delta, "finish_reason": None}, ends))
    if "response_format" in body:
        return Script(pieces=('{"da', 'ys": 5}'))
    return Script(pieces=("Five ", "days."))


@pytest.fixture(scope="module")
def provider() -> Iterator[StandIn]:
    warm_up()
    with stand_in() as running:
        running.script = scripted
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, provider: StandIn) -> Iterator[House]:
    with house_of(tmp_path_factory.mktemp("clients"), entries_of(provider)) as house:
        yield house


@pytest.fixture
def client(house: House) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=house.url, api_key=house.token, max_retries=0, timeout=30) as client:
        yield client


def test_openai_answers_whole_and_streamed(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="gpt", messages=HELLO)
    assert whole.choices[0].message.content == "Five days."
    assert whole.usage is not None and whole.usage.total_tokens == 150

    stream = client.chat.completions.create(
        model="gpt", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert said == "Five days."
    assert chunks[-1].usage is not None and chunks[-1].usage.completion_tokens == 30


def test_openai_streams_through_its_helper_with_tools(client: openai.OpenAI) -> None:
    """The helper puts deltas together and checks each of them; then the result goes back."""
    with client.chat.completions.stream(model="gpt", messages=HELLO, tools=[TOOL]) as stream:
        answer = stream.get_final_completion().choices[0]
    assert answer.finish_reason == "tool_calls"
    [call] = answer.message.tool_calls or ()
    assert json.loads(call.function.arguments) == {"days": 5}
    turns = [
        *HELLO,
        {"role": "assistant", "tool_calls": [call.model_dump(include={"id", "type", "function"})]},
        {"role": "tool", "tool_call_id": call.id, "content": "booked"},
    ]
    after = client.chat.completions.create(model="gpt", messages=turns, tools=[TOOL])
    assert after.choices[0].message.content == "Five days."


def test_openai_reads_json_into_a_model(client: openai.OpenAI) -> None:
    from pydantic import BaseModel

    class Leave(BaseModel):
        days: int

    parsed = client.chat.completions.parse(model="gpt", messages=HELLO, response_format=Leave)
    assert parsed.choices[0].message.parsed == Leave(days=5)


def test_openai_embeds_and_lists(client: openai.OpenAI) -> None:
    """Its embeddings come as bytes in base64, which it asks for by itself."""
    made = client.embeddings.create(model=EMBEDDING, input=["a", "bcd"])
    assert [row.embedding for row in made.data] == [[1.0, 1.0], [3.0, 1.0]]
    assert {m.id for m in client.models.list()} == {"gpt", EMBEDDING, RERANKING}


def test_openai_raises_its_own_errors(house: House, client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="none", messages=HELLO)
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="gpt", messages=[])
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="ad-abcdefghijkm-x").models.list()
    _, few = house.make_key(requests_per_min=1)
    limited = client.with_options(api_key=few)
    limited.chat.completions.create(model="gpt", messages=HELLO)
    with pytest.raises(openai.RateLimitError) as caught:
        limited.chat.completions.create(model="gpt", messages=HELLO)
    assert int(caught.value.response.headers["retry-after"]) > 0


def test_openai_works_asynchronously(house: House) -> None:
    """Many at once, whole and streamed, each with its own answer."""

    async def ask() -> list[str]:
        async with openai.AsyncOpenAI(base_url=house.url, api_key=house.token, timeout=60) as client:

            async def streamed() -> str:
                stream = await client.chat.completions.create(model="gpt", messages=HELLO, stream=True)
                return "".join([c.choices[0].delta.content or "" async for c in stream])

            async def whole() -> str:
                answer = await client.chat.completions.create(model="gpt", messages=HELLO)
                return str(answer.choices[0].message.content)

            return await asyncio.gather(*(streamed() for _ in range(8)), *(whole() for _ in range(8)))

    # In a thread of its own: a browser test that ran before leaves its loop running in this one.
    with ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(lambda: asyncio.run(ask())).result() == ["Five days."] * 16


def test_langchain_answers_streams_and_calls_tools(house: House) -> None:
    from langchain_core.messages import ToolMessage
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings

    model = ChatOpenAI(model="gpt", base_url=house.url, api_key=house.token, stream_usage=True)
    assert model.invoke("How many days?").content == "Five days."
    chunks = list(model.stream("How many days?"))
    assert "".join(str(chunk.content) for chunk in chunks) == "Five days."
    assert sum((c.usage_metadata or {}).get("total_tokens", 0) for c in chunks) == 150

    bound = model.bind_tools([TOOL])
    called = bound.invoke("Book five days.")
    [call] = called.tool_calls
    assert (call["name"], call["args"]) == ("book", {"days": 5})
    result = ToolMessage("booked", tool_call_id=call["id"])
    assert bound.invoke([("user", "Book."), called, result]).content == "Five days."

    vectors = OpenAIEmbeddings(
        model=EMBEDDING, base_url=house.url, api_key=house.token, check_embedding_ctx_length=False
    )
    assert vectors.embed_documents(["a", "bcd"]) == [[1.0, 1.0], [3.0, 1.0]]


def test_litellm_answers_and_streams(house: House) -> None:
    from core.gateway.models import _litellm

    litellm = _litellm()
    where = {"api_base": house.url, "api_key": house.token}
    whole = litellm.completion(model="openai/gpt", messages=HELLO, **where)
    assert whole.choices[0].message.content == "Five days."
    chunks = litellm.completion(model="openai/gpt", messages=HELLO, stream=True, **where)
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "Five days."


def test_curl_sees_a_stream_of_events(house: House) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    body = json.dumps({"model": "gpt", "messages": HELLO, "stream": True})
    command = ["curl", "-sS", "-N", "-i", f"{house.url}/chat/completions", "-d", body]
    headers = [f"Authorization: Bearer {house.token}", "Content-Type: application/json"]
    for header in headers:
        command += ["-H", header]
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    head, _, events = said.partition("\n\n")
    assert head.startswith("HTTP/1.1 200") and "text/event-stream" in head and "x-request-id:" in head
    assert events.rstrip().endswith("data: [DONE]")
