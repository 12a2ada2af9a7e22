"""Why questions were answered afresh, as bars with their numbers."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd
import streamlit as st

from pages.parts import cache_reasons
from pages.parts.chart_ink import ink

ROW_PX = 30


def draw(misses: Mapping[str, int]) -> None:
    """One bar a reason, the most frequent first."""
    st.subheader("Why questions were answered afresh", anchor=False)
    if not misses:
        st.caption("No question was answered afresh in this period.")
        return
    ordered = sorted(misses.items(), key=lambda item: -item[1])
    total = sum(misses.values())
    frame = pd.DataFrame(
        {
            "reason": [cache_reasons.in_words(reason) for reason, _ in ordered],
            "questions": [number for _, number in ordered],
            "share": [number / total for _, number in ordered],
        }
    )
    st.altair_chart(
        _chart(frame), height=ROW_PX * len(frame) + 10, key="misses-chart", alt="Misses by reason"
    )


def _chart(frame: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    highest = float(frame["questions"].max())
    names = alt.Axis(title=None, ticks=False, domain=False, labelLimit=240, labelPadding=8)
    base = alt.Chart(frame).encode(
        y=alt.Y("reason:N", sort=None, axis=names),
        x=alt.X("questions:Q", scale=alt.Scale(domain=[0, highest * 1.25]), axis=None),
        tooltip=[
            alt.Tooltip("reason:N", title="Because"),
            alt.Tooltip("questions:Q", title="Questions", format=","),
            alt.Tooltip("share:Q", title="Share of them", format=".1%"),
        ],
    )
    bars = base.mark_bar(size=14, cornerRadiusEnd=3)
    numbers = base.mark_text(align="left", dx=6, color=ink())
    return alt.layer(bars, numbers.encode(text=alt.Text("questions:Q", format=",")))
