"""Each deployment sees of personal data what it is cleared for, and nothing else, also in failover."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.bootstrap import Desk
from core.errors import ConfigurationError
from core.gateway.charges import Caller
from core.gateway.messages import Finish, Message, ModelRequest, Piece, Restart
from core.journal.entries import Kind
from core.settings import load_settings
from tests.conftest import MakeDesk
from tests.model_files import entry, settings_of
from tests.stand_in import Script, StandIn, stand_in

# Masking loads spaCy: one worker does.
pytestmark = pytest.mark.xdist_group("presidio")

CALLER = Caller("sales", None, "trace-1", "answer")
TEXT = "Rosalind Pike wrote from rosalind.pike@fennwick.example about EMP-20417."
NAME, EMAIL, NUMBER = "Rosalind Pike", "rosalind.pike@fennwick.example", "EMP-20417"


@pytest.fixture
def providers() -> Iterator[tuple[StandIn, StandIn]]:
    with stand_in() as first, stand_in() as second:
        for provider in (first, second):
            provider.script = lambda body: Script(pieces=tuple(body["messages"][-1]["content"]))
        yield first, second


def desk_of(folder: Path, make_desk: MakeDesk, entries: list[dict[str, Any]], **settings: Any) -> Desk:
    return make_desk(settings=settings_of(folder, entries, **settings))


def answer(desk: Desk, text: str = TEXT) -> str:
    """What the caller sees at the end: what came before a Restart is void."""
    shown = ""
    for event in desk.gateway.stream(ModelRequest("gpt", (Message("user", text),)), CALLER):
        if isinstance(event, Restart):
            shown = ""
        elif isinstance(event, Piece):
            shown += event.text
        else:
            assert isinstance(event, Finish)
    return shown


def seen(provider: StandIn) -> str:
    return str(provider.requests)


def test_failover_masks_for_the_deployment_that_is_called(
    tmp_path: Path, make_desk: MakeDesk, providers: tuple[StandIn, StandIn]
) -> None:
    """The first may see names and breaks off; the second may not, and the answer is whole all the same."""
    first, second = providers
    first.script = lambda body: Script(pieces=tuple(body["messages"][-1]["content"][:40]), cut=True)
    desk = desk_of(
        tmp_path,
        make_desk,
        [
            entry("names", first.url, order=1, masked_kinds=["email", "EMPLOYEE_NUMBER"]),
            entry("none", second.url, order=2),
        ],
        employee_number_pattern="EMP-[0-9]{5}",
    )
    assert answer(desk) == TEXT
    assert NAME in seen(first)
    assert EMAIL not in seen(first)
    assert NUMBER not in seen(first)
    assert not any(value in seen(second) for value in (NAME, EMAIL, NUMBER))
    masked = [e.data for e in desk.journal.trace("trace-1") if e.kind == Kind.REDACTION]
    assert [{kind for kind, _ in data["kinds"]} for data in masked] == [
        {"EMAIL", "EMPLOYEE_NUMBER"},
        {"EMAIL", "EMPLOYEE_NUMBER", "PERSON"},
    ]


def test_a_deployment_that_is_cleared_gets_the_text_and_its_stand_in_does_not(
    tmp_path: Path, make_desk: MakeDesk, providers: tuple[StandIn, StandIn]
) -> None:
    """The other way round: a look-alike of a placeholder in the question stays what it was, too."""
    first, second = providers
    first.script = lambda _: Script(status=401, error="wrong key")
    desk = desk_of(
        tmp_path,
        make_desk,
        [entry("outside", first.url, order=1), entry("ours", second.url, order=2, data_class="restricted")],
    )
    text = f"What is <EMAIL_1>? {EMAIL}"
    assert answer(desk, text) == text
    assert EMAIL not in seen(first)
    assert EMAIL in seen(second)


def test_kinds_are_configured_for_a_whole_provider(
    tmp_path: Path, make_desk: MakeDesk, providers: tuple[StandIn, StandIn]
) -> None:
    """A deployment's own list takes its place."""
    first, second = providers
    first.script = lambda _: Script(status=401, error="wrong key")
    desk = desk_of(
        tmp_path,
        make_desk,
        [entry("a", first.url, order=1), entry("b", second.url, order=2, masked_kinds=[])],
        top={"masked_kinds": {"openai": ["EMAIL"]}},
    )
    assert answer(desk) == TEXT
    assert NAME in seen(first)
    assert EMAIL not in seen(first)
    assert EMAIL in seen(second)


@pytest.mark.parametrize(
    ("info", "top", "said"),
    [
        ({"masked_kinds": ["EMAIL", "SHOE_SIZE"]}, {}, r"model_list\.0\.model_info\.masked_kinds.*'PERSON'"),
        ({"masked_kinds": "EMAIL"}, {}, r"model_list\.0\.model_info\.masked_kinds"),
        ({}, {"masked_kinds": {"openai": ["SHOE_SIZE"]}}, r"masked_kinds\.openai"),
        ({}, {"masked_kinds": {"opnai": ["EMAIL"]}}, r"masked_kinds\.opnai.*openai"),
    ],
)
def test_an_unknown_kind_or_provider_stops_the_start(
    tmp_path: Path, make_desk: MakeDesk, info: dict[str, Any], top: dict[str, Any], said: str
) -> None:
    """The message names the place in the file."""
    with pytest.raises(ConfigurationError, match=said):
        desk_of(tmp_path, make_desk, [entry("a", "http://127.0.0.1:9/v1", **info)], top=top)


@pytest.mark.parametrize(("pattern", "said"), [("EMP-[", "regular expression"), ("[0-9]*", "empty text")])
def test_an_employee_number_pattern_is_checked_at_the_start(
    monkeypatch: pytest.MonkeyPatch, pattern: str, said: str
) -> None:
    """The message names the key."""
    monkeypatch.setenv("ANSWERDESK_EMPLOYEE_NUMBER_PATTERN", pattern)
    with pytest.raises(ConfigurationError, match=f"ANSWERDESK_EMPLOYEE_NUMBER_PATTERN.*{said}"):
        load_settings()


def test_without_a_pattern_numbers_are_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty setting is none."""
    monkeypatch.setenv("ANSWERDESK_EMPLOYEE_NUMBER_PATTERN", "")
    assert load_settings().employee_number_pattern is None
