"""What a model costs: the deployment's own price, else `data/prices.yaml`, else LiteLLM's map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError

from core.errors import ConfigurationError, PriceUnknown

PerToken = tuple[float | str, float | str] | tuple[float | str, float | str, float | str]
"""US dollars for a token of the prompt, for one of the completion and, of rerank models, for a query."""

_MILLION = 1_000_000
_Dollars = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Price:
    """Whole micro-dollars for a million tokens of the prompt and of the completion.

    `source` says who knows it: the deployment, the prices file or LiteLLM. `per_call` are
    micro-dollars for each call, as rerank models charge for a query.
    """

    prompt: int
    completion: int
    source: Literal["deployment", "file", "litellm"]
    per_call: int = 0

    def cost_microusd(self, prompt_tokens: int, completion_tokens: int) -> int:
        """The cost of a call, rounded up: never 0 for tokens that have a price, 0 without any."""
        tokens = -(-(self.prompt * prompt_tokens + self.completion * completion_tokens) // _MILLION)
        return tokens + (self.per_call if prompt_tokens or completion_tokens else 0)


class _Entry(BaseModel, extra="forbid"):
    prompt: _Dollars
    completion: _Dollars
    query: _Dollars = Decimal(0)


class _File(BaseModel, extra="forbid"):
    prices: dict[str, _Entry] | None = None


class PriceBook:
    """Prices by model. `price_of` asks LiteLLM's map: dollars per token, None for what it lacks."""

    def __init__(self, overrides: Path, price_of: Callable[[str], PerToken | None]) -> None:
        """Reads the file; raises ConfigurationError with the place and the reason."""
        self._file = overrides
        self._price_of = price_of
        self._overrides = _load(overrides)

    def price(self, model: str, configured: PerToken | None = None) -> Price:
        """The price of a deployment of `model`; raises PriceUnknown.

        `configured` is the deployment's own price; `(0, 0)` is a price: it costs nothing.
        """
        if configured is not None:
            return _price(configured, "deployment")
        if model in self._overrides:
            return self._overrides[model]
        known = self._price_of(model)
        if known is None:
            raise PriceUnknown(
                f"Nobody knows what the model {model} costs, so it is not used. "
                f"An administrator can put its price into {self._file}."
            )
        return _price(known, "litellm")


def configured_price(*places: Mapping[str, Any], writes: bool = True) -> PerToken | None:
    """A deployment's own price, from the first place (`litellm_params`, `model_info`) that has one.

    A model that `writes` nothing, for embedding or reranking, needs no price for its output, and may
    have an `input_cost_per_query` instead of one for its input. Raises ConfigurationError for half a
    price and for what is not a number from 0 on.
    """
    for place in places:
        if not writes:
            if found := _reading_price(place):
                return found
            continue
        pair = (place.get("input_cost_per_token"), place.get("output_cost_per_token"))
        if pair == (None, None):
            continue
        if pair[0] is None or pair[1] is None or not all(_is_price(value) for value in pair):
            raise ConfigurationError(
                "input_cost_per_token and output_cost_per_token must both be numbers from 0 on."
            )
        return pair[0], pair[1]
    return None


def _reading_price(place: Mapping[str, Any]) -> PerToken | None:
    prompt, query = place.get("input_cost_per_token"), place.get("input_cost_per_query")
    if prompt is None and query is None:
        return None
    prices = (prompt or 0, place.get("output_cost_per_token") or 0, query or 0)
    if not all(_is_price(value) for value in prices):
        raise ConfigurationError("input_cost_per_token and input_cost_per_query must be numbers from 0 on.")
    return prices


def _price(rates: PerToken, source: Literal["deployment", "litellm"]) -> Price:
    prompt, completion, *query = rates
    per_call = ceil(Fraction(str(query[0])) * _MILLION) if query else 0
    return Price(_per_million(prompt), _per_million(completion), source, per_call)


def _is_price(value: Any) -> bool:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return False
    return number.is_finite() and number >= 0


def _per_million(dollars_per_token: float | str) -> int:
    # A float's shortest decimal form is what its author wrote; the float itself is a little off.
    return ceil(Fraction(str(dollars_per_token)) * _MILLION * _MILLION)


def _load(path: Path) -> dict[str, Price]:
    try:
        # The base loader leaves numbers as text until they are decimals: a price is money.
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
        entries = _File.model_validate(_without_empty(content)).prices or {}
    except OSError as exc:
        raise ConfigurationError(f"The prices file {path} cannot be read ({exc.strerror}).") from exc
    except yaml.YAMLError as exc:
        raise ConfigurationError(f"{path} is not valid YAML: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}, {place}: {first['msg']}.") from exc
    return {
        model: Price(
            ceil(entry.prompt * _MILLION),
            ceil(entry.completion * _MILLION),
            "file",
            ceil(entry.query * _MILLION),
        )
        for model, entry in entries.items()
    }


def _without_empty(content: Any) -> Any:
    # The base loader reads an empty file and an empty value as empty text.
    return {k: v or None for k, v in content.items()} if isinstance(content, dict) else content or {}
