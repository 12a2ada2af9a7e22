"""The figures at the head of the spend screen."""

from __future__ import annotations

import streamlit as st

from core.reports.spending import Totals
from pages.parts.wording import duration, money

_WIDTH_PX = 188


def draw(totals: Totals) -> None:
    """Money, calls, tokens, what the cache saved, and what budgets refused."""
    figures = [
        ("Spent", money(totals.cost_microusd), ""),
        ("Calls", f"{totals.calls:,}", f"{totals.cached_calls:,} from the cache"),
        ("Tokens", _short(totals.tokens), ""),
        (
            "Saved by the cache",
            money(totals.saved_microusd),
            f"{duration(totals.saved_ms / 1000)} of waiting",
        ),
        ("Refused by a budget", f"{totals.refusals:,}", ""),
    ]
    with st.container(horizontal=True, gap="small", key="totals"):
        for title, value, beside in figures:
            st.metric(
                title,
                value,
                beside or None,
                delta_color="off",
                delta_arrow="off",
                border=True,
                width=_WIDTH_PX,
                height="stretch",
            )


def _short(number: int) -> str:
    return f"{number / 1_000_000:,.1f} M" if number >= 1_000_000 else f"{number:,}"
