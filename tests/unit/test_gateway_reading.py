"""Embedding and rerank models pass the door as every other model: limits, mask, money, record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.bootstrap import Desk
from core.errors import BudgetExceeded, NotCleared, PriceUnknown, RateLimited
from core.gateway.charges import Caller
from core.gateway.money import Scope
from core.journal.entries import Kind
from core.knowledge.ingestion import Outcome
from core.settings import RateLimitDefaults
from core.types import DataClass, Person, Role
from tests.conftest import MakeDesk, add_departments, add_person, text_source
from tests.model_files import entry, settings_of
from tests.stand_in import StandIn, stand_in

# LiteLLM takes seconds to import: one worker does.
pytestmark = pytest.mark.xdist_group("litellm")

CALLER = Caller("sales", None, "trace-1", "embedding")
SALES = Scope.department("sales")
EMAIL = "rosalind.pike@fennwick.example"


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


def vectors(name: str, url: str, *, order: int = 1, **info: Any) -> dict[str, Any]:
    params = {"model": "openai/e", "output_cost_per_token": None, **info.pop("params", {})}
    return entry(name, url, route="vectors", order=order, params=params, mode="embedding", **info)


def ranks(url: str, model: str = "cohere/rerank-v3.5", **info: Any) -> dict[str, Any]:
    params = {
        "model": model,
        "api_base": f"{url}/rerank",
        "input_cost_per_token": None,
        "output_cost_per_token": None,
    }
    return entry("ranks", url, route="ranks", params=params, mode="rerank", **info)


def desk_of(folder: Path, make_desk: MakeDesk, *entries: dict[str, Any], **settings: Any) -> Desk:
    chat = entry("chat", "http://127.0.0.1:9/v1")
    parts = {"embedding_model": "vectors", "reranker": "ranks", **settings}
    desk = make_desk(settings=settings_of(folder, [chat, *entries], **parts), embedder=None)
    add_departments(desk.identity)
    return desk


def kinds(desk: Desk, trace: str = "trace-1") -> list[str]:
    return [str(e.kind) for e in desk.journal.trace(trace)]


def test_embedding_is_held_charged_and_on_record(
    tmp_path: Path, make_desk: MakeDesk, provider: StandIn
) -> None:
    """The stand-in reports 120 tokens of one micro-dollar each."""
    desk = desk_of(tmp_path, make_desk, vectors("v", provider.url, masked_kinds=[]))
    assert desk.gateway.embed("vectors", ["aa", "bbbb"], CALLER) == ((2.0, 1.0), (4.0, 1.0))
    status = desk.gateway.budgets.status(SALES)
    assert (status.spent_microusd, status.held_microusd) == (120, 0)
    assert kinds(desk) == [Kind.MODEL_ATTEMPT, Kind.MODEL_OUTCOME]
    assert desk.gateway.embed("vectors", [], CALLER) == ()
    assert len(provider.requests) == 1


def test_embedding_stays_in_the_budget_and_the_limits(
    tmp_path: Path, make_desk: MakeDesk, provider: StandIn
) -> None:
    """Refused before anything is sent."""
    desk = desk_of(
        tmp_path,
        make_desk,
        vectors("v", provider.url, masked_kinds=[]),
        rate_limits=RateLimitDefaults(department_tokens_per_min=100),
    )
    with pytest.raises(RateLimited, match="the department sales"):
        desk.gateway.embed("vectors", ["word " * 100], CALLER)
    root = add_person(desk.identity, "root", "people", Role.ADMINISTRATOR)
    desk.gateway.budgets.set_limit(root, SALES, 1)
    with pytest.raises(BudgetExceeded):
        desk.gateway.embed("vectors", ["a word"], CALLER)
    assert provider.requests == []


def test_a_text_is_masked_alike_in_any_company(
    tmp_path: Path, make_desk: MakeDesk, provider: StandIn
) -> None:
    """So that equal texts have equal vectors; the provider sees no address."""
    desk = desk_of(tmp_path, make_desk, vectors("v", provider.url, masked_kinds=["EMAIL"]))
    text = f"Write to {EMAIL}."
    desk.gateway.embed("vectors", [text], CALLER)
    desk.gateway.embed("vectors", ["Ask other.person@fennwick.example.", text], CALLER)
    sent = [body["input"] for body in provider.requests]
    assert sent == [["Write to <EMAIL_1>."], ["Ask <EMAIL_1>.", "Write to <EMAIL_1>."]]
    assert kinds(desk)[0] == Kind.REDACTION


def test_another_deployment_of_the_same_model_stands_in(
    tmp_path: Path, make_desk: MakeDesk, provider: StandIn
) -> None:
    """No other model does, whatever the file's fallbacks are: vectors of two models do not mix."""
    dead = "http://127.0.0.1:9/v1"
    entries = [
        vectors("dead", dead, order=1, masked_kinds=[]),
        vectors("alive", provider.url, order=2, masked_kinds=[]),
        entry("other", provider.url, route="other"),
    ]
    top = {"router_settings": {"default_fallbacks": ["other"], "num_retries": 0}}
    desk = desk_of(tmp_path, make_desk, *entries, top=top)
    assert desk.gateway.embed("vectors", ["aa"], CALLER) == ((2.0, 1.0),)
    outcomes = [e.outcome for e in desk.journal.trace("trace-1") if e.kind == Kind.MODEL_OUTCOME]
    assert outcomes == ["failed", "answered"]
    assert [d.name for d in desk.gateway.readers.candidates("vectors")] == ["dead", "alive"]


def test_without_a_price_nothing_is_embedded_or_ranked(
    tmp_path: Path, make_desk: MakeDesk, provider: StandIn
) -> None:
    """The sentence says that an administrator must do something."""
    desk = desk_of(
        tmp_path,
        make_desk,
        vectors("v", provider.url, params={"model": "openai/no-such", "input_cost_per_token": None}),
        ranks(provider.url, "cohere/no-such"),
    )
    with pytest.raises(PriceUnknown, match=r"administrator: nobody knows what openai/no-such costs"):
        desk.gateway.embed("vectors", ["aa"], CALLER)
    with pytest.raises(PriceUnknown, match=r"administrator: nobody knows what cohere/no-such costs"):
        desk.gateway.rerank("ranks", "why", ["aa"], CALLER)
    assert provider.requests == []


def test_a_rerank_model_costs_by_the_query_and_sees_one_mask(
    tmp_path: Path, make_desk: MakeDesk, provider: StandIn
) -> None:
    """LiteLLM's list says 0.002 dollars; a name of the question is the same one in the texts."""
    desk = desk_of(tmp_path, make_desk, ranks(provider.url, masked_kinds=["EMAIL"]))
    texts = ["the office is closed", f"mail from {EMAIL} today"]
    assert desk.gateway.rerank("ranks", f"mail {EMAIL}", texts, CALLER) == [0.0, 1.0]
    [sent] = provider.requests
    assert (sent["query"], sent["documents"]) == (
        "mail <EMAIL_1>",
        ["the office is closed", "mail from <EMAIL_1> today"],
    )
    assert desk.gateway.budgets.status(SALES).spent_microusd == 2_000


def test_a_configured_price_by_the_query_counts(
    tmp_path: Path, make_desk: MakeDesk, provider: StandIn
) -> None:
    """In the deployment's own entry, as in LiteLLM's."""
    desk = desk_of(
        tmp_path,
        make_desk,
        ranks(provider.url, "cohere/no-such", masked_kinds=[], input_cost_per_query=0.0005),
    )
    desk.gateway.rerank("ranks", "why", ["aa"], CALLER)
    assert desk.gateway.budgets.status(SALES).spent_microusd == 500


def test_confidential_texts_are_neither_embedded_nor_ranked_outside(
    tmp_path: Path, make_desk: MakeDesk, provider: StandIn
) -> None:
    """The door says no whoever asks; nothing is sent."""
    desk = desk_of(tmp_path, make_desk, vectors("v", provider.url), ranks(provider.url))
    with pytest.raises(NotCleared):
        desk.gateway.embed("vectors", ["aa"], CALLER, DataClass.CONFIDENTIAL)
    with pytest.raises(NotCleared):
        desk.gateway.rerank("ranks", "why", ["aa"], CALLER, DataClass.CONFIDENTIAL)
    assert provider.requests == []


@pytest.fixture
def searching(tmp_path: Path, make_desk: MakeDesk, provider: StandIn) -> tuple[Desk, Person]:
    desk = desk_of(
        tmp_path,
        make_desk,
        vectors("v", provider.url, masked_kinds=[]),
        ranks(provider.url, masked_kinds=[]),
        answer_model="embedded",
        top={
            "model_list": [
                {"model_name": "embedded", "litellm_params": {"model": "answerdesk/embedded"}},
                vectors("v", provider.url, masked_kinds=[]),
                ranks(provider.url, masked_kinds=[]),
            ]
        },
    )
    return desk, add_person(desk.identity, "ada", "sales")


def test_a_search_is_on_the_askers_account(searching: tuple[Desk, Person], provider: StandIn) -> None:
    """Documents are embedded for their department, a question for its asker and under its trace."""
    desk, ada = searching
    leave = text_source("people/leave.txt", "Five days of annual leave may be carried over.")
    list(desk.knowledge.ingestion.run([leave], "upload", created_by=None))
    assert desk.gateway.budgets.status(Scope.department("people")).spent_microusd == 120
    conversation = desk.conversations.start(ada, "x")
    list(desk.assistant.ask(ada, conversation, "How many days of annual leave may be carried over?"))
    trace = desk.conversations.messages(ada, conversation)[0].trace_id
    attempts = [e for e in desk.journal.trace(trace) if e.kind == Kind.MODEL_ATTEMPT]
    assert [(e.data["purpose"], e.person_id) for e in attempts][:2] == [
        ("embedding", ada.id),
        ("reranking", ada.id),
    ]
    assert desk.gateway.budgets.status(SALES).spent_microusd == 120 + 2_000


def test_a_document_that_the_embedding_model_may_not_see_is_refused_by_name(
    searching: tuple[Desk, Person], provider: StandIn
) -> None:
    """The others go in; none of its words is sent."""
    desk, _ = searching
    secret = replace(text_source("people/plan.txt", "The merger plan."), data_class=DataClass.CONFIDENTIAL)
    leave = text_source("people/leave.txt", "Five days of annual leave.")
    reports = {r.name: r for r in desk.knowledge.ingestion.run([secret, leave], "upload")}
    assert reports["people/leave.txt"].outcome is Outcome.ADDED
    assert reports["people/plan.txt"].outcome is Outcome.REFUSED
    assert "confidential" in reports["people/plan.txt"].reason
    assert "merger" not in str(provider.requests)


def test_a_question_that_cannot_be_embedded_gets_an_answer_that_says_so(
    searching: tuple[Desk, Person], provider: StandIn
) -> None:
    """Out of money is a sentence, not a crash; the rest of the path is not walked."""
    desk, ada = searching
    root = add_person(desk.identity, "root", "people", Role.ADMINISTRATOR)
    list(desk.knowledge.ingestion.run([text_source("people/leave.txt", "Five days of leave.")], "upload"))
    desk.gateway.budgets.set_limit(root, SALES, 1)
    conversation = desk.conversations.start(ada, "x")
    *_, last = desk.assistant.ask(ada, conversation, "How much leave?")
    assert last.answer.outcome == "no_model"  # type: ignore[union-attr]
    assert "budget" in last.answer.text  # type: ignore[union-attr]
