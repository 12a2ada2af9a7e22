"""Personal data in messages, in calls of tools and in their results stays here, and comes back whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.proxy_house import House, entries_of, house_of
from tests.stand_in import Script, StandIn, stand_in
from tests.unit.test_proxy_chat import ask, called, end, events

ADA, BEA = "ada.lund@fennwick.example", "bea@fennwick.example"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "write_to",
            "description": f"Writes a mail, for example to {BEA}.",
            "parameters": {
                "type": "object",
                "properties": {"address": {"type": "string", "enum": [ADA, BEA]}},
            },
        },
    }
]
TURNS: list[dict[str, Any]] = [
    {"role": "user", "content": f"Write to {ADA}."},
    {
        "role": "assistant",
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "write_to", "arguments": json.dumps({"address": ADA})},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": json.dumps({"answered_by": BEA, "ok": True})},
]


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, provider: StandIn) -> Iterator[House]:
    with house_of(tmp_path, entries_of(provider)) as house:
        yield house


def in_pieces(text: str, size: int = 3) -> tuple[str, ...]:
    return tuple(text[at : at + size] for at in range(0, len(text), size))


def placeholder(body: dict[str, Any], number: int) -> str:
    """The placeholder that the provider has seen; of the same value always the same one."""
    found = f"<EMAIL_{number}>"
    assert found in json.dumps(body)
    return found


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_with_tools_is_masked_and_restored(
    house: House, provider: StandIn, stream: bool
) -> None:
    """Text in pieces that cut placeholders apart, and arguments likewise."""

    def script(body: dict[str, Any]) -> Script:
        said = in_pieces(f"Asking {placeholder(body, 1)} and {placeholder(body, 2)}.")
        arguments = in_pieces(json.dumps({"address": "<EMAIL_2>"}))
        return Script(
            choices=(
                *({"index": 0, "delta": {"content": piece}, "finish_reason": None} for piece in said),
                called(arguments[0], id="c2", function={"name": "write_to"}),
                *(called(piece) for piece in arguments[1:]),
                end(0, "tool_calls"),
            )
        )

    provider.script = script
    answer = ask(house, messages=TURNS, tools=TOOLS, stream=stream)
    text, arguments = streamed(answer) if stream else whole(answer)
    assert text == f"Asking {ADA} and {BEA}."
    assert json.loads(arguments) == {"address": BEA}
    wire = b"\n".join(provider.raw)
    assert ADA.encode() not in wire and BEA.encode() not in wire
    sent = provider.requests[0]
    assert json.loads(sent["messages"][1]["tool_calls"][0]["function"]["arguments"]) == {
        "address": "<EMAIL_1>"
    }
    assert json.loads(sent["messages"][2]["content"]) == {"answered_by": "<EMAIL_2>", "ok": True}
    properties = sent["tools"][0]["function"]["parameters"]["properties"]
    assert sorted(properties["address"]["enum"]) == ["<EMAIL_1>", "<EMAIL_2>"]
    assert sent["tools"][0]["function"]["name"] == "write_to"


def whole(answer: Any) -> tuple[str, str]:
    message = answer.json()["choices"][0]["message"]
    return message["content"], message["tool_calls"][0]["function"]["arguments"]


def streamed(answer: Any) -> tuple[str, str]:
    text = arguments = ""
    for chunk in events(answer)[:-1]:
        delta = chunk["choices"][0]["delta"]
        text += delta.get("content") or ""
        for call in delta.get("tool_calls") or ():
            arguments += call["function"]["arguments"]
    return text, arguments


@pytest.mark.parametrize("stream", [False, True])
def test_a_restored_value_does_not_break_json(house: House, provider: StandIn, stream: bool) -> None:
    """A secret may have quotation marks in it, and the answer must still be JSON."""
    secret = 'password: "a\\"b-9Xq!7zL"'
    provider.script = lambda body: Script(
        pieces=in_pieces(json.dumps({"said": body["messages"][0]["content"]}))
    )
    form = {"type": "json_object"}
    text = f"My {secret} and {ADA}"
    answer = ask(house, messages=[{"role": "user", "content": text}], response_format=form, stream=stream)
    said = (
        "".join(c["choices"][0]["delta"].get("content") or "" for c in events(answer)[:-1])
        if stream
        else answer.json()["choices"][0]["message"]["content"]
    )
    assert json.loads(said) == {"said": text}
    assert ADA.encode() not in provider.raw[0]


@pytest.mark.xdist_group("presidio")
def test_numbers_come_back_as_numbers(tmp_path: Path, provider: StandIn) -> None:
    """A telephone number that a tool gave as a number is one again in the model's next call."""
    from core.gateway.privacy.analyser import Analyser

    arguments = json.dumps({"phone": 442079460123, "days": 5})
    call = {"id": "c1", "type": "function", "function": {"name": "dial", "arguments": arguments}}
    turns = [
        {"role": "user", "content": "Call them."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "engaged"},
    ]

    def script(body: dict[str, Any]) -> Script:
        again = body["messages"][1]["tool_calls"][0]["function"]["arguments"]
        assert "442079460123" not in again
        pieces = in_pieces(again)
        first = called(pieces[0], id="c2", function={"name": "dial"})
        return Script(choices=(first, *(called(p) for p in pieces[1:]), end(0, "tool_calls")))

    provider.script = script
    analyser = Analyser(None)
    analyser.warm_up()
    with house_of(tmp_path, entries_of(provider), analyser=analyser) as house:
        answer = ask(house, messages=turns)
    made = answer.json()["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(made) == {"phone": 442079460123, "days": 5}


def test_what_looks_like_a_placeholder_comes_back_as_it_was(house: House, provider: StandIn) -> None:
    provider.script = lambda body: Script(pieces=in_pieces(body["messages"][0]["content"]))
    text = f"<EMAIL_1> is not {ADA}"
    answer = ask(house, messages=[{"role": "user", "content": text}])
    assert answer.json()["choices"][0]["message"]["content"] == text
