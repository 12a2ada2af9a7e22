"""Review: the questions that wait for a person, one of them on the desk, and how the queue is doing."""

from __future__ import annotations

import streamlit as st

from core.review.access import REVIEWERS
from pages import desk, require
from pages.parts import review_acts, review_claim, review_figures, review_notice, review_queue, review_task

_QUEUE, _FIGURES = "Queue", "Figures"


def main() -> None:
    """Draw the page."""
    person = require(*sorted(REVIEWERS))
    here = desk()
    st.set_page_config(layout="wide")
    opened = review_claim.opened()
    if opened is not None:
        review_task.draw(here, person, opened)
        return
    st.title("Review", anchor=False)
    view = st.segmented_control(
        "View", [_QUEUE, _FIGURES], default=_QUEUE, required=True, key="view", label_visibility="collapsed"
    )
    review_notice.draw()
    if view == _FIGURES:
        review_figures.draw(here, person)
        return
    review_acts.draw_undo(here, person)
    review_queue.draw(here)


main()
