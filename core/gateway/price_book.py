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

PerToken = tuple[float | str, float | str]
"""US dollars for a token of the prompt and for one of the completion, as LiteLLM has them."""

_MILLION = 1_000_000
_Dollars = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Price:
    """Whole micro-dollars for a million tokens of the prompt and of the completion.

    `source` says who knows it: the deployment, the prices file or LiteLLM.
    """

    prompt: int
    completion: int
    source: Literal["deployment", "file", "litellm"]

    def cost_microusd(self, prompt_tokens: int, completion_tokens: int) -> int:
        """The cost, rounded up: never 0 for tokens that have a price."""
        return -(-(self.prompt * prompt_tokens + self.completion * completion_tokens) // _MILLION)


class _Entry(BaseModel, extra="forbid"):
    prompt: _Dollars
    completion: _Dollars


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
            return Price(_per_million(configured[0]), _per_million(configured[1]), "deployment")
        if model in self._overrides:
            return self._overrides[model]
        known = self._price_of(model)
        if known is None:
            raise PriceUnknown(
                f"Nobody knows what the model {model} costs, so it is not used. "
                f"An administrator can put its price into {self._file}."
            )
        return Price(_per_million(known[0]), _per_million(known[1]), "litellm")


def configured_price(*places: Mapping[str, Any]) -> PerToken | None:
    """A deployment's own price, from the first place (`litellm_params`, `model_info`) that has one.

    Raises ConfigurationError for half a price and for what is not a number from 0 on.
    """
    for place in places:
        pair = (place.get("input_cost_per_token"), place.get("output_cost_per_token"))
        if pair == (None, None):
            continue
        if pair[0] is None or pair[1] is None or not all(_is_price(value) for value in pair):
            raise ConfigurationError(
                "input_cost_per_token and output_cost_per_token must both be numbers from 0 on."
            )
        return pair[0], pair[1]
    return None


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
        model: Price(ceil(entry.prompt * _MILLION), ceil(entry.completion * _MILLION), "file")
        for model, entry in entries.items()
    }


def _without_empty(content: Any) -> Any:
    # The base loader reads an empty file and an empty value as empty text.
    return {k: v or None for k, v in content.items()} if isinstance(content, dict) else content or {}
