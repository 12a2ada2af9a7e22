"""Switches and tests of deployments: who may, what is on record, and that every process follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.adjustments import Adjustments
from core.bootstrap import Desk
from core.errors import AllDeploymentsFailed, ModelUnavailable, NotAllowed, NotFound
from core.gateway.charges import Caller
from core.gateway.embedded_reader import EMBED, RERANK
from core.gateway.messages import Message, ModelRequest
from core.journal.entries import Kind
from core.journal.search import Filters
from core.operations.providers import Health, OffReason, Providers
from core.settings import Settings
from core.types import Person, Role
from tests.conftest import MakeDesk, add_departments, add_person
from tests.fakes import ScriptedModel

REQUEST = ModelRequest("embedded", (Message("user", "Hello"),))
CALLER = Caller("people", None, "trace-1", "answer")


@pytest.fixture
def models() -> list[ScriptedModel]:
    return [ScriptedModel(*[["OK"]] * 4), ScriptedModel(*[["OK"]] * 4)]


@pytest.fixture
def desk(make_desk: MakeDesk, models: list[ScriptedModel]) -> Desk:
    desk = make_desk(routes={"embedded": models})
    add_departments(desk.identity)
    return desk


@pytest.fixture
def root(desk: Desk) -> Person:
    return add_person(desk.identity, "root", "people", Role.ADMINISTRATOR)


def providers_of(desk: Desk) -> Providers:
    """A second view of the desk's deployments, as another process has it."""
    adjustments = Adjustments(desk.database, lambda: datetime.now(UTC), desk.journal.append_in)
    return Providers(desk.gateway, desk.journal, adjustments, lambda _: "Root", lambda: "t", lambda: 0.0)


def settings_of(desk: Desk) -> list[dict[str, object]]:
    return [entry.data for entry in reversed(desk.journal.search(Filters(kinds=(Kind.SETTING,))))]


def test_what_is_switched_off_gets_no_request_and_the_other_one_stands_in(
    desk: Desk, root: Person, models: list[ScriptedModel]
) -> None:
    providers = desk.operations.providers
    providers.switch_off(root, "embedded 1", OffReason.FAULTS)
    list(desk.gateway.stream(REQUEST, CALLER))
    first, second = providers.all(root)

    assert (len(models[0].requests), len(models[1].requests)) == (0, 1)
    assert (first.health, second.health) == (Health.OFF, Health.HEALTHY)
    assert (first.stand_ins, second.stand_ins) == (1, 0)
    assert first.off is not None and (first.off.by, first.off.reason) == ("Root", OffReason.FAULTS)
    assert settings_of(desk) == [{"act": "deployment_off", "deployment": "embedded 1", "reason": "FAULTS"}]


def test_switched_on_it_is_used_again(desk: Desk, root: Person, models: list[ScriptedModel]) -> None:
    providers = desk.operations.providers
    for name in ("embedded 1", "embedded 2"):
        providers.switch_off(root, name, OffReason.SLOW)
    with pytest.raises(AllDeploymentsFailed, match="switched off by an administrator"):
        list(desk.gateway.stream(REQUEST, CALLER))
    providers.switch_on(root, "embedded 2")
    list(desk.gateway.stream(REQUEST, CALLER))

    assert len(models[1].requests) == 1
    assert [status.off is None for status in providers.all(root)] == [False, True]


def test_another_process_over_the_same_database_follows(
    desk: Desk, root: Person, make_desk: MakeDesk, models: list[ScriptedModel]
) -> None:
    """Two views of one database, as two processes have them: the second learns by `follow`."""
    other = providers_of(desk)
    other.follow()
    desk.operations.providers.switch_off(root, "embedded 1", OffReason.DATA)
    assert [status.off for status in other.all(root)] == [None, None]
    other.follow()
    assert [status.off is not None for status in other.all(root)] == [True, False]
    other.switch_on(root, "embedded 1")
    desk.operations.providers.follow()
    assert [status.off for status in desk.operations.providers.all(root)] == [None, None]


def test_a_switch_of_a_deployment_that_is_gone_stops_no_start(
    desk: Desk, root: Person, make_desk: MakeDesk, models: list[ScriptedModel]
) -> None:
    desk.operations.providers.switch_off(root, "embedded 2", OffReason.COST)
    desk.close()
    again = make_desk(settings=desk.settings, routes={"embedded": models[:1]})
    assert [status.health for status in again.operations.providers.all(root)] == [Health.UNUSED]


def test_a_test_is_charged_to_the_actor_and_closes_nothing_that_is_off(
    desk: Desk, root: Person, models: list[ScriptedModel]
) -> None:
    providers = desk.operations.providers
    providers.switch_off(root, "embedded 1", OffReason.SLOW)
    trial = providers.test(root, "embedded 1")

    assert trial.finish.completion_tokens == 5 and trial.seconds >= 0
    assert len(models[0].requests) == 1 and not models[1].requests
    assert providers.all(root)[0].health is Health.OFF
    attempt = desk.journal.search(Filters(kinds=(Kind.MODEL_ATTEMPT,)))[0]
    test = desk.journal.search(Filters(kinds=(Kind.SETTING,)))[0]
    assert attempt.person_id == root.id and attempt.data["purpose"] == "test"
    assert attempt.trace_id == test.trace_id and test.data["act"] == "deployment_test"
    assert desk.gateway.budgets.open_holds() == []


def test_a_failed_test_raises_what_came_instead_of_an_answer(
    make_desk: MakeDesk, desk: Desk, root: Person
) -> None:
    desk.close()
    broken = ScriptedModel([ModelUnavailable("The provider is out of order.")])
    again = make_desk(settings=desk.settings, routes={"embedded": [broken]})
    with pytest.raises(ModelUnavailable, match="out of order"):
        again.operations.providers.test(root, "embedded 1")
    [status] = again.operations.providers.all(root)
    assert status.health is Health.SHAKY and status.now.errors == 1
    assert again.gateway.budgets.open_holds() == []


ACTS: list[Callable[[Providers, Person, str], object]] = [
    lambda providers, actor, name: providers.switch_off(actor, name, OffReason.OTHER),
    lambda providers, actor, name: providers.switch_on(actor, name),
    lambda providers, actor, name: providers.test(actor, name),
]


@pytest.mark.parametrize("act", ACTS)
def test_only_administrators_act_and_only_on_what_is_there(
    desk: Desk, root: Person, models: list[ScriptedModel], act: Callable[[Providers, Person, str], object]
) -> None:
    other = add_person(desk.identity, "other", "people", *(set(Role) - {Role.ADMINISTRATOR}))
    with pytest.raises(NotAllowed):
        act(desk.operations.providers, other, "embedded 1")
    with pytest.raises(NotFound):
        act(desk.operations.providers, root, "nowhere")
    assert settings_of(desk) == [] and not models[0].requests


def test_only_administrators_read(desk: Desk) -> None:
    other = add_person(desk.identity, "other", "people", *(set(Role) - {Role.ADMINISTRATOR}))
    limits = desk.operations.limits
    for read in (desk.operations.providers.all, limits.budgets, limits.rates, limits.clearances):
        with pytest.raises(NotAllowed):
            read(other)


def test_limits_are_those_in_force(desk: Desk, root: Person) -> None:
    found = desk.operations.limits.clearances(root)
    assert [(one.deployment, one.data_class) for one in found] == [
        ("embedded 1", "restricted"),
        ("embedded 2", "restricted"),
    ]
    assert isinstance(desk.settings, Settings) and desk.operations.limits.budgets(root) == []


def test_one_that_embeds_and_is_listed_for_writing_too_is_shown_once(
    make_desk: MakeDesk, tmp_path: Path, models: list[ScriptedModel]
) -> None:
    """As in a models file whose embedding model does not say its mode."""
    file = tmp_path / "models.yaml"
    file.write_text(
        "model_list:\n"
        "  - model_name: embedded\n    litellm_params: {model: answerdesk/embedded}\n"
        "  - model_name: vectors\n    litellm_params:\n"
        "      {model: openai/text-embedding-3-small, api_key: none, api_base: 'http://127.0.0.1:9/v1'}\n"
    )
    settings = Settings(
        data_dir=tmp_path / "runtime", reranker="none", models_file=file, embedding_model="vectors"
    )
    desk = make_desk(settings=settings)
    add_departments(desk.identity)
    root = add_person(desk.identity, "root", "people", Role.ADMINISTRATOR)
    desk.operations.providers.switch_off(root, "openai/text-embedding-3-small", OffReason.COST)

    names = [status.now.name for status in desk.operations.providers.all(root)]
    assert names == ["answerdesk/embedded", "openai/text-embedding-3-small", EMBED, RERANK]
    assert [one.deployment for one in desk.operations.limits.clearances(root)] == names
    assert [now.state for now in desk.gateway.readers.snapshot() if now.route == "vectors"] == ["off"]
