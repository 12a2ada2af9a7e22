"""How the columns of the spend frames read in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import pandas as pd

DEMONSTRATION = "demonstration"
SUMS = ("cost_usd", "calls", "cached_calls", "prompt_tokens", "completion_tokens")
_TITLES = {
    "day": "Day",
    "department": "Department",
    "name": "Provider and model",
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
    "saved_tokens": "Tokens saved",
    "hits": "From the cache",
    "hits_exact": "Same words",
    "hits_meaning": "Same meaning",
    "misses": "Afresh",
    "held_usd": "Held",
    "purpose": "For",
    "taken_at": "Held since",
    "expires_at": "Freed at the latest",
    "at": "Until",
    "line": "Line",
    "spent_usd": "Spent",
    "total_usd": "All together",
    "made_up_usd": "Of it demonstration",
    DEMONSTRATION: "Demonstration",
}
_MOMENTS = ("taken_at", "expires_at", "at")
_ROW_PX, _BORDERS_PX = 35, 2
_CENTS_FROM_USD = 100


def draw(frame: pd.DataFrame, columns: Sequence[str], rows: int | None = None) -> None:
    """These columns of the frame, and which rows are demonstration where any is.

    No more than `rows` are in sight at once; the others are scrolled to.
    """
    shown = [*columns]
    if DEMONSTRATION in frame.columns and bool(frame[DEMONSTRATION].any()):
        shown.append(DEMONSTRATION)
    found = frame[shown]
    st.dataframe(
        found,
        hide_index=True,
        column_config=_config(found),
        placeholder="",
        height="auto" if rows is None or len(frame) <= rows else (rows + 1) * _ROW_PX + _BORDERS_PX,
    )


def _config(frame: pd.DataFrame) -> dict[str, Any]:
    zone = st.context.timezone or "UTC"
    kinds = st.column_config
    # Whoever has no title here is a department, in dollars.
    dollars = [name for name in frame.columns if name.endswith("_usd") or name not in _TITLES]
    many = any(bool((frame[name] >= _CENTS_FROM_USD).any()) for name in dollars)
    config: dict[str, Any] = {}
    for name in frame.columns:
        title = _TITLES.get(name, name)
        if name in dollars:
            config[name] = kinds.NumberColumn(title, format="dollar" if many else "$%.4f")
        elif name in _MOMENTS:
            config[name] = kinds.DatetimeColumn(title, format="D MMM YYYY, HH:mm", timezone=zone)
        elif name == "day":
            config[name] = kinds.DateColumn(title, format="D MMM YYYY")
        elif name == DEMONSTRATION:
            config[name] = kinds.CheckboxColumn(title)
        elif name in ("department", "name", "person", "budget", "line", "purpose"):
            config[name] = kinds.TextColumn(title)
        else:
            config[name] = kinds.NumberColumn(title, format="localized")
    return config
