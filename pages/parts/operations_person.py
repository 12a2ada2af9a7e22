"""One person's account: department, roles, password, closed or open."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.bootstrap import Desk
from core.operations.accounts import Account
from core.types import Person, Role
from pages.parts import operations_notice
from pages.parts.operations_new import ROLE_NAMES, ROLES, show_password
from pages.parts.plain import label
from pages.parts.wording import date


def draw(desk: Desk, person: Person, account: Account, close: Callable[[], None]) -> None:
    """The details; `close` puts them away."""
    with st.container(border=True, key="person-details"):
        _heading(account, close)
        if not account.own_password:
            st.info(
                "This person signs in with the company account, which sets department and roles again "
                "at each sign-in.",
                icon=":material/domain:",
            )
        _place(desk, person, account)
        with st.container(horizontal=True):
            _acts(desk, person, account)


def _heading(account: Account, close: Callable[[], None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.subheader(label(account.name), anchor=False, width="stretch")
        st.button(
            "Back to the list", key="close-person", icon=":material/close:", type="tertiary", on_click=close
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        if account.active:
            st.badge("open", icon=":material/check_circle:", color="green")
        else:
            st.badge("closed", icon=":material/block:", color="red")
        if account.demonstration:
            st.badge("demonstration", icon=":material/science:", color="gray")
        st.caption(label(f"{account.email}, since {date(account.created_at)}"), width="content")


def _place(desk: Desk, person: Person, account: Account) -> None:
    names = {department.id: department.name for department in desk.identity.departments()}
    with st.form(f"place-{account.id}", border=False):
        department = st.selectbox(
            "Department",
            list(names),
            index=list(names).index(account.department),
            key=f"department-{account.id}",
            format_func=lambda one: names[one],
        )
        roles = st.multiselect(
            "Roles beyond asking and reading",
            ROLES,
            default=sorted(account.roles - {Role.EMPLOYEE}, key=ROLES.index),
            key=f"roles-{account.id}",
            format_func=lambda role: ROLE_NAMES[role],
            placeholder="None",
        )
        if st.form_submit_button("Save", key="save-person", type="primary"):
            operations_notice.attempt(lambda: _save(desk, person, account, department, roles))
            st.rerun()


def _save(desk: Desk, person: Person, account: Account, department: str, roles: list[Role]) -> str:
    desk.operations.people.change(person, account.id, department, roles)
    return f"The changes to {account.name} are saved. They count from the next click."


def _acts(desk: Desk, person: Person, account: Account) -> None:
    if not account.active:
        st.button(
            "Open the account again",
            key="reopen-person",
            icon=":material/lock_open:",
            on_click=_reopen,
            args=(desk, person, account),
        )
        return
    if account.own_password and st.button("New password", key="renew-password", icon=":material/key:"):
        confirm_password(desk, person, account)
    if st.button("Close the account", key="close-account", icon=":material/block:"):
        confirm_close(desk, person, account)


@st.dialog("Close this account?")
def confirm_close(desk: Desk, person: Person, account: Account) -> None:
    """Ask once, then close."""
    whose = "You are" if account.id == person.id else f"{label(account.name)} is"
    st.write(f"{whose} signed out at once and cannot sign in until the account is opened again.")
    if st.button(
        "Close the account",
        key="confirm-close-account",
        type="primary",
        on_click=_close,
        args=(desk, person, account),
    ):
        st.rerun()


@st.dialog("Give a new password?")
def confirm_password(desk: Desk, person: Person, account: Account) -> None:
    """Ask once, then make one."""
    st.write(f"The password that {label(account.name)} has now stops working, and open sessions end.")
    if st.button(
        "Make a new password",
        key="confirm-renew-password",
        type="primary",
        on_click=_renew,
        args=(desk, person, account),
    ):
        st.rerun()


def _close(desk: Desk, person: Person, account: Account) -> None:
    def work() -> str:
        desk.operations.people.close(person, account.id)
        return f"The account of {account.name} is closed."

    operations_notice.attempt(work)


def _reopen(desk: Desk, person: Person, account: Account) -> None:
    def work() -> str:
        desk.operations.people.reopen(person, account.id)
        return f"The account of {account.name} is open again."

    operations_notice.attempt(work)


def _renew(desk: Desk, person: Person, account: Account) -> None:
    def work() -> str:
        show_password(account.name, desk.operations.people.renew_password(person, account.id))
        return f"{account.name} has a new password."

    operations_notice.attempt(work)
