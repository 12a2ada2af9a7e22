"""The charts of this desk: plain, in our palette, in the theme that the reader has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import altair as alt

from core.reports.outlook import FORECAST, SPENT
from pages.parts.chart_ink import ink
from pages.parts.palette import CACHED, NEUTRAL

if TYPE_CHECKING:
    import pandas as pd

EXACT_MONEY = "$,.4f"
COUNT = ",d"
_BAR_PX = 26
_AXIS_PX = 34
_STACK_PX = 280
_BURN_PX = 240
_CACHE_PX = 220
_LEGEND_PX = 4
_ROOM_ABOVE = 1.15

Chart = alt.Chart | alt.LayerChart | alt.FacetChart


def stacked_days(frame: pd.DataFrame, value: str, title: str, colours: Mapping[str, str]) -> Chart:
    """Dollars a day, one colour for each department; `colours` goes by the departments' names."""
    names = [name for name in colours if name in set(frame["department"])]
    highest = float(frame.groupby("day")[value].sum().max())
    chart: alt.Chart = (
        alt.Chart(frame, height=_STACK_PX)
        .mark_bar()
        .encode(
            x=alt.X("yearmonthdate(day):T", title=None, axis=_days(frame["day"])),
            y=alt.Y(f"sum({value}):Q", title=None, axis=_money(highest)),
            color=alt.Color(
                "department:N",
                scale=alt.Scale(domain=names, range=[colours[name] for name in names]),
                legend=alt.Legend(orient="bottom", offset=_LEGEND_PX, columns=3, title=None, labelLimit=110),
            ),
            order=alt.Order("department:O"),
            tooltip=[
                alt.Tooltip("yearmonthdate(day):T", title="Day", format="%-d %b %Y"),
                alt.Tooltip("department:N", title="Department"),
                alt.Tooltip(f"sum({value}):Q", title=title, format=EXACT_MONEY),
                alt.Tooltip("sum(calls):Q", title="Calls", format=COUNT),
            ],
        )
        .add_params(_zoom())
    )
    return chart


def bars(frame: pd.DataFrame, label: str, title: str, colour: str = NEUTRAL) -> Chart:
    """Dollars for each label, in the order of the frame; `title` says what the labels are."""
    order = list(dict.fromkeys(frame[label]))
    highest = float(frame.groupby(label)["cost_usd"].sum().max())
    chart: alt.Chart = (
        # Not a Step: that cannot be fitted into the height, and Vega says so in the console.
        alt.Chart(frame, height=_BAR_PX * len(order) + _AXIS_PX)
        .mark_bar(color=colour, size=_BAR_PX * 0.6)
        .encode(
            x=alt.X("sum(cost_usd):Q", title=None, axis=_money(highest)),
            y=alt.Y(
                f"{label}:N",
                title=None,
                sort=order,
                axis=alt.Axis(labelLimit=190, ticks=False, domain=False, labelPadding=8),
            ),
            tooltip=[
                alt.Tooltip(f"{label}:N", title=title),
                alt.Tooltip("sum(cost_usd):Q", title="Spent", format=EXACT_MONEY),
                alt.Tooltip("sum(calls):Q", title="Calls", format=COUNT),
            ],
        )
    )
    return chart


def burn(frame: pd.DataFrame, limit_usd: float, colour: str) -> Chart:
    """What is spent as the period goes by, dashed where it is a forecast, below the budget's line."""
    highest = max(limit_usd, float(frame["spent_usd"].max())) * _ROOM_ABOVE
    lines = (
        alt.Chart(frame)
        .mark_line(color=colour, strokeWidth=2.5)
        .encode(
            x=alt.X("at:T", title=None, axis=alt.Axis(format="%-d %b", grid=False, labelOverlap=True)),
            y=alt.Y(
                "spent_usd:Q",
                title=None,
                axis=_money(highest),
                scale=alt.Scale(domain=[0, highest or 1], nice=False),
            ),
            strokeDash=alt.StrokeDash(
                "line:N",
                scale=alt.Scale(domain=[SPENT, FORECAST], range=[[1, 0], [5, 5]]),
                legend=alt.Legend(orient="bottom", offset=_LEGEND_PX, title=None, symbolStrokeColor=colour),
            ),
            tooltip=[
                alt.Tooltip("at:T", title="Until", format="%-d %b %Y, %H:%M"),
                alt.Tooltip("line:N", title="Line"),
                alt.Tooltip("spent_usd:Q", title="Spent", format=EXACT_MONEY),
            ],
        )
    )
    limit = alt.Chart(alt.InlineData(values=[{"limit": limit_usd}]))
    rule = limit.mark_rule(color=NEUTRAL, strokeWidth=1.5).encode(y="limit:Q")
    word = limit.mark_text(
        text="budget", color=ink(), align="left", baseline="bottom", dx=4, dy=-3, fontSize=12
    ).encode(y="limit:Q", x=alt.value(0))
    return alt.layer(lines, rule, word, height=_BURN_PX)


def answered_days(frame: pd.DataFrame) -> Chart:
    """Questions a day: `hits` that the cache answered, and `misses` that were answered afresh."""
    words = {"hits": "from the cache", "misses": "afresh"}
    chart: alt.Chart = (
        alt.Chart(frame, height=_CACHE_PX)
        .transform_fold(list(words), as_=["outcome", "questions"])
        .transform_calculate(answered=f"datum.outcome == 'hits' ? '{words['hits']}' : '{words['misses']}'")
        .mark_bar()
        .encode(
            x=alt.X("yearmonthdate(day):T", title=None, axis=_days(frame["day"])),
            y=alt.Y("questions:Q", title=None, axis=alt.Axis(format=COUNT, tickCount=4, tickMinStep=1)),
            color=alt.Color(
                "answered:N",
                scale=alt.Scale(domain=list(words.values()), range=[CACHED, NEUTRAL]),
                legend=alt.Legend(orient="bottom", offset=_LEGEND_PX, title=None),
            ),
            order=alt.Order("outcome:O"),
            tooltip=[
                alt.Tooltip("yearmonthdate(day):T", title="Day", format="%-d %b %Y"),
                alt.Tooltip("answered:N", title="Answered"),
                alt.Tooltip("questions:Q", title="Questions", format=COUNT),
            ],
        )
    )
    return chart


def _money(highest: float) -> alt.Axis:
    """As many decimals as the steps need, and the same at every mark."""
    decimals = 4 if highest < 0.1 else 2 if highest < 20 else 0
    return alt.Axis(format=f"$,.{decimals}f", tickCount=4)


def _days(days: pd.Series[Any]) -> alt.Axis:
    """Marks at days that have bars, as many as there is room for; no hours between them."""
    values = [alt.DateTime(year=d.year, month=d.month, date=d.day) for d in sorted(days.unique())]
    return alt.Axis(format="%-d %b", grid=False, labelOverlap=True, values=values)


def _zoom() -> alt.Parameter:
    """Zoom with Shift and the wheel, so that the wheel alone still scrolls; a double click goes back."""
    return alt.selection_interval(
        bind="scales", encodings=["x"], zoom="wheel![event.shiftKey]", clear="dblclick"
    )
