"""The price list that comes with LiteLLM, read as a file: importing LiteLLM would take seconds."""

from __future__ import annotations

import json
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.gateway.price_book import PerToken

_PRICE_LIST = "model_prices_and_context_window_backup.json"


class PriceList:
    """Prices by LiteLLM's model name, read on first use."""

    def price_of(self, model: str) -> PerToken | None:
        """US dollars for a token of prompt and completion; None where the list lacks one of them.

        Models that write nothing have no price of their output, rerank models also one of a query.
        """
        entry = self._entries.get(model, {})
        reads = entry.get("mode") in ("embedding", "rerank")
        prompt = entry.get("input_cost_per_token")
        completion = entry.get("output_cost_per_token", 0 if reads else None)
        if prompt is None or completion is None:
            return None
        return prompt, completion, entry.get("input_cost_per_query", 0) if reads else 0

    @cached_property
    def _entries(self) -> dict[str, dict[str, Any]]:
        spec = find_spec("litellm")
        if spec is None or spec.origin is None:
            return {}
        text = Path(spec.origin).with_name(_PRICE_LIST).read_text(encoding="utf-8")
        entries: dict[str, dict[str, Any]] = json.loads(text)
        return entries
