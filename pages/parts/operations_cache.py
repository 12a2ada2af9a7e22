"""The cache: what it did, its dial, its entries, and what empties it."""

from __future__ import annotations

import streamlit as st

from core.bootstrap import Desk
from core.operations.cache import CacheOperations
from core.semantic_cache.ledger import Figures
from core.types import Person
from pages.parts import (
    operations_cache_dial,
    operations_cache_entries,
    operations_cache_misses,
    operations_cache_purge,
    operations_figures,
)
from pages.parts.wording import count, duration, money

PERIODS = {"Today": 1, "Last 7 days": 7, "Last 30 days": 30, "Last 12 months": 365}


def draw(desk: Desk, person: Person) -> None:
    """The section."""
    cache = desk.operations.cache
    _figures(cache, person)
    operations_cache_dial.draw(cache, person)
    departments = {each.id: each.name for each in desk.identity.departments()}
    operations_cache_entries.draw(cache, person, departments)
    operations_cache_purge.draw(desk, cache, person, departments)


def _figures(cache: CacheOperations, person: Person) -> None:
    period = st.selectbox("Period", list(PERIODS), index=2, key="cache-period", width=180)
    figures = cache.figures(person, PERIODS[period])
    asked = figures.hits + sum(figures.misses.values())
    looked = figures.shadow_agreed + figures.shadow_disagreed
    operations_figures.draw(
        "cache-figures",
        [
            ("Answers kept", f"{figures.size:,}", "now"),
            (
                "Given again",
                f"{figures.hit_rate * 100:.1f} %" if asked else "none yet",
                f"{figures.hits:,} of {count(asked, 'question')}",
            ),
            ("Money saved", money(figures.saved_microusd), count(figures.saved_tokens, "token")),
            ("Waiting saved", duration(figures.saved_ms / 1000), "for those who asked"),
            ("Reported as wrong", f"{figures.false_hits:,}", _share(figures)),
            (
                "Checked anew",
                f"{figures.shadow_agreed / looked * 100:.0f} % the same" if looked else "none yet",
                f"{figures.shadow_agreed:,} of {count(looked, 'check')}" if looked else "in the background",
            ),
        ],
    )
    operations_cache_misses.draw(figures.misses)


def _share(figures: Figures) -> str:
    if not figures.hits:
        return "of none given again"
    return f"{figures.false_hits / figures.hits * 100:.2f} % of them"
