"""What became of the last act on the review screen, and a text that it could not send."""

from __future__ import annotations

import streamlit as st

from pages.parts.plain import label, paragraph

_SAID = "review-said"
_UNSENT = "review-unsent"


def done(said: str) -> None:
    """Tell at the next run that something went well."""
    st.session_state[_SAID] = (True, said)


def refused(said: str, unsent: str = "") -> None:
    """Tell at the next run why nothing was changed; `unsent` is a text that would be lost otherwise."""
    st.session_state[_SAID] = (False, said)
    if unsent.strip():
        st.session_state[_UNSENT] = unsent


def sent() -> None:
    """A decision went out: no text is left over that was not sent."""
    st.session_state.pop(_UNSENT, None)


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


def _discard() -> None:
    st.session_state.pop(_UNSENT, None)
