"""Keys of other applications: the list, the new one that is shown once, and the end of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from datetime import date as calendar_date

import streamlit as st

from core.bootstrap import Desk
from core.keys import ApiKey, KeyState, NewKey
from core.types import Person
from pages.parts import operations_notice
from pages.parts.plain import label
from pages.parts.wording import count, date

_SHOWN = "new-api-key"
_ALL = "All models"


def draw(desk: Desk, person: Person) -> None:
    """The section."""
    keys = desk.keys.all(person)
    _panel()
    with st.container(horizontal=True, vertical_alignment="center"):
        open_keys = sum(desk.keys.state(key) is KeyState.OPEN for key in keys)
        st.caption(
            f"{count(open_keys, 'open key')}. Applications send one as `Authorization: Bearer`, to this "
            "address with /v1 after it.",
            width="stretch",
        )
        if st.button("New key", key="new-key", icon=":material/key:", type="primary"):
            _new_key(desk, person)
    if not keys:
        st.info("No application has a key yet.", icon=":material/key:")
    names = {department.id: department.name for department in desk.identity.departments()}
    for key in keys:
        _card(desk, person, key, names.get(key.department, key.department))


def _card(desk: Desk, person: Person, key: ApiKey, department: str) -> None:
    state = desk.keys.state(key)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap=None):
            colour = "green" if state is KeyState.OPEN else "gray"
            st.markdown(f"**{label(key.name)}** :{colour}-badge[{state}]")
            st.caption(label(". ".join(_facts(key, department))))
        if state is KeyState.OPEN and st.button("Revoke", key=f"revoke-{key.id}", icon=":material/key_off:"):
            _revoke(desk, person, key)


def _facts(key: ApiKey, department: str) -> Sequence[str]:
    limits = [
        f"{limit:,} {what} a minute"
        for limit, what in ((key.requests_per_min, "requests"), (key.tokens_per_min, "tokens"))
        if limit is not None
    ]
    reads = f"reads what {department} may read" if key.reads_documents else "reads no documents"
    return [
        f"ad-{key.id}-…",
        f"{department}, {reads}",
        "All models" if key.models is None else f"Models: {', '.join(key.models) or 'none'}",
        ", ".join(limits) or "No limits of its own",
        f"Made on {date(key.created_at)}",
        f"Ends on {date(key.expires_at)}" if key.expires_at else "No end",
    ]


@st.dialog("New key")
def _new_key(desk: Desk, person: Person) -> None:
    names = {department.id: department.name for department in desk.identity.departments()}
    routers = desk.gateway.router, desk.gateway.readers
    models = list(dict.fromkeys(now.route for router in routers for now in router.snapshot()))
    with st.form("new-key-form", border=False):
        st.text_input("Application", key="key-name", placeholder="What uses the key")
        st.selectbox(
            "Department",
            list(names),
            key="key-department",
            format_func=lambda one: names[one],
            index=None,
            help="Its budget pays.",
        )
        st.checkbox("May ask the assistant about what the department may read", key="key-reads")
        st.multiselect("Models", models, key="key-models", placeholder=_ALL)
        with st.container(horizontal=True):
            st.number_input("Requests a minute", 1, value=None, key="key-requests", placeholder="No limit")
            st.number_input("Tokens a minute", 1, value=None, key="key-tokens", placeholder="No limit")
        st.date_input("Ends on", value=None, min_value="today", key="key-ends", help="None: no end.")
        sent = st.form_submit_button(
            "Make the key", key="confirm-new-key", type="primary", on_click=_make, args=(desk, person)
        )
    if sent:
        if operations_notice.worked():
            st.rerun()
        operations_notice.draw()


def _make(desk: Desk, person: Person) -> None:
    state = st.session_state
    ends: calendar_date | None = state["key-ends"]
    new = NewKey(
        state["key-name"],
        state["key-department"] or "",
        state["key-reads"],
        tuple(state["key-models"]) or None,
        state["key-requests"],
        state["key-tokens"],
        None if ends is None else datetime.combine(ends, time(), UTC),
    )

    def work() -> str:
        made, token = desk.keys.make(person, new)
        state[_SHOWN] = (made.name, token)
        return f"{made.name} has a key now."

    operations_notice.attempt(work)


@st.dialog("Revoke this key?")
def _revoke(desk: Desk, person: Person, key: ApiKey) -> None:
    st.write(
        f"{label(key.name)} is refused from now on. It cannot be undone: the application will need a new key."
    )
    if st.button(
        "Revoke", key="confirm-revoke", type="primary", on_click=_end, args=(desk, person, key.id, key.name)
    ):
        st.rerun()


def _end(desk: Desk, person: Person, key_id: str, name: str) -> None:
    def work() -> str:
        desk.keys.revoke(person, key_id)
        # In this process at once; another one may have the key in mind for two seconds more.
        desk.proxy.gate.forget()
        return f"The key of {name} is revoked."

    operations_notice.attempt(work)


def _panel() -> None:
    """The new key, until it has been copied; it cannot be shown again."""
    if _SHOWN not in st.session_state:
        return
    name, token = st.session_state[_SHOWN]
    with st.container(border=True, key="new-key-panel"):
        st.markdown(f"The key of **{label(name)}**. It is shown only here and now.")
        st.code(token, language=None)
        st.button("I have copied it", key="key-read", on_click=_forget)


def _forget() -> None:
    st.session_state.pop(_SHOWN, None)
