"""How the queue is doing: a few figures, and by kind as a chart and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import altair as alt
import pandas as pd
import streamlit as st

from core.bootstrap import Desk
from core.review.figures import Pace
from core.review.tasks import TaskKind
from core.types import Person
from pages.parts import review_words
from pages.parts.palette import OKABE_ITO
from pages.parts.wording import count

CARD_PX = 168
ROW_PX = 44
AXIS_PX, LEGEND_PX = 34, 60
IN_TIME, LATE = "In time", "Late"
AGREEMENT = "The share of drafts that were approved as they were"
# A name, its seconds, and up to which median it is the unit: the table says 2 min, not 0.03 hours.
_UNITS = (("minutes", 60, 7_200), ("hours", 3_600, 48 * 3_600), ("days", 86_400, float("inf")))
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
            _median(figures) or "none yet",
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
    _by_kind(figures.by_kind, now)


def _by_kind(paces: Mapping[TaskKind, Pace], now: datetime) -> None:
    st.subheader("By kind", anchor=False)
    if not any(pace.open or pace.decided for pace in paces.values()):
        st.caption("No question waits, and none was decided in the last 30 days.")
        return
    waiting, decided = st.columns(2, gap="large")
    with waiting:
        st.caption("Waiting now")
        st.altair_chart(
            _waiting(paces), key="review-chart", alt="Waiting questions by kind; the table holds the same"
        )
    with decided:
        _times(paces)
    st.dataframe(
        _table(paces, now),
        hide_index=True,
        placeholder="",
        key="review-by-kind",
        column_config={
            "Longest wait": st.column_config.TextColumn(width=110),
            "Agreement": st.column_config.NumberColumn(format="percent", help=AGREEMENT),
        },
    )


def _times(paces: Mapping[TaskKind, Pace]) -> None:
    known = [pace.median_s for pace in paces.values() if pace.median_s is not None]
    if not known:
        st.caption("No question was decided in the last 30 days.")
        return
    name, seconds = unit(max(known))
    st.caption(f"Median {name} from question to decision")
    st.altair_chart(
        _decided(paces, seconds),
        key="review-times",
        alt="Time to resolve by kind; the table holds the same",
    )


def unit(longest_s: float) -> tuple[str, int]:
    """In what times are drawn of which this is the longest: the unit's name and its seconds."""
    return next((name, seconds) for name, seconds, below in _UNITS if longest_s < below)


def _table(paces: Mapping[TaskKind, Pace], now: datetime) -> pd.DataFrame:
    rows = [
        (
            review_words.KINDS[kind].name,
            pace.open,
            pace.late,
            review_words.span(now - pace.oldest) if pace.oldest else "",
            pace.decided,
            _median(pace),
            pace.agreement,
        )
        for kind, pace in paces.items()
    ]
    columns = ["Kind", "Open", "Late", "Longest wait", "Decided", "Median time", "Agreement"]
    # A column in which nothing was decided is still one of numbers.
    return pd.DataFrame(rows, columns=columns).astype({"Agreement": "float64"})


def _median(pace: Pace) -> str:
    return "" if pace.median_s is None else review_words.span(timedelta(seconds=pace.median_s))


def _waiting(paces: Mapping[TaskKind, Pace]) -> alt.Chart:
    rows = [
        (review_words.KINDS[kind].name, name, number)
        for kind, pace in paces.items()
        for name, number in ((IN_TIME, pace.open - pace.late), (LATE, pace.late))
    ]
    frame = pd.DataFrame(rows, columns=["Kind", "Time", "Questions"])
    chart: alt.Chart = _bars(frame, AXIS_PX + LEGEND_PX).encode(
        x=alt.X("sum(Questions):Q", title=None, axis=alt.Axis(format=",d", tickMinStep=1, tickCount=6)),
        y=_kinds(),
        color=alt.Color(
            "Time:N",
            scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
            legend=alt.Legend(orient="bottom", title=None, offset=8),
        ),
        order=alt.Order("Time:O"),
        tooltip=[
            alt.Tooltip("Kind:N"),
            alt.Tooltip("Time:N", title="Target"),
            alt.Tooltip("sum(Questions):Q", title="Questions", format=","),
        ],
    )
    return chart


def _decided(paces: Mapping[TaskKind, Pace], unit_s: int) -> alt.Chart:
    rows = [
        (review_words.KINDS[kind].name, (pace.median_s or 0.0) / unit_s, _median(pace), pace.decided)
        for kind, pace in paces.items()
    ]
    frame = pd.DataFrame(rows, columns=["Kind", "Length", "Median time", "Decisions"])
    chart: alt.Chart = _bars(frame, AXIS_PX).encode(
        x=alt.X("Length:Q", title=None, axis=alt.Axis(format="~g", tickCount=5)),
        y=_kinds(),
        color=alt.value(OKABE_ITO[2]),
        tooltip=[alt.Tooltip(name) for name in ("Kind:N", "Median time:N", "Decisions:Q")],
    )
    return chart


def _bars(frame: pd.DataFrame, below_px: int) -> alt.Chart:
    # Not a Step: that cannot be fitted into the height, and Vega says so in the console.
    height = ROW_PX * len(TaskKind) + below_px
    chart: alt.Chart = alt.Chart(frame, height=height).mark_bar(size=20)
    return chart


def _kinds() -> alt.Y:
    names = [review_words.KINDS[kind].name for kind in TaskKind]
    return alt.Y("Kind:N", title=None, sort=names, axis=alt.Axis(ticks=False, domain=False))
