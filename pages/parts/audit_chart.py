"""How many entries match, over time."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import altair as alt
import pandas as pd
import streamlit as st

from core.journal.counting import Counts
from pages.parts import audit_words

HEIGHT_PX = 240


def draw(counts: Counts, since: datetime | None, until: datetime) -> None:
    """Bars of a day each, within two days of an hour, stacked by what happened.

    Days stand between `since`, where it is known, and `until`, both on the reader's clock.
    """
    frame = _frame(counts)
    present = [group for group in audit_words.GROUPS if group in set(frame["What"])]
    step = "yearmonthdatehours" if counts.hourly else "yearmonthdate"
    colour = alt.Color(
        "What:N",
        scale=alt.Scale(domain=list(audit_words.GROUPS)),
        legend=alt.Legend(title=None, orient="top", values=present, columns=3, labelLimit=90, offset=8),
    )
    bars = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X(
                f"{step}(Time):T",
                title=None,
                scale=_scale(counts, since, until),
                axis=alt.Axis(
                    grid=False,
                    labelOverlap=True,
                    tickCount=8,
                    format="%-d %b, %H:%M" if counts.hourly else "%-d %b",
                ),
            ),
            y=alt.Y("sum(Entries):Q", title=None, axis=alt.Axis(tickCount=4, format=",d", tickMinStep=1)),
            color=colour,
            order=alt.Order("Order:Q"),
            tooltip=[
                alt.Tooltip("Time:T", format="%-d %b %Y, %H:%M" if counts.hourly else "%-d %b %Y"),
                alt.Tooltip("What:N", title="What"),
                alt.Tooltip("sum(Entries):Q", title="Entries", format=","),
            ],
        )
        .properties(height=HEIGHT_PX)
    )
    st.altair_chart(bars, key="audit-chart", alt="Entries over time, by what happened")


def _scale(counts: Counts, since: datetime | None, until: datetime) -> alt.Scale:
    """Whole days, so that a few bars are not as wide as all of the time that was chosen, or wider."""
    first, last = counts.by_time[0].start, counts.by_time[-1].start
    if not counts.hourly:
        # Any time is as wide as the entries are.
        first, last = since or first, until - timedelta(microseconds=1)
    return alt.Scale(domain=[_wall_clock(first), _wall_clock(last + timedelta(days=1))])


def _wall_clock(day: datetime) -> alt.DateTime:
    return alt.DateTime(year=day.year, month=day.month, date=day.day)


def _frame(counts: Counts) -> pd.DataFrame:
    # Wall-clock times without a zone: the chart shows them as they are, whatever the browser's zone is.
    sums: Counter[tuple[datetime, str]] = Counter()
    for count in counts.by_time:
        sums[count.start.replace(tzinfo=None), audit_words.kind(count.kind).group] += count.number
    order = audit_words.GROUPS.index
    return pd.DataFrame(
        [(start, group, number, order(group)) for (start, group), number in sums.items()],
        columns=["Time", "What", "Entries", "Order"],
    )
