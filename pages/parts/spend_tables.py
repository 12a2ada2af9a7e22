"""How the columns of the spend frames read in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import pandas as pd

DEMONSTRATION = "demonstration"
SUMS = ("cost_usd", "calls", "cached_calls", "prompt_tokens", "completion_tokens")
SAVINGS = ("saved_usd", "saved_ms", "cached_calls", "calls")
_TITLES = {
    "day": "Day",
    "department": "Department",
    "provider": "Provider",
    "model": "Model",
    "person": "Person",
    "budget": "Budget without room",
    "refusals": "Refusals",
    "cost_usd": "Spent",
    "calls": "Calls",
    "cached_calls": "From the cache",
    "prompt_tokens": "Tokens read",
    "completion_tokens": "Tokens written",
    "saved_usd": "Saved",
    "saved_ms": "Time saved (ms)",
    "held_usd": "Held",
    "purpose": "For",
    "taken_at": "Held since",
    "expires_at": "Freed at the latest",
    "at": "Until",
    "line": "Line",
    "spent_usd": "Spent",
    DEMONSTRATION: "Demonstration",
}
_MONEY = ("cost_usd", "saved_usd", "held_usd", "spent_usd")
_MOMENTS = ("taken_at", "expires_at", "at")


def draw(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """These columns of the frame, and which rows are demonstration where any is."""
    shown = [*columns]
    if DEMONSTRATION in frame.columns and bool(frame[DEMONSTRATION].any()):
        shown.append(DEMONSTRATION)
    st.dataframe(frame[shown], hide_index=True, column_config=_config(shown), placeholder="")


def _config(columns: Sequence[str]) -> dict[str, Any]:
    zone = st.context.timezone or "UTC"
    kinds = st.column_config
    config: dict[str, Any] = {}
    for name in columns:
        title = _TITLES[name]
        if name in _MONEY:
            config[name] = kinds.NumberColumn(title, format="$%.4f")
        elif name in _MOMENTS:
            config[name] = kinds.DatetimeColumn(title, format="D MMM YYYY, HH:mm", timezone=zone)
        elif name == "day":
            config[name] = kinds.DateColumn(title, format="D MMM YYYY")
        elif name == DEMONSTRATION:
            config[name] = kinds.CheckboxColumn(title)
        elif name in ("department", "provider", "model", "person", "budget", "line", "purpose"):
            config[name] = kinds.TextColumn(title)
        else:
            config[name] = kinds.NumberColumn(title, format="localized")
    return config
