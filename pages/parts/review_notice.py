"""What became of the last act on the review screen, and the way back while there is one."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from core.bootstrap import Desk
from core.review.queue import Lease
from pages.parts.plain import label, paragraph
from pages.parts.review_words import span

_SAID = "review-said"
_DECIDED = "review-decided"
_UNSENT = "review-unsent"


class Decided(NamedTuple):
    """The last decision of this browser, which can be undone until `lease.until`."""

    lease: Lease
    said: str


def done(said: str) -> None:
    """Tell at the next run that something went well."""
    st.session_state[_SAID] = (True, said)


def refused(said: str, unsent: str = "") -> None:
    """Tell at the next run why nothing was changed; `unsent` is a text that would be lost otherwise."""
    st.session_state[_SAID] = (False, said)
    if unsent.strip():
        st.session_state[_UNSENT] = unsent


def decided(lease: Lease, said: str) -> None:
    """Keep the last decision, for the way back."""
    st.session_state[_DECIDED] = Decided(lease, said)
    st.session_state.pop(_UNSENT, None)


def last_decision(desk: Desk) -> Decided | None:
    """The last decision, while it can be undone."""
    kept: Decided | None = st.session_state.get(_DECIDED)
    if kept is not None and kept.lease.until <= desk.audit.now():
        forget_decision()
        return None
    return kept


def forget_decision() -> None:
    """There is no way back any more."""
    st.session_state.pop(_DECIDED, None)


def waits() -> bool:
    """Whether there is something to say that has not been said yet."""
    return _SAID in st.session_state


def draw() -> None:
    """Say what was kept, once; a text that was not sent stays until the reviewer has done with it."""
    worked, said = st.session_state.pop(_SAID, (True, ""))
    if said and worked:
        st.success(label(said), icon=":material/check_circle:")
    elif said:
        st.warning(label(said), icon=":material/info:")
    unsent = st.session_state.get(_UNSENT, "")
    if unsent:
        with st.container(border=True, key="unsent"):
            st.caption("Your text was not sent. Keep what you still need of it.")
            st.markdown(paragraph(unsent))
            st.button("Discard", key="discard-unsent", type="tertiary", on_click=_discard)


def draw_decision(desk: Desk) -> bool:
    """Say what was decided last; True when the reviewer wants it back."""
    kept = last_decision(desk)
    if kept is None:
        return False
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="last-decision"):
        st.markdown(f":green[:material/check_circle:] {label(kept.said)}", width="stretch")
        st.caption(f"for {span(kept.lease.until - desk.audit.now())} more", width="content")
        return st.button("Undo", key="undo", icon=":material/undo:", shortcut="U")


def _discard() -> None:
    st.session_state.pop(_UNSENT, None)
