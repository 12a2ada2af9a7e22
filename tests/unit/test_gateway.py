"""The door: money is held and charged, personal data is masked, and everything is on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from core.bootstrap import Desk
from core.errors import BudgetExceeded, MaskingFailed
from core.gateway.budgets import Period
from core.gateway.charges import Caller
from core.gateway.messages import Finish, Message, ModelRequest, Piece
from core.gateway.money import Scope
from core.journal.entries import Kind
from core.settings import Settings
from core.types import Role
from tests.conftest import MakeDesk, add_departments, add_person
from tests.stand_in import Script, StandIn, stand_in

# Masking loads spaCy: one worker does.
pytestmark = pytest.mark.xdist_group("presidio")

SALES = Scope.department("sales")
CALLER = Caller("sales", None, "trace-1", "answer")


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, make_desk: MakeDesk, provider: StandIn) -> Desk:
    """A desk whose models are two deployments at the stand-in, one micro-dollar a token."""
    entry = {
        "model": "openai/gpt-4o-mini",
        "api_base": provider.url,
        "api_key": "k",
        "input_cost_per_token": 0.000001,
        "output_cost_per_token": 0.000001,
    }
    models = {
        "model_list": [
            {"model_name": "gpt", "litellm_params": {**entry, "order": order}, "model_info": {"id": name}}
            for order, name in ((1, "first"), (2, "second"))
        ]
    }
    (tmp_path / "models.yaml").write_text(yaml.safe_dump(models))
    settings = Settings(
        data_dir=tmp_path / "runtime",
        models_file=tmp_path / "models.yaml",
        answer_model="gpt",
        reranker="none",
    )
    desk = make_desk(settings=settings)
    add_departments(desk.identity)
    return desk


def request(text: str = "How many days?", max_tokens: int = 100) -> ModelRequest:
    return ModelRequest("gpt", (Message("user", text),), max_tokens=max_tokens)


def limit(desk: Desk, microusd: int) -> None:
    root = add_person(desk.identity, "root", "people", Role.ADMINISTRATOR)
    desk.gateway.budgets.set_limit(root, SALES, microusd, Period.MONTH)


def test_an_answer_is_charged_with_what_was_used_and_the_rest_comes_back(desk: Desk) -> None:
    """The stand-in reports 120 and 30 tokens, of one micro-dollar each."""
    limit(desk, 10_000)
    events = list(desk.gateway.stream(request(), CALLER))
    assert isinstance(events[-1], Finish)
    status = desk.gateway.budgets.status(SALES)
    assert (status.spent_microusd, status.held_microusd) == (150, 0)
    assert desk.gateway.budgets.open_holds() == []


def test_a_department_without_money_calls_nobody(desk: Desk, provider: StandIn) -> None:
    """The refusal is a sentence with the figures, and is on record."""
    limit(desk, 50)
    with pytest.raises(BudgetExceeded, match="budget"):
        list(desk.gateway.stream(request(), CALLER))
    assert provider.requests == []
    kinds = [entry.kind for entry in desk.journal.trace("trace-1")]
    assert Kind.BUDGET in kinds
    assert Kind.MODEL_ATTEMPT not in kinds


def test_a_caller_who_leaves_is_charged_and_the_hold_is_closed(desk: Desk, provider: StandIn) -> None:
    """Never for nothing, and nothing stays held."""
    provider.script = lambda _: Script(pieces=("Five ", "days ", "and ", "more."))
    stream = desk.gateway.stream(request(), CALLER)
    assert isinstance(next(stream), Piece)
    stream.close()  # type: ignore[attr-defined]
    assert desk.gateway.budgets.status(SALES).spent_microusd > 0
    assert desk.gateway.budgets.open_holds() == []
    assert desk.journal.open_attempts(timedelta(0)) == []


def test_a_failed_deployment_is_passed_over_and_both_are_on_record(desk: Desk, provider: StandIn) -> None:
    """The one that answered is charged; the one that failed before its first word is not."""
    calls = iter([Script(status=401, error="wrong key"), Script()])
    provider.script = lambda _: next(calls)
    *_, finish = desk.gateway.stream(request(), CALLER)
    assert isinstance(finish, Finish)
    assert finish.deployment == "second"
    outcomes = [e.outcome for e in desk.journal.trace("trace-1") if e.kind == Kind.MODEL_OUTCOME]
    assert outcomes == ["failed", "answered"]
    assert desk.gateway.budgets.status(SALES).spent_microusd == 150
    assert desk.journal.verify().intact


def test_personal_data_stays_here_and_comes_back_in_the_answer(desk: Desk, provider: StandIn) -> None:
    """The provider sees placeholders; the person sees the values, also when one arrives in pieces."""
    email, iban = "rosalind.pike@fennwick.example", "DE89370400440532013000"

    def echo(body: dict) -> Script:  # type: ignore[type-arg]
        said = body["messages"][-1]["content"]
        return Script(pieces=tuple(said))

    provider.script = echo
    text = f"Write to {email} about account {iban}."
    pieces = [e.text for e in desk.gateway.stream(request(text), CALLER) if isinstance(e, Piece)]
    assert "".join(pieces) == text
    [sent] = provider.requests
    assert email not in str(sent)
    assert iban not in str(sent)
    written = str([entry.data for entry in desk.journal.trace("trace-1")])
    assert email not in written
    assert '"EMAIL"' in written or "'EMAIL'" in written


def test_when_masking_fails_nothing_is_sent(desk: Desk, provider: StandIn) -> None:
    """It fails closed, and nothing is held."""

    class Broken:
        def find(self, text: str, kinds: object = None) -> list:  # type: ignore[type-arg]
            raise MaskingFailed("Personal data could not be masked.")

    desk.gateway._analyser = Broken()  # type: ignore[assignment]
    with pytest.raises(MaskingFailed):
        list(desk.gateway.stream(request(), CALLER))
    assert provider.requests == []
    assert desk.gateway.budgets.open_holds() == []
