"""The risk-coverage curve: what each threshold would have done with answers that are known."""

from __future__ import annotations

import altair as alt
import pandas as pd

from core.operations.confidence import ConfidenceView
from pages.parts.chart_ink import ink
from pages.parts.palette import OKABE_ITO

HEIGHT_PX = 260
LINE, LIMIT = OKABE_ITO[0], OKABE_ITO[5]
# Of a handful of answers a share says nothing: the line begins where it means something.
LEAST_SERVED = 0.02


def curve(view: ConfidenceView) -> alt.LayerChart | alt.FacetChart:
    """A line with the point in force on it, below the share that is accepted."""
    kept = [notch for notch in view.curve if notch.served >= LEAST_SERVED]
    frame = pd.DataFrame(
        {
            "served": [notch.served for notch in kept],
            "wrong": [notch.wrong for notch in kept],
            "threshold": [notch.threshold for notch in kept],
        }
    )
    percent = "round(datum.value * 100) + ' %'"
    highest = max([view.chosen.accepted_wrong, *frame["wrong"]], default=0.1) * 1.15
    base = alt.Chart(frame).encode(
        x=alt.X(
            "served:Q",
            title="questions answered at once",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(labelExpr=percent, tickCount=5, grid=False),
        ),
        y=alt.Y(
            "wrong:Q",
            title="of them wrong",
            scale=alt.Scale(domain=[0, highest]),
            axis=alt.Axis(labelExpr=percent, tickCount=5),
        ),
        order="threshold:Q",
        tooltip=[
            alt.Tooltip("threshold:Q", title="Threshold", format=".2f"),
            alt.Tooltip("served:Q", title="Given at once", format=".1%"),
            alt.Tooltip("wrong:Q", title="Wrong", format=".1%"),
        ],
    )
    line = base.mark_line(color=LINE, strokeWidth=2.5)
    hover = base.mark_point(opacity=0, size=120)
    notch = view.chosen.notch
    point = (
        alt.Chart(alt.InlineData(values=[{"served": notch.served, "wrong": notch.wrong}]))
        .mark_point(color=LINE, filled=True, size=110, opacity=1)
        .encode(x="served:Q", y="wrong:Q")
    )
    accepted = alt.Chart(alt.InlineData(values=[{"accepted": view.chosen.accepted_wrong}]))
    rule = accepted.mark_rule(color=LIMIT, strokeWidth=1.5, strokeDash=[5, 4]).encode(y="accepted:Q")
    word = accepted.mark_text(
        text="accepted", color=ink(), align="left", baseline="bottom", dx=6, dy=-3, fontSize=12
    ).encode(y="accepted:Q", x=alt.value(0))
    return alt.layer(line, rule, word, point, hover, height=HEIGHT_PX)
