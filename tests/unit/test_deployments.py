"""From a models file in LiteLLM's form to deployments, routes and transports."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.gateway.catalogue import Catalogue, load_catalogue
from core.gateway.deployments import Deployment, deployments_of, retry_policy_of, routes_of
from core.gateway.messages import DataClass
from core.gateway.price_book import Price, PriceBook
from core.gateway.prices import PriceList
from core.gateway.transports import straight_endpoint

# As LiteLLM's documentation writes it, with much that only its proxy understands.
PASTED = """
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: azure/gpt-4o-eu
      api_base: os.environ/AZURE_API_BASE
      api_key: os.environ/AZURE_API_KEY
      api_version: "2025-01-01-preview"
      order: 1
      rpm: 900
      tpm: 100000
      region_name: eu
      stream_timeout: 20
      tags: ["paid"]
    model_info:
      id: azure-eu
      base_model: azure/gpt-4o
      data_class: confidential
  - model_name: gpt-4o
    litellm_params: {model: gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, order: 2, timeout: 60}
    rpm: 6
  - model_name: claude
    litellm_params: {model: anthropic/claude-x, api_key: k, weight: 3, input_cost_per_token: 0.000003,
                     output_cost_per_token: 0.000015, max_parallel_requests: 4}
  - model_name: claude
    litellm_params: {model: anthropic/claude-x, api_key: k2}
  - model_name: local
    litellm_params: {model: answerdesk/embedded}
  - model_name: vectors
    litellm_params: {model: openai/text-embedding-3-small, api_key: k}
    model_info: {mode: embedding}
litellm_settings:
  drop_params: true
  num_retries: 3
  request_timeout: 30
  context_window_fallbacks: [{"gpt-4o": ["claude"]}]
  success_callback: ["langfuse"]
router_settings:
  routing_strategy: simple-shuffle
  model_group_alias: {"gpt-4": "gpt-4o", "hidden": {"model": "claude", "hidden": true}}
  fallbacks: [{"gpt-4o": ["claude", {"model": "local"}]}]
  default_fallbacks: ["local"]
  num_retries: 2
  allowed_fails: 4
  cooldown_time: 30
  redis_host: os.environ/REDIS_HOST
general_settings: {master_key: sk-1234}
environment_variables: {X: "1"}
"""
BOOK = PriceBook(Path(__file__).resolve().parents[2] / "data" / "prices.yaml", PriceList().price_of)
ENVIRON = {"AZURE_API_BASE": "https://eu.example", "AZURE_API_KEY": "a", "OPENAI_API_KEY": "o"}


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return loaded(tmp_path, PASTED)


def loaded(folder: Path, text: str) -> Catalogue:
    (folder / "models.yaml").write_text(text)
    return load_catalogue(folder / "models.yaml")


def deployments(catalogue: Catalogue) -> dict[str, Deployment]:
    return {d.name: d for d in deployments_of(catalogue, BOOK, ENVIRON)}


def test_a_pasted_file_gives_its_chat_deployments(catalogue: Catalogue) -> None:
    """Names are unique, embedding models are not among them."""
    assert list(deployments(catalogue)) == [
        "azure-eu", "gpt-4o-mini", "anthropic/claude-x", "anthropic/claude-x #2", "answerdesk/embedded",
    ]  # fmt: skip


def test_a_deployment_knows_its_place(catalogue: Catalogue) -> None:
    """Order, weight, limits, region and class; what is for the router is not sent to the provider."""
    found = deployments(catalogue)
    azure, mini, claude = found["azure-eu"], found["gpt-4o-mini"], found["anthropic/claude-x"]
    assert (azure.route, azure.provider, azure.region, azure.order) == ("gpt-4o", "azure", "eu", 1)
    assert azure.data_class == DataClass.CONFIDENTIAL
    assert (azure.rpm, azure.tpm, mini.rpm, claude.max_parallel) == (900, 100000, 6, 4)
    assert (azure.weight, mini.weight, claude.weight) == (900, 6, 3)
    assert found["anthropic/claude-x #2"].weight == 1
    assert set(azure.parameters) == {"model", "api_base", "api_key", "api_version"}
    assert azure.parameters["api_key"] == "a"
    assert "api_key" not in repr(azure)


def test_limits_come_from_the_deployment_or_the_router(catalogue: Catalogue) -> None:
    """`timeout` is for the whole answer, `stream_timeout` for silence."""
    found = deployments(catalogue)
    azure, mini = found["azure-eu"], found["gpt-4o-mini"]
    assert azure.limits
    assert mini.limits
    assert (azure.limits.total_s, azure.limits.first_token_s, azure.limits.inter_token_s) == (30, 20, 20)
    assert (mini.limits.total_s, mini.limits.first_token_s) == (60, 10)
    assert (azure.circuit.allowed_fails, azure.circuit.cooldown_s) == (4, 30)
    assert retry_policy_of(catalogue).retries == 2


def test_prices_are_the_configured_ones_or_the_lists(catalogue: Catalogue) -> None:
    """Micro-dollars a token; None where nobody knows."""
    found = deployments(catalogue)
    assert found["gpt-4o-mini"].prices == Price(150_000, 600_000, "litellm")
    assert found["anthropic/claude-x"].prices == Price(3_000_000, 15_000_000, "deployment")
    assert found["anthropic/claude-x #2"].prices is None
    assert found["azure-eu"].prices == BOOK.price("azure/gpt-4o")
    assert found["answerdesk/embedded"].prices == Price(0, 0, "deployment")


def test_the_embedded_model_may_see_everything_and_needs_no_watch(catalogue: Catalogue) -> None:
    """Nothing leaves the process."""
    embedded = deployments(catalogue)["answerdesk/embedded"]
    assert (embedded.data_class, embedded.limits) == (DataClass.RESTRICTED, None)


def test_routes_are_those_of_both_settings(catalogue: Catalogue) -> None:
    """Aliases lead to models, a default stands in for what has no fallback of its own."""
    routes = routes_of(catalogue)
    assert routes.after("gpt-4o") == ("claude", "local")
    assert routes.after("claude") == ("local",)
    assert routes.after("local") == ()
    assert routes.larger_than("gpt-4o") == ("claude",)
    assert (routes.real("gpt-4"), routes.real("hidden"), routes.real("claude")) == (
        "gpt-4o", "claude", "claude",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("router_settings: {fallbacks: [{gpt: [nowhere]}]}", "router_settings.fallbacks.*nowhere.*gpt"),
        ("router_settings: {context_window_fallbacks: [{gtp: [gpt]}]}", "context_window_fallbacks.*gtp"),
        ("router_settings: {cooldown_time: soon}", "router_settings.cooldown_time"),
        ("router_settings: {fallbacks: {gpt: [gpt]}}", "router_settings.fallbacks.*list"),
        ("router_settings: {timeout: -1}", "router_settings.timeout"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """Unknown keys are tolerated, wrong ones are not."""
    with pytest.raises(ConfigurationError, match=said):
        routes_of(loaded(tmp_path, "model_list: [{model_name: gpt, litellm_params: {model: a}}]\n" + text))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("data_class", "secret", "not one of public"), ("weight", "-1", "weight"), ("rpm", "x", "rpm")],
)
def test_a_wrong_value_of_a_deployment_is_named(tmp_path: Path, key: str, value: str, said: str) -> None:
    """As those of the router are."""
    text = f"model_list: [{{model_name: gpt, litellm_params: {{model: a, {key}: {value}}}}}]"
    with pytest.raises(ConfigurationError, match=said):
        deployments(loaded(tmp_path, text))


@pytest.mark.parametrize(
    ("model", "more", "url"),
    [
        ("gpt-4o-mini", {}, "https://api.openai.com/v1/chat/completions"),
        ("openai/llama", {"api_base": "http://127.0.0.1:1/v1/"}, "http://127.0.0.1:1/v1/chat/completions"),
        ("hosted_vllm/x", {"api_base": "http://h/v1", "top_p": 1}, "http://h/v1/chat/completions"),
        ("hosted_vllm/x", {}, None),
        ("azure/gpt-4o", {"api_base": "https://h"}, None),
        ("openai/gpt-5-mini", {}, None),
        ("openai/o3", {}, None),
        ("openai/x", {"api_base": "http://h/v1", "tools": []}, None),
    ],
)
def test_only_what_speaks_the_protocol_as_it_is_goes_straight(
    model: str, more: dict[str, object], url: str | None
) -> None:
    """A parameter that we do not know is LiteLLM's business."""
    provider = model.split("/")[0] if "/" in model else "openai"
    deployment = Deployment("d", "r", model, provider, {"model": model, "api_key": "k", **more})
    endpoint = straight_endpoint(deployment, {})
    assert (endpoint and endpoint.url) == url
