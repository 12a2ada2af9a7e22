"""A price is known exactly, or the model is not called."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError, PriceUnknown
from core.gateway.money import dollars
from core.gateway.price_book import Price, PriceBook, configured_price
from core.settings import ROOT

MAP = {"openai/gpt-4o-mini": (1.5e-07, 6e-07)}
tokens = st.integers(0, 10**7)
rate = st.integers(0, 10**9)


def prices(tmp_path: Path, text: str = "prices: {}\n") -> PriceBook:
    file = tmp_path / "prices.yaml"
    file.write_text(text)
    return PriceBook(file, MAP.get)


def test_the_nearest_price_counts(tmp_path: Path) -> None:
    """The deployment's own, then the file's, then LiteLLM's."""
    known = prices(tmp_path, "prices:\n  openai/gpt-4o-mini: {prompt: 0.10, completion: 0.40}\n")
    assert known.price("openai/gpt-4o-mini", ("2e-07", 0)) == Price(200_000, 0, "deployment")
    assert known.price("openai/gpt-4o-mini") == Price(100_000, 400_000, "file")
    assert prices(tmp_path).price("openai/gpt-4o-mini") == Price(150_000, 600_000, "litellm")


def test_an_unknown_price_is_refused_and_says_where_to_put_one(tmp_path: Path) -> None:
    """Free of charge is a price, unknown is none."""
    with pytest.raises(PriceUnknown) as caught:
        prices(tmp_path).price("openai/llama3.1")
    assert str(caught.value) == (
        "Nobody knows what the model openai/llama3.1 costs, so it is not used. "
        f"An administrator can put its price into {tmp_path / 'prices.yaml'}."
    )
    free = prices(tmp_path, "prices:\n  openai/llama3.1: {prompt: 0, completion: 0}\n").price(
        "openai/llama3.1"
    )
    assert free.cost_microusd(10_000, 10_000) == 0


@given(rate, rate, tokens, tokens, tokens, tokens)
def test_a_cost_is_rounded_up_and_grows_with_the_tokens(
    prompt: int, completion: int, a: int, b: int, more_a: int, more_b: int
) -> None:
    """So the hold for the most that may come is never less than what does come."""
    price = Price(prompt, completion, "file")
    exact = prompt * a + completion * b
    cost = price.cost_microusd(a, b)
    assert cost * 1_000_000 >= exact > (cost - 1) * 1_000_000
    assert price.cost_microusd(a + more_a, b + more_b) >= cost


def test_a_price_in_floating_point_is_taken_as_it_is_written(tmp_path: Path) -> None:
    """Not as the nearest binary fraction, which would round up to one more."""
    for written in (1.5e-07, 7.5e-08, 3e-06, 2.5e-09, 1.1e-06):
        price = PriceBook(_empty(tmp_path), lambda _, w=written: (w, w)).price("m")
        assert price.prompt == round(written * 1e12)


def _empty(tmp_path: Path) -> Path:
    file = tmp_path / "empty.yaml"
    file.write_text("# nothing\n")
    return file


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("prices:\n  gpt: {prompt: -1, completion: 1}\n", r"prices\.gpt\.prompt"),
        ("prices:\n  gpt: {prompt: 1}\n", r"prices\.gpt\.completion"),
        ("prices:\n  gpt: {prompt: .inf, completion: 1}\n", r"prices\.gpt\.prompt"),
        ("price: {}\n", "price: Extra"),
        ("prices: [", "not valid YAML"),
    ],
)
def test_a_wrong_file_is_named_with_the_place(tmp_path: Path, text: str, named: str) -> None:
    """A typo stops the start."""
    with pytest.raises(ConfigurationError, match=named):
        prices(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """It may be a typo in a setting."""
    with pytest.raises(ConfigurationError, match="nowhere"):
        PriceBook(tmp_path / "nowhere.yaml", MAP.get)


def test_the_file_in_the_repository_loads() -> None:
    """It is empty but for its examples."""
    assert PriceBook(ROOT / "data" / "prices.yaml", MAP.get).price("openai/gpt-4o-mini").source == "litellm"


def test_a_deployments_own_price_is_whole_or_an_error() -> None:
    """Half a price would bill the other half as nothing."""
    assert configured_price({"model": "m"}, {"input_cost_per_token": "1e-6", "output_cost_per_token": 0}) == (
        "1e-6",
        0,
    )
    assert configured_price({"model": "m"}, {}) is None
    for wrong in ({"input_cost_per_token": 1e-6}, {"input_cost_per_token": "x", "output_cost_per_token": 1}):
        with pytest.raises(ConfigurationError, match="output_cost_per_token"):
            configured_price(wrong)


@pytest.mark.parametrize(
    ("microusd", "text"),
    [
        (0, "$0.00"),
        (412_300_000, "$412.30"),
        (1_234_567_890_000, "$1,234,567.89"),
        (1_200, "$0.0012"),
        (7, "$0.000007"),
    ],
)
def test_money_reads_as_money(microusd: int, text: str) -> None:
    """Fractions of a cent are shown rather than rounded to nothing."""
    assert dollars(microusd) == text
