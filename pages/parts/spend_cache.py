"""What remembered answers spared: by department, and by the cache's own ledger."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.reports.frames import days_across
from core.reports.savings import CacheReport
from core.reports.spending import SpendReport
from pages.parts import charts, spend_section
from pages.parts.spend_totals import tiles
from pages.parts.wording import count, duration, money

COLUMNS = ("day", "hits", "hits_exact", "hits_meaning", "misses", "saved_tokens", "saved_usd", "saved_ms")


def by_department(report: SpendReport, by_name: Mapping[str, str]) -> None:
    """Dollars that were not spent; nothing where the cache gave no answer."""
    if not report.totals.cached_calls:
        return
    across = days_across(report.daily, "saved_usd")
    spend_section.charted(
        "savings",
        "Saved by the cache",
        "Dollars a day that remembered answers spared, by department.",
        report.daily,
        lambda: charts.stacked_days(report.daily, "saved_usd", "Saved", by_name),
        across,
        list(across.columns),
    )


def ledger(found: CacheReport) -> None:
    """Questions that the cache answered, and what that saved in tokens, money and time."""
    if not found.asked:
        st.subheader("What the cache answered", anchor=False)
        st.caption("The cache was not asked in this period.")
        return
    spend_section.charted(
        "cache",
        "What the cache answered",
        f"{count(found.asked, 'question')} of the whole company, without demonstration.",
        found.days,
        lambda: charts.answered_days(found.days),
        found.days.iloc[::-1],
        COLUMNS,
        above=lambda: _figures(found),
    )


def _figures(found: CacheReport) -> None:
    tiles(
        "cache-totals",
        [
            ("From the cache", f"{found.hits:,}", f"{found.hit_rate * 100:.0f} % of the questions"),
            ("Tokens saved", f"{found.saved_tokens:,}", ""),
            ("Money saved", money(found.saved_microusd), ""),
            ("Time saved", duration(found.saved_ms / 1000), "of waiting"),
        ],
    )
