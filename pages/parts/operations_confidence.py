"""The confidence dial: how many of the answers given at once may be wrong, and the work that this brings."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.answering.calibration import LEAST_DECISIONS, Drift
from core.bootstrap import Desk
from core.operations.confidence import Choice, ConfidenceView
from core.types import Person
from pages.parts import operations_confidence_chart, operations_figures, operations_notice
from pages.parts.plain import label
from pages.parts.wording import count


def draw(desk: Desk, person: Person) -> None:
    """The section."""
    view = desk.operations.confidence.view(person)
    st.caption(
        "An answer whose confidence is below the threshold is not given at once: a reviewer decides first."
    )
    if view.drift is not None and not view.drift.fits:
        st.warning(label(_drifted(view.drift)), icon=":material/warning:")
    _standing(view)
    _dial(desk, person, view)
    _curve(view)
    _table(view)
    st.caption(label(_made_from(view)))


def percent(share: float) -> str:
    """A share in percent, with a decimal where it is small: 0.5 %, 2 %, 36 %."""
    value = share * 100
    return f"{value:.1f} %" if value < 10 and round(value, 1) != round(value) else f"{value:.0f} %"


def _standing(view: ConfidenceView) -> None:
    chosen = view.chosen
    operations_figures.draw(
        "confidence-figures",
        [
            ("Accepted wrong", percent(chosen.accepted_wrong), "of those given at once"),
            ("Threshold", f"{chosen.notch.threshold:.2f}", "of confidence"),
            ("Given at once", percent(1 - chosen.reviewed), _whose(chosen)),
            ("To a reviewer first", percent(chosen.reviewed), _a_day(chosen) or _whose(chosen)),
            ("Recent decisions", *_fit(view.drift)),
        ],
    )


def _dial(desk: Desk, person: Person, view: ConfidenceView) -> None:
    with st.container(border=True, key="confidence-dial"):
        st.subheader("Wrong answers that are acceptable", anchor=False)
        offered = [one for one in view.choices if one.kept or one is view.chosen]
        by_share = {choice.accepted_wrong: choice for choice in offered}
        share = st.segmented_control(
            "Share of the answers given at once that may be wrong",
            list(by_share),
            default=view.chosen.accepted_wrong,
            required=True,
            format_func=percent,
            # Under a new key it stands at what is in force again, whoever turned it.
            key=f"accepted-{view.chosen.accepted_wrong}",
        )
        choice = by_share[share]
        st.markdown(label(_brings(choice)))
        if not choice.kept:
            st.warning(label(_not_kept(choice)), icon=":material/warning:")
        st.button(
            f"Accept {percent(share)}",
            key="accept-share",
            type="primary",
            disabled=share == view.chosen.accepted_wrong,
            on_click=_accept,
            args=(desk, person, share),
        )


def _accept(desk: Desk, person: Person, share: float) -> None:
    def work() -> str:
        desk.operations.confidence.accept(person, share)
        return f"{percent(share)} of the answers given at once may be wrong. It holds within seconds."

    operations_notice.attempt(work)


def _brings(choice: Choice) -> str:
    a_day = _a_day(choice)
    return (
        f"{percent(1 - choice.reviewed)} of {_whose(choice)} are answered at once, from a confidence of "
        f"{choice.notch.threshold:.2f} on. {percent(choice.reviewed)} go to a reviewer"
        f"{f', {a_day}' if a_day else ''}. Where it was measured, {percent(choice.notch.wrong)} of the "
        "answers given at once were wrong."
    )


def _not_kept(choice: Choice) -> str:
    return (
        f"{percent(choice.accepted_wrong)} could not be kept where it was measured: from every threshold on, "
        "more of the answers given at once were wrong."
    )


def _whose(choice: Choice) -> str:
    return "your recent questions" if choice.measured_here else "the measured questions"


def _a_day(choice: Choice) -> str:
    if choice.reviews_a_day is None:
        return ""
    rounded = round(choice.reviews_a_day)
    return f"about {rounded:,} a day" if rounded else "less than one a day"


def _fit(drift: Drift | None) -> tuple[str, str]:
    if drift is None:
        return "too few", "for a judgement"
    word = "fit" if drift.fits else "do not fit"
    return word, f"{percent(drift.found)} right of {drift.decisions:,}, {percent(drift.expected)} expected"


def _drifted(drift: Drift) -> str:
    found = (
        f"The confidence no longer fits: of the last {drift.decisions:,} drafts that reviewers decided, "
        f"{percent(drift.found)} were right, and {percent(drift.expected)} were expected."
    )
    if drift.found > drift.expected:
        return f"{found} Answers are better than it says, so reviewers have more work than they need."
    return f"{found} Accept a smaller share until it fits again, and look for what has changed."


def _curve(view: ConfidenceView) -> None:
    st.subheader("Wrong answers against work", anchor=False)
    st.caption(
        "Each point of the line is a threshold: the more questions are answered at once, the more of the "
        "answers are wrong. Measured on questions whose answers are known."
    )
    st.altair_chart(
        operations_confidence_chart.curve(view),
        key="confidence-curve",
        alt="The share of wrong answers against the share of questions answered at once",
    )


def _table(view: ConfidenceView) -> None:
    frame = pd.DataFrame(
        {
            "Accepted": [percent(one.accepted_wrong) for one in view.choices],
            "Threshold": [f"{one.notch.threshold:.2f}" for one in view.choices],
            "Given at once": [percent(1 - one.reviewed) for one in view.choices],
            "To a reviewer": [percent(one.reviewed) for one in view.choices],
            "Reviews a day": [
                _a_day(one).removeprefix("about ").removesuffix(" a day") for one in view.choices
            ],
            "Wrong, measured": [percent(one.notch.wrong) for one in view.choices],
            "State": [_state(one, view) for one in view.choices],
        }
    )
    st.dataframe(
        frame,
        key="confidence-table",
        hide_index=True,
        height="content",
        placeholder="",
    )


def _state(choice: Choice, view: ConfidenceView) -> str:
    words = ["in force"] if choice is view.chosen else []
    return ", ".join(words if choice.kept else [*words, "could not be kept"])


def _made_from(view: ConfidenceView) -> str:
    measured = f"The confidence is fitted on {count(view.outcomes, 'measured answer')}"
    if view.learned:
        return f"{measured} and {count(view.learned, 'decision')} of reviewers. It learns from each new one."
    so_far = f"is {view.waiting}" if view.waiting == 1 else f"are {view.waiting or 'none'}"
    return f"{measured}. Decisions of reviewers take part from {LEAST_DECISIONS} on: there {so_far} so far."
