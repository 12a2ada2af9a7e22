"""Who is signed in, at the foot of the sidebar, and the way out."""

from __future__ import annotations

import streamlit as st

from core.bootstrap import Desk
from core.types import Person
from pages.parts import session
from pages.parts.browser import call_server
from pages.parts.plain import label
from pages.parts.server import CLOSE_PATH, base_path

_LEAVING = "leaving"


def draw(desk: Desk, person: Person) -> None:
    """The person's name and department, and a button that signs out."""
    names = {department.id: department.name for department in desk.identity.departments()}
    with st.sidebar:
        st.space("small")
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(gap=None):
                st.markdown(f"**{label(person.name)}**")
                st.caption(label(names.get(person.department, person.department)))
            if st.button(
                "Sign out", key="sign-out", type="tertiary", icon=":material/logout:", on_click=_leave
            ):
                session.end(desk.identity)
                st.rerun()


def _leave() -> None:
    st.session_state[_LEAVING] = True


def finish_leaving() -> None:
    """After a sign-out: take the cookie back, then leave the identity provider too."""
    if not st.session_state.get(_LEAVING):
        return
    provider = bool(st.user.get("is_logged_in"))
    outcome = call_server(base_path() + CLOSE_PATH, call_id="leave", reload=not provider)
    if outcome:
        # Also when the browser failed to ask: the session is over on the server.
        st.session_state[_LEAVING] = False
        if provider:
            st.logout()
        return
    st.caption("Signing out…")
    st.stop()
