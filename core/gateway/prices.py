"""What tokens cost: from the models file, else from the price list that comes with LiteLLM."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_PRICE_LIST = "model_prices_and_context_window_backup.json"
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """Micro-dollars a token: 0.15 is 0.15 dollars for a million tokens."""

    prompt_microusd: float
    completion_microusd: float

    def cost_microusd(self, prompt_tokens: int, completion_tokens: int) -> int:
        """The price of so many tokens in whole micro-dollars."""
        return round(prompt_tokens * self.prompt_microusd + completion_tokens * self.completion_microusd)


def prices_in(settings: Mapping[str, Any]) -> Prices | None:
    """The prices that LiteLLM's keys give (dollars a token); None where there are none."""
    prompt, completion = settings.get("input_cost_per_token"), settings.get("output_cost_per_token")
    if prompt is None and completion is None:
        return None
    return Prices(float(prompt or 0) * _MICRO, float(completion or 0) * _MICRO)


class PriceList:
    """LiteLLM's list, read on first use as a file: importing LiteLLM would take seconds."""

    def prices(self, names: Iterable[str]) -> Prices | None:
        """The prices of the first of these model names that the list knows."""
        for name in names:
            found = prices_in(self._entries.get(name, {}))
            if found is not None:
                return found
        return None

    @cached_property
    def _entries(self) -> dict[str, dict[str, Any]]:
        spec = find_spec("litellm")
        if spec is None or spec.origin is None:
            return {}
        text = Path(spec.origin).with_name(_PRICE_LIST).read_text(encoding="utf-8")
        entries: dict[str, dict[str, Any]] = json.loads(text)
        return entries
