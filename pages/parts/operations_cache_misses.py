"""Why questions were answered afresh, as bars with their numbers."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd
import streamlit as st

ROW_PX = 30
_REASONS = {
    "nothing near": "nothing alike was asked before",
    "no like": "not alike enough",
    "not servable": "not to be given any more, or not to them",
    "other evidence": "other documents were found",
    "about oneself": "about the asker's own records",
    "other language": "in another language",
    "not stand-alone": "needs the conversation before it",
    "embedder slow": "the search took too long",
    "fault": "the cache was out of order",
}


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
            "reason": [reason_in_words(reason) for reason, _ in ordered],
            "questions": [number for _, number in ordered],
            "share": [number / total for _, number in ordered],
        }
    )
    st.altair_chart(
        _chart(frame), height=ROW_PX * len(frame) + 10, key="misses-chart", alt="Misses by reason"
    )


def reason_in_words(reason: str) -> str:
    """A miss's reason as people say it; one that a newer version counts shows as its own word."""
    return _REASONS.get(reason, reason)


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
    return alt.layer(
        bars, base.mark_text(align="left", dx=6).encode(text=alt.Text("questions:Q", format=","))
    )
