"""One call on somebody's account: what is durable before the provider sees a byte, and what after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.errors import AllDeploymentsFailed
from core.gateway.charges import Caller
from core.gateway.messages import Finish, Message, ModelRequest, Piece
from core.gateway.money import Scope
from core.gateway.openai_http import ATTEMPT_HEADER
from core.journal.entries import Kind
from tests.fakes import ShapeFinder
from tests.gateway_house import House, gateway_house
from tests.model_files import entry
from tests.stand_in import Script, StandIn, stand_in

SALES, OPENAI = Scope.department("sales"), Scope.provider("openai")
CALLER = Caller("sales", None, "trace-1", "answer")
REQUEST = ModelRequest("gpt", (Message("user", "How many days?"),), max_tokens=100)
DOLLAR = 1_000_000


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, provider: StandIn) -> Iterator[House]:
    """Two deployments, the second one at another provider and ten times as dear; a budget of a dollar."""
    dear = {"model": "hosted_vllm/big", "input_cost_per_token": 0.00001, "output_cost_per_token": 0.00001}
    entries = [entry("first", provider.url), entry("second", provider.url, order=2, params=dear)]
    with gateway_house(tmp_path, entries, ShapeFinder()) as house:
        house.budgets.set_limit(house.root, SALES, DOLLAR)
        yield house


def ask(house: House) -> list[Any]:
    return list(house.gateway.stream(REQUEST, CALLER))


def kinds(house: House) -> list[str]:
    return [found.kind for found in house.journal.trace("trace-1")]


@contextmanager
def commits(house: House) -> Iterator[list[str]]:
    """What the journal and the budget hold at each commit of a write."""
    seen: list[str] = []

    def committed(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("answerdesk_write"):
            seen.append("commit")

    sa.event.listen(house.database.engine, "commit", committed)
    yield seen
    sa.event.remove(house.database.engine, "commit", committed)


def test_the_intent_and_the_money_are_durable_before_the_provider_is_asked(
    house: House, provider: StandIn
) -> None:
    """Seen from the provider's side; its request names the entry of the intent."""
    found: list[Any] = []

    def look(_: dict[str, Any]) -> Script:
        found.extend([house.journal.trace("trace-1"), house.budgets.open_holds()])
        return Script()

    provider.script = look
    ask(house)
    entries, [hold] = found
    assert [each.kind for each in entries] == [Kind.REDACTION, Kind.MODEL_ATTEMPT]
    assert hold.caller == CALLER
    assert f"{ATTEMPT_HEADER}: trace-1-{entries[-1].seq}".lower() in provider.raw[0].decode().lower()


def test_a_call_that_goes_well_takes_two_commits(house: House) -> None:
    """One before the provider and one after; each is a wait for the disk."""
    with commits(house) as seen:
        ask(house)
    assert len(seen) == 2
    assert kinds(house) == [Kind.REDACTION, Kind.MODEL_ATTEMPT, Kind.MODEL_OUTCOME]


def test_whoever_has_read_the_end_may_rely_on_the_charge(house: House) -> None:
    """Also who reads no further."""
    stream = house.gateway.stream(REQUEST, CALLER)
    for event in stream:
        if isinstance(event, Finish):
            break
    assert house.budgets.status(SALES).spent_microusd == 150
    assert house.journal.open_attempts(timedelta(0)) == []


def test_who_leaves_is_charged_and_on_record_in_one_step(house: House, provider: StandIn) -> None:
    """What was used by then, never nothing."""
    provider.script = lambda _: Script(pieces=("Five ", "days ", "and ", "more."), stall_after=2, stall_s=5)
    stream = house.gateway.stream(REQUEST, CALLER)
    assert isinstance(next(iter(stream)), Piece)
    with commits(house) as seen:
        stream.close()  # type: ignore[attr-defined]
    assert len(seen) == 1
    last = house.journal.trace("trace-1")[-1]
    assert (last.kind, last.outcome) == (Kind.MODEL_OUTCOME, "abandoned")
    assert house.budgets.status(SALES).spent_microusd == last.cost_microusd
    assert (last.cost_microusd or 0) > 0
    assert house.budgets.open_holds() == []


def test_when_all_are_down_the_hold_comes_back_and_each_attempt_is_on_record(
    house: House, provider: StandIn
) -> None:
    """The error names them; nothing is charged."""
    provider.script = lambda _: Script(status=401, error="wrong key")
    with pytest.raises(AllDeploymentsFailed) as caught:
        ask(house)
    assert [attempt.deployment for attempt in caught.value.attempts] == ["first", "second"]
    status = house.budgets.status(SALES)
    assert (status.spent_microusd, status.held_microusd) == (0, 0)
    outcomes = [e.outcome for e in house.journal.trace("trace-1") if e.kind == Kind.MODEL_OUTCOME]
    assert outcomes == ["failed", "failed"]
    assert house.journal.verify().intact


def test_a_provider_without_money_is_passed_over(house: House, provider: StandIn) -> None:
    """Its refusal is on record without an intent, and the other provider is charged."""
    house.budgets.set_limit(house.root, OPENAI, 10)
    *_, finish = ask(house)
    assert finish.deployment == "second"
    assert len(provider.requests) == 1
    assert kinds(house).count(Kind.MODEL_ATTEMPT) == 1
    [refused] = [e for e in house.journal.trace("trace-1") if e.kind == Kind.BUDGET]
    assert (refused.provider, refused.outcome) == ("openai", "refused")
    assert house.budgets.status(OPENAI).spent_microusd == 0
    assert house.budgets.status(Scope.provider("hosted_vllm")).spent_microusd == 1500


def test_a_failed_primary_and_its_stand_in_are_one_hold(house: House, provider: StandIn) -> None:
    """The stand-in is ten times as dear: the department's hold has room for it from the beginning."""
    held: list[int] = []

    def script(_: dict[str, Any]) -> Script:
        [hold] = house.budgets.open_holds()
        held.append(hold.amounts[SALES])
        return Script(status=401, error="wrong key") if len(held) == 1 else Script()

    provider.script = script
    *_, finish = ask(house)
    assert finish.deployment == "second"
    assert held[0] == held[1] > 1000
    assert house.budgets.status(SALES).spent_microusd == 1500
    ids = [raw.decode().lower().split(ATTEMPT_HEADER.lower() + ": ")[1].split()[0] for raw in provider.raw]
    intents = [e for e in house.journal.trace("trace-1") if e.kind == Kind.MODEL_ATTEMPT]
    assert ids == [f"trace-1-{intent.seq}" for intent in intents]


def test_an_intent_that_cannot_be_written_holds_nothing_and_calls_nobody(
    house: House, provider: StandIn
) -> None:
    """Both or neither: the journal refuses the entry, and the money is not set aside either."""
    with house.database.write() as connection:
        connection.execute(
            sa.text(
                "CREATE TRIGGER full BEFORE INSERT ON journal WHEN NEW.kind = 'model_attempt' "
                "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
        )
    with pytest.raises(sa.exc.IntegrityError, match="disk full"):
        ask(house)
    assert provider.requests == []
    assert house.budgets.open_holds() == []
    assert house.budgets.status(SALES).held_microusd == 0
