"""What a person is told when no model can be asked, and that a colleague can be asked all the same."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from core.answering.answer import Answer, Outcome
from core.assistant import Answered
from core.bootstrap import Desk
from core.gateway.money import Scope
from core.operations.providers import Health
from core.settings import Settings
from core.types import Person, Role
from tests.conftest import MakeDesk, add_departments, add_person, text_source
from tests.model_files import entry, settings_of
from tests.stand_in import StandIn, stand_in

README = Path(__file__).parents[2] / "README.md"
QUESTION = "How many days of annual leave may be carried over?"


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


def desk_of(make_desk: MakeDesk, settings: Settings) -> Desk:
    desk = make_desk(settings=settings)
    add_departments(desk.identity)
    source = text_source("people/leave.txt", "Five days of annual leave may be carried over to next year.")
    list(desk.knowledge.ingestion.run([source], "upload"))
    return desk


def asked(desk: Desk, person: Person) -> tuple[int, Answer]:
    conversation = desk.conversations.start(person, "x")
    *_, last = desk.assistant.ask(person, conversation, QUESTION)
    assert isinstance(last, Answered)
    return last.message_id, last.answer


@pytest.mark.parametrize("scope", [Scope.department("people"), Scope.provider("openai")])
def test_over_budget_one_learns_when_it_comes_back_and_whom_to_ask(
    tmp_path: Path, make_desk: MakeDesk, provider: StandIn, scope: Scope
) -> None:
    """And a colleague may be asked, which takes no money."""
    desk = desk_of(make_desk, settings_of(tmp_path, [entry("first", provider.url)]))
    root = add_person(desk.identity, "root", "sales", Role.ADMINISTRATOR)
    ada = add_person(desk.identity, "ada", "people")
    desk.gateway.budgets.set_limit(root, scope, 1)
    _, answer = asked(desk, ada)
    assert answer.outcome is Outcome.NO_MODEL
    assert "It comes back on 1 Dec 2026." in answer.text
    assert "An administrator can say" in answer.text and "$" not in answer.text
    add_person(desk.identity, "maud", "people", Role.MANAGER)
    add_person(desk.identity, "silas", "sales", Role.MANAGER)
    message, answer = asked(desk, ada)
    assert "Maud, who manages your department, can say" in answer.text and "Silas" not in answer.text
    handed = desk.reviews.intake.ask_person(ada, message)
    reviewer = add_person(desk.identity, "vera", "people", Role.REVIEWER)
    assert desk.reviews.queue.open(reviewer, handed.task_id).item.question == QUESTION
    assert provider.requests == []


def test_a_model_without_a_price_is_named_at_the_start_and_to_an_administrator(
    tmp_path: Path, make_desk: MakeDesk, provider: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """Who asks is told in plain words that waiting does not help; no file is named to them."""
    unpriced = {"model": "openai/llama3.1", "input_cost_per_token": None, "output_cost_per_token": None}
    with caplog.at_level(logging.WARNING):
        desk = desk_of(make_desk, settings_of(tmp_path, [entry("own", provider.url, params=unpriced)]))
    assert "nobody knows what the model openai/llama3.1 costs" in caplog.text
    _, answer = asked(desk, add_person(desk.identity, "ada", "people"))
    assert answer.outcome is Outcome.NO_MODEL
    assert answer.text == (
        "This assistant is not set up completely. Tell an administrator: nobody knows what openai/llama3.1 "
        "costs. You can still ask a person: a colleague will answer."
    )
    root = add_person(desk.identity, "root", "sales", Role.ADMINISTRATOR)
    health = {status.now.name: status.health for status in desk.operations.providers.all(root)}
    assert health["own"] is Health.UNPRICED


def test_the_models_of_the_readme_have_prices(
    tmp_path: Path, make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example works as it is printed."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    printed = re.findall(r"```yaml\n(model_list:.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    entries = yaml.safe_load(printed[0])["model_list"]
    desk = make_desk(settings=settings_of(tmp_path, entries, answer_model="local"))
    assert {d.model: d.prices is not None for d in desk.gateway.router.deployments()} == {
        "openai/gpt-4o-mini": True,
        "openai/llama3.1": True,
    }
