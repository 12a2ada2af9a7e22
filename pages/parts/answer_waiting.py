"""An answer that a colleague will give: until when, kept up to date until it is there."""

from __future__ import annotations

import streamlit as st

from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.review.inbox import Waiting
from core.types import Person
from pages.parts.wording import moment

POLL_S = 4.0
_ARRIVED = "arrived-{}"


@st.fragment(run_every=POLL_S)
def draw(desk: Desk, person: Person, conversation_id: int, message_id: int) -> None:
    """When it is expected; when the answer has arrived, the page draws it by itself."""
    waiting = desk.reviews.inbox.waiting(person, conversation_id).get(message_id)
    arrived = _ARRIVED.format(message_id)
    if waiting is None:
        # The page was drawn from what waited then: once more, and the answer is there.
        if not st.session_state.get(arrived):
            st.session_state[arrived] = True
            st.rerun()
        return
    badge = ":orange-badge[:material/hourglass_top: Waiting]"
    st.caption(f"{badge} {_expected(waiting)} The answer arrives here by itself.")
    st.button(
        "I no longer need it",
        key=f"withdraw-{message_id}",
        type="tertiary",
        icon=":material/close:",
        on_click=_withdraw,
        args=(desk, person, message_id),
    )


def _expected(waiting: Waiting) -> str:
    if waiting.being_answered:
        return "A colleague is working on it now."
    by = moment(waiting.due_at)
    return f"Next in the queue, expected by {by}." if waiting.is_next else f"Expected by {by}."


def _withdraw(desk: Desk, person: Person, message_id: int) -> None:
    try:
        desk.reviews.intake.withdraw(person, message_id)
    except AnswerdeskError as exc:
        st.toast(str(exc), icon=":material/error:")
