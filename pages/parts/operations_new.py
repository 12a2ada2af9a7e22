"""What adds people and departments, and what closes the demonstration accounts: each asks once."""

from __future__ import annotations

import streamlit as st

from core.bootstrap import Desk
from core.operations.accounts import NewAccount
from core.types import Person, Role
from pages.parts import operations_notice
from pages.parts.plain import label
from pages.parts.wording import count

ROLES: list[Role] = [role for role in Role if role is not Role.EMPLOYEE]
ROLE_NAMES = {
    Role.OWNER: "Document owner",
    Role.MANAGER: "Manager",
    Role.REVIEWER: "Reviewer",
    Role.AUDITOR: "Auditor",
    Role.ADMINISTRATOR: "Administrator",
}
_PASSWORD = "first-password"  # noqa: S105 - where it is kept until it has been read


@st.dialog("Add a person")
def add_person(desk: Desk, person: Person) -> None:
    """Name, address, department and roles; what is wrong is said in the dialog."""
    names = {department.id: department.name for department in desk.identity.departments()}
    with st.form("new-person", border=False):
        st.text_input("Name", key="new-name")
        st.text_input("E-mail", key="new-email")
        st.selectbox(
            "Department", list(names), key="new-department", format_func=lambda one: names[one], index=None
        )
        st.multiselect(
            "Roles beyond asking and reading",
            ROLES,
            key="new-roles",
            format_func=lambda role: ROLE_NAMES[role],
            placeholder="None",
        )
        sent = st.form_submit_button(
            "Add", key="confirm-add-person", type="primary", on_click=_add_person, args=(desk, person)
        )
    _close_when_done(sent)


def _add_person(desk: Desk, person: Person) -> None:
    state = st.session_state
    new = NewAccount(
        state["new-name"],
        state["new-email"],
        state["new-department"] or "",
        frozenset(state["new-roles"]),
    )

    def work() -> str:
        account, password = desk.operations.people.add(person, new)
        show_password(account.name, password)
        return f"{account.name} has an account now."

    operations_notice.attempt(work)


@st.dialog("Add a department")
def add_department(desk: Desk, person: Person) -> None:
    """Its name; what is wrong is said in the dialog."""
    with st.form("new-department-form", border=False):
        st.text_input("Name", key="new-department-name")
        sent = st.form_submit_button(
            "Add", key="confirm-add-department", type="primary", on_click=_add_department, args=(desk, person)
        )
    _close_when_done(sent)


def _add_department(desk: Desk, person: Person) -> None:
    def work() -> str:
        added = desk.operations.people.add_department(person, st.session_state["new-department-name"])
        return f"{added.name} is a department now. Identity providers name it {added.id}."

    operations_notice.attempt(work)


def _close_when_done(sent: bool) -> None:
    """Close the dialog, or say in it why it stays open."""
    if sent:
        if operations_notice.worked():
            st.rerun()
        operations_notice.draw()


@st.dialog("Close the demonstration accounts?")
def close_demonstration(desk: Desk, person: Person, number: int) -> None:
    """Ask once, then close all of them."""
    st.write(
        f"{count(number, 'account')} will be closed and signed out, and the sign-in page no longer offers "
        "them. Their documents stay."
    )
    if st.button(
        "Close all",
        key="confirm-close-demonstration",
        type="primary",
        on_click=_close_demonstration,
        args=(desk, person),
    ):
        st.rerun()


def _close_demonstration(desk: Desk, person: Person) -> None:
    operations_notice.attempt(
        lambda: f"{count(desk.operations.people.close_demonstration_accounts(person), 'account')} closed."
    )


def show_password(name: str, password: str) -> None:
    """Keep a first password for `password_panel`."""
    st.session_state[_PASSWORD] = (name, password)


def password_panel() -> None:
    """The first password of somebody, until it has been read; it cannot be shown again."""
    if _PASSWORD not in st.session_state:
        return
    name, password = st.session_state[_PASSWORD]
    with st.container(border=True, key="first-password-panel"):
        st.markdown(f"**{label(name)}** can sign in with this password. It is shown only here and now.")
        st.code(password, language=None, width=260)
        st.button("I have passed it on", key="password-read", on_click=_forget)


def _forget() -> None:
    st.session_state.pop(_PASSWORD, None)
