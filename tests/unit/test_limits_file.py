"""Rate limits are configuration: defaults in the settings, names in a file, deployments in theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.bootstrap import Desk
from core.errors import ConfigurationError, RateLimited
from core.gateway.charges import Caller
from core.gateway.deployments import Deployment
from core.gateway.limits_file import defaults_of, load_rate_table
from core.gateway.messages import Finish, Message, ModelRequest
from core.gateway.rate_limits import RateLimit, RateTable
from core.settings import ROOT, RateLimitDefaults, load_settings
from tests.conftest import MakeDesk, add_departments, add_person
from tests.model_files import entry, settings_of
from tests.stand_in import StandIn, stand_in

DEPLOYMENTS = [
    Deployment("azure-eu", "gpt", "azure/gpt", "azure", rpm=900, tpm=1_000),
    Deployment("own", "gpt", "openai/gpt", "openai", rpm=5),
    Deployment("other", "gpt", "openai/gpt", "openai"),
]
DEFAULTS = RateTable(
    person=RateLimit(30, 9_000), deployment=RateLimit(None, 50_000), provider=RateLimit(100, None)
)
REQUEST = ModelRequest("gpt", (Message("user", "How many days?"),), max_tokens=10)


def table(folder: Path, text: str) -> RateTable:
    (folder / "limits.yaml").write_text(text)
    return load_rate_table(folder / "limits.yaml", DEFAULTS, DEPLOYMENTS)


def test_the_file_that_comes_along_names_nobody() -> None:
    """So the defaults hold for all."""
    found = load_rate_table(ROOT / "data" / "limits.yaml", RateTable(), [])
    assert found == RateTable()


def test_what_an_entry_leaves_out_is_as_the_default_has_it(tmp_path: Path) -> None:
    """And `null` takes a limit away."""
    found = table(
        tmp_path,
        "people: {Ada@Fennwick.example: {requests_per_min: 60}}\n"
        "departments: {sales: {tokens_per_min: 7}}\n"
        "providers: {openai: {requests_per_min: null}}\n",
    )
    assert found.people == {"ada@fennwick.example": RateLimit(60, 9_000)}
    assert found.departments == {"sales": RateLimit(None, 7)}
    assert found.providers == {"openai": RateLimit(None, None)}
    assert found.person == DEFAULTS.person


def test_a_deployments_own_limits_stand_in_the_table(tmp_path: Path) -> None:
    """What the models file says is its default, what this file says comes on top."""
    found = table(tmp_path, "deployments: {azure-eu: {tokens_per_min: null}}\n")
    assert found.deployments == {"azure-eu": RateLimit(900, None), "own": RateLimit(5, 50_000)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("providers: {opnai: {requests_per_min: 1}}", r"providers\.opnai.*azure, openai"),
        ("deployments: {nowhere: {}}", r"deployments\.nowhere"),
        ("people: {ada: {requests_per_min: -1}}", r"people\.ada\.requests_per_min"),
        ("departments: {sales: {rpm: 1}}", r"departments\.sales\.rpm"),
        ("teams: {}", "teams"),
        ("people: [", "not valid YAML"),
        ("- 1", "dictionary"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """A misspelt name must not silently mean no limit."""
    with pytest.raises(ConfigurationError, match=said):
        table(tmp_path, text)


def test_a_missing_file_is_named_by_its_setting(tmp_path: Path) -> None:
    """The message says which key points there."""
    with pytest.raises(ConfigurationError, match="ANSWERDESK_LIMITS_FILE"):
        load_rate_table(tmp_path / "none.yaml", DEFAULTS, [])


def test_the_defaults_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each scope has two; without any there is no limit."""
    assert defaults_of(RateLimitDefaults()) == RateTable()
    monkeypatch.setenv("ANSWERDESK_RATE_LIMITS__PERSON_REQUESTS_PER_MIN", "20")
    monkeypatch.setenv("ANSWERDESK_RATE_LIMITS__PROVIDER_TOKENS_PER_MIN", "5000")
    found = defaults_of(load_settings().rate_limits)
    assert found == RateTable(person=RateLimit(20), provider=RateLimit(None, 5_000))
    monkeypatch.setenv("ANSWERDESK_RATE_LIMITS__PERSON_RPM", "20")
    with pytest.raises(ConfigurationError, match="ANSWERDESK_RATE_LIMITS__PERSON_RPM is not a setting"):
        load_settings()


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def desk_with(tmp_path: Path, make_desk: MakeDesk, provider: StandIn) -> Any:
    def make(limits: str = "{}", first: dict[str, Any] | None = None, **settings: Any) -> Desk:
        (tmp_path / "limits.yaml").write_text(limits)
        entries = [
            entry("first", provider.url, order=1, masked_kinds=[], params=first or {}),
            entry("second", provider.url, order=2, masked_kinds=[], params=first or {}),
        ]
        desk = make_desk(
            settings=settings_of(tmp_path, entries, limits_file=tmp_path / "limits.yaml", **settings)
        )
        add_departments(desk.identity)
        return desk

    return make


def finish(desk: Desk, caller: Caller) -> Finish:
    *_, last = desk.gateway.stream(REQUEST, caller)
    assert isinstance(last, Finish)
    return last


def test_a_named_person_has_another_limit_than_everyone(desk_with: Any) -> None:
    """By e-mail address; the operations page reads the same table."""
    desk = desk_with(
        "people: {bo@fennwick.example: {requests_per_min: 2}}",
        rate_limits=RateLimitDefaults(person_requests_per_min=1),
    )
    ada, bo = add_person(desk.identity, "ada", "sales"), add_person(desk.identity, "bo", "sales")
    finish(desk, Caller("sales", ada.id, "t", "answer"))
    for _ in range(2):
        finish(desk, Caller("sales", bo.id, "t", "answer"))
    for person in (ada, bo):
        with pytest.raises(RateLimited, match="You have reached the limit"):
            finish(desk, Caller("sales", person.id, "t", "answer"))
    assert desk.gateway.rate_limits.table.person == RateLimit(1)
    assert desk.gateway.rate_limits.table.people == {"bo@fennwick.example": RateLimit(2)}


def test_a_deployment_at_its_limit_is_passed_over_and_then_waited_for(
    desk_with: Any, provider: StandIn
) -> None:
    """When all are at theirs, the caller hears when to come back, and nothing stays held."""
    desk = desk_with(first={"rpm": 1})
    caller = Caller("sales", None, "t", "answer")
    assert [finish(desk, caller).deployment for _ in range(2)] == ["first", "second"]
    with pytest.raises(RateLimited, match=r"The deployment first has reached .* Ask again in \d+ seconds"):
        finish(desk, caller)
    assert len(provider.requests) == 2
    assert desk.gateway.budgets.open_holds() == []


def test_a_limit_of_nothing_admits_nothing(desk_with: Any, provider: StandIn) -> None:
    """A provider can be closed by its limit."""
    desk = desk_with("providers: {openai: {requests_per_min: 0}}")
    with pytest.raises(RateLimited):
        finish(desk, Caller("sales", None, "t", "answer"))
    assert provider.requests == []
