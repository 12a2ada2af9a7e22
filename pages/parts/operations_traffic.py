"""Which deployment gets how much of its route's traffic, as bars."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd
import streamlit as st

from core.operations.providers import ProviderStatus
from pages.parts.chart_ink import ink

ROW_PX = 34
TITLE = "Share of the traffic of the route that each answers for"


def draw(found: Sequence[ProviderStatus]) -> None:
    """One bar a deployment; nothing while there is nothing to compare. The cards have the same numbers."""
    if len(found) < 2 or not any(status.now.attempts for status in found):
        return
    frame = pd.DataFrame(
        {
            "deployment": [status.now.name for status in found],
            "route": [status.now.route for status in found],
            "share": [status.now.traffic_share for status in found],
            "attempts": [status.now.attempts for status in found],
            "text": [f"{status.now.traffic_share * 100:.0f} %" for status in found],
        }
    )
    st.caption(TITLE)
    st.altair_chart(_chart(frame), height=ROW_PX * len(frame) + 10, alt=TITLE)


def _chart(frame: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    names = alt.Axis(title=None, ticks=False, domain=False, labelLimit=220)
    base = alt.Chart(frame).encode(
        y=alt.Y("deployment:N", sort=None, axis=names),
        x=alt.X("share:Q", scale=alt.Scale(domain=[0, 1.25]), axis=None),
        tooltip=[
            alt.Tooltip("deployment:N", title="Deployment"),
            alt.Tooltip("route:N", title="Answers for"),
            alt.Tooltip("share:Q", title="Share", format=".0%"),
            alt.Tooltip("attempts:Q", title="Attempts", format=","),
        ],
    )
    bars = base.mark_bar(size=14, cornerRadiusEnd=3)
    text = base.mark_text(align="left", dx=6, color=ink()).encode(text="text:N")
    return alt.layer(bars, text)
