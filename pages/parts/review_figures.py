"""How the queue is doing: a few figures, and by kind as a chart and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import altair as alt
import pandas as pd
import streamlit as st

from core.bootstrap import Desk
from core.review.tasks import QueueItem, TaskKind
from core.types import Person
from pages.parts import review_words
from pages.parts.palette import OKABE_ITO
from pages.parts.wording import count

LISTED = 1_000
CARD_PX = 168
ROW_PX = 44
IN_TIME, LATE = "In time", "Late"
_COLOURS = {IN_TIME: OKABE_ITO[0], LATE: OKABE_ITO[5]}


def draw(desk: Desk, person: Person) -> None:
    """The figures of what this reviewer may see."""
    figures = desk.reviews.figures.of(person)
    now = desk.audit.now()
    st.caption("What waits now, and decisions of the last 30 days, for the questions that you may review.")
    cards = [
        ("Open", f"{figures.open:,}", f"{figures.late:,} late"),
        (
            "Time to resolve",
            "none yet"
            if figures.median_s is None
            else review_words.span(timedelta(seconds=figures.median_s)),
            f"median of {count(figures.decided, 'decision')}",
        ),
        (
            "Agreement with drafts",
            "none yet" if figures.agreement is None else f"{figures.agreement:.0%}",
            "approved as they were",
        ),
        ("Answers reused", f"{figures.reused:,}", f"{count(figures.verified, 'verified answer')}"),
    ]
    with st.container(horizontal=True, gap="small", key="review-figures"):
        for title, value, beside in cards:
            st.metric(
                title,
                value,
                beside,
                delta_color="off",
                delta_arrow="off",
                border=True,
                width=CARD_PX,
                height="stretch",
            )
    _by_kind(desk.reviews.queue.items(person, LISTED), now)


def _by_kind(items: Sequence[QueueItem], now: datetime) -> None:
    st.subheader("Waiting by kind", anchor=False)
    if not items:
        st.caption("No question waits.")
        return
    frame = _frame(items, now)
    st.altair_chart(
        _chart(frame), key="review-chart", alt="Waiting questions by kind; the table holds the same"
    )
    st.dataframe(
        _table(items, now),
        hide_index=True,
        placeholder="",
        key="review-by-kind",
        column_config={"Longest wait": st.column_config.TextColumn(width=120)},
    )


def _frame(items: Sequence[QueueItem], now: datetime) -> pd.DataFrame:
    rows = [
        (review_words.KINDS[kind].name, name, sum(late == (name == LATE) for late in _late(items, kind, now)))
        for kind in TaskKind
        for name in (IN_TIME, LATE)
    ]
    return pd.DataFrame(rows, columns=["Kind", "Time", "Questions"])


def _table(items: Sequence[QueueItem], now: datetime) -> pd.DataFrame:
    rows = []
    for kind in TaskKind:
        waits = [now - item.created_at for item in items if item.kind is kind]
        longest = review_words.span(max(waits)) if waits else ""
        rows.append((review_words.KINDS[kind].name, len(waits), sum(_late(items, kind, now)), longest))
    return pd.DataFrame(rows, columns=["Kind", "Open", "Late", "Longest wait"])


def _late(items: Sequence[QueueItem], kind: TaskKind, now: datetime) -> list[bool]:
    return [item.due_at <= now for item in items if item.kind is kind]


def _chart(frame: pd.DataFrame) -> alt.Chart:
    kinds = [review_words.KINDS[kind].name for kind in TaskKind]
    chart: alt.Chart = (
        alt.Chart(frame, height=alt.Step(ROW_PX))
        .mark_bar(size=20)
        .encode(
            x=alt.X("sum(Questions):Q", title=None, axis=alt.Axis(format=",d", tickMinStep=1, tickCount=6)),
            y=alt.Y("Kind:N", title=None, sort=kinds, axis=alt.Axis(ticks=False, domain=False)),
            color=alt.Color(
                "Time:N",
                scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
                legend=alt.Legend(orient="top", title=None, offset=8),
            ),
            order=alt.Order("Time:N"),
            tooltip=[
                alt.Tooltip("Kind:N"),
                alt.Tooltip("Time:N", title="Target"),
                alt.Tooltip("sum(Questions):Q", title="Questions", format=","),
            ],
        )
    )
    return chart
