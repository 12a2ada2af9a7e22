"""The figures at the head of the spend screen, and of its sections."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.reports.spending import Totals
from pages.parts.wording import duration, money


def draw(totals: Totals) -> None:
    """Money, calls, tokens, what the cache saved, and what budgets refused."""
    tiles(
        "totals",
        [
            ("Spent", money(totals.cost_microusd), ""),
            ("Calls", f"{totals.calls:,}", f"{totals.cached_calls:,} from the cache"),
            ("Tokens", _short(totals.tokens), ""),
            (
                "Saved by the cache",
                money(totals.saved_microusd),
                f"{duration(totals.saved_ms / 1000)} of waiting",
            ),
            ("Refused by a budget", f"{totals.refusals:,}", ""),
        ],
    )


def tiles(key: str, figures: Sequence[tuple[str, str, str]]) -> None:
    """A row of figures: what each is, its value, and something beside it."""
    with st.container(key=key):
        for column, (title, value, beside) in zip(
            st.columns(len(figures), gap="small"), figures, strict=True
        ):
            column.metric(
                title,
                value,
                beside or None,
                delta_color="off",
                delta_arrow="off",
                border=True,
                height="stretch",
            )


def _short(number: int) -> str:
    return f"{number / 1_000_000:,.1f} M" if number >= 1_000_000 else f"{number:,}"
