"""Models over the real protocol: a stand-in on loopback HTTP, never a patched SDK."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ConfigurationError, ModelRefused, ModelUnavailable
from core.gateway.catalogue import ModelEntry, call_parameters, load_models
from core.gateway.messages import Finish, Message, ModelRequest, Numbers, Piece
from core.gateway.models import LiteLLMEmbedding, LiteLLMModel, LiteLLMRerank
from tests.stand_in import Script, StandIn, stand_in

REQUEST = ModelRequest("gpt", (Message("system", "Be brief."), Message("user", "How many days?")))

# LiteLLM takes seconds to import: one worker does.
pytestmark = pytest.mark.xdist_group("litellm")


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


def model_at(provider: StandIn, name: str = "openai/gpt-4o-mini") -> LiteLLMModel:
    return LiteLLMModel({"model": name, "api_base": provider.url, "api_key": "sk-test"})


def test_an_answer_streams_and_ends_with_its_usage_and_cost(provider: StandIn) -> None:
    """Pieces arrive as they were sent; the end names model, tokens and money."""
    provider.script = lambda _: Script(pieces=("Five ", "days [1]."))
    events = list(model_at(provider).stream(REQUEST))
    assert [e.text for e in events if isinstance(e, Piece)] == ["Five ", "days [1]."]
    finish = events[-1]
    assert isinstance(finish, Finish)
    assert (finish.model, finish.provider) == ("gpt-4o-mini", "openai")
    assert (finish.prompt_tokens, finish.completion_tokens) == (120, 30)
    assert finish.cost_microusd == round(120 * 0.15 + 30 * 0.60)
    sent = provider.requests[0]
    assert [m["role"] for m in sent["messages"]] == ["system", "user"]
    assert sent["temperature"] == 0


def test_a_stream_that_is_cut_is_an_error_and_not_an_answer(provider: StandIn) -> None:
    """Half an answer is never taken for a whole one."""
    provider.script = lambda _: Script(pieces=("Five ", "days"), cut=True)
    stream = model_at(provider).stream(REQUEST)
    assert isinstance(next(stream), Piece)
    with pytest.raises(ModelUnavailable):
        list(stream)


@pytest.mark.parametrize(
    ("status", "error"), [(400, ModelRefused), (429, ModelUnavailable), (500, ModelUnavailable)]
)
def test_a_status_tells_a_refusal_from_a_failure(
    provider: StandIn, status: int, error: type[Exception]
) -> None:
    """A refusal concerns this very request; a failure may be over in a moment."""
    provider.script = lambda _: Script(status=status, error="because of this")
    with pytest.raises(error, match="because of this"):
        list(model_at(provider).stream(REQUEST))
    assert len(provider.requests) == 1


def test_nobody_listening_is_a_failure() -> None:
    """A refused connection reads as a sentence."""
    nowhere = LiteLLMModel({"model": "openai/m", "api_base": "http://127.0.0.1:9/v1", "api_key": "k"})
    with pytest.raises(ModelUnavailable):
        list(nowhere.stream(REQUEST))


def test_embeddings_come_back_in_the_order_of_the_texts(provider: StandIn) -> None:
    """Whatever order the provider lists them in."""
    embed = LiteLLMEmbedding({"model": "openai/e", "api_base": provider.url, "api_key": "k"})
    numbers, finish = embed.events(ModelRequest("e", (Message("user", "aa"), Message("user", "bbbb"))))
    assert isinstance(numbers, Numbers)
    assert numbers.rows == ((2.0, 1.0), (4.0, 1.0))
    assert isinstance(finish, Finish)
    assert finish.prompt_tokens == 120


def test_a_rerank_model_scores_texts_in_their_order(provider: StandIn) -> None:
    """The provider lists the best first; we get a score for each text where it stood."""
    base = provider.url.removesuffix("/v1")
    rank = LiteLLMRerank({"model": "cohere/rerank-v3.5", "api_base": f"{base}/v1/rerank", "api_key": "k"})
    texts = ("annual leave", "travel", "annual leave days", "annual report")
    numbers, _ = rank.events(ModelRequest("r", tuple(Message("user", text) for text in texts)))
    assert isinstance(numbers, Numbers)
    assert numbers.rows == ((0.0,), (1.0,), (0.5,))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model_list: []", "model_list"),
        ("model_list: [{model_name: a}]", "litellm_params"),
        ("model_list: [", "not valid YAML"),
        ("- 1", "valid dictionary"),
    ],
)
def test_a_models_file_that_does_not_load_says_where(tmp_path: Path, text: str, said: str) -> None:
    """The message has the place and the reason."""
    (tmp_path / "models.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        load_models(tmp_path / "models.yaml")


def test_keys_come_from_the_environment() -> None:
    """As LiteLLM writes it: `os.environ/NAME`; a missing one is named."""
    entry = ModelEntry.model_validate(
        {"model_name": "gpt", "litellm_params": {"model": "openai/x", "api_key": "os.environ/MY_KEY"}}
    )
    assert call_parameters(entry, {"MY_KEY": "sk-1"}) == {"model": "openai/x", "api_key": "sk-1"}
    with pytest.raises(ConfigurationError, match="MY_KEY"):
        call_parameters(entry, {})
