"""Sign-in: with an account of Answerdesk, or with the company's own identity provider.

The provider is configured in `.streamlit/secrets.toml`, and signs people in over HTTPS:

    [auth]
    redirect_uri = "https://answerdesk.example.com/oauth2callback"
    cookie_secret = "a long random string"
    client_id = "..."
    client_secret = "..."
    server_metadata_url = "https://login.example.com/.well-known/openid-configuration"

Its claims `email`, `name`, `department` and `roles` (or `groups`) say who the person is.
"""

from __future__ import annotations

import base64
import time

import streamlit as st

from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.sample_company import read_sample_company
from core.types import Person, Role
from pages import ASSETS, desk
from pages.parts.account import finish_leaving
from pages.parts.browser import call_server
from pages.parts.plain import label
from pages.parts.server import OPEN_PATH, base_path

# For people whose identity provider names no department: they read what everyone may read.
NO_DEPARTMENT = "unassigned"
_TICKET = "ticket"


def main() -> None:
    """Draw the page."""
    here = desk()
    st.set_page_config(layout="centered")
    finish_leaving()
    _enter_with_company_account(here)
    _finish_entering()
    # Not st.image: whoever goes by the keyboard would stop at its button that fills the screen.
    st.html(f'<img src="{_mark()}" width="56" height="56" alt="Answerdesk">')
    st.title("Sign in to Answerdesk", anchor=False)
    st.caption("Ask your company's documents, and see where each answer stands.")
    _company_account_button()
    _password_form(here)
    _demonstration_people(here)


def _mark() -> str:
    """The mark within an address of its own: HTML of ours may not hold a drawing."""
    drawing = (ASSETS / "mark.svg").read_bytes()
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing).decode()}"


def _password_form(here: Desk) -> None:
    with st.form("sign-in", border=True):
        email = st.text_input("E-mail", key="email", autocomplete="username")
        password = st.text_input("Password", key="password", type="password", autocomplete="current-password")
        if st.form_submit_button("Sign in", key="sign-in-submit", type="primary", width="stretch"):
            _enter(here, email, password)


def _demonstration_people(here: Desk) -> None:
    people = here.identity.demonstration_people()
    if not people:
        return
    try:
        password = read_sample_company(here.settings.company_dir).demonstration_password
    except AnswerdeskError:
        return
    st.subheader("Look around as", anchor=False)
    st.caption(
        "These demonstration accounts exist until an administrator removes them. "
        f"Their password is {label(password)}."
    )
    names = {department.id: department.name for department in here.identity.departments()}
    with st.container(gap="xsmall"):
        for person in people:
            with st.container(horizontal=True, vertical_alignment="center"):
                if st.button(label(person.name), key=f"as-{person.id}", width=180):
                    _enter(here, person.email, password)
                department = names.get(person.department, person.department)
                st.caption(f"{label(department)} · {_work(person)}", width="content")


def _enter(here: Desk, email: str, password: str) -> None:
    try:
        person = here.identity.sign_in(email, password)
    except AnswerdeskError as exc:
        st.error(str(exc), icon=":material/error:")
        return
    st.session_state[_TICKET] = here.identity.open_session(person)
    st.rerun()


def _finish_entering() -> None:
    """Let the browser exchange the ticket for its cookie; the page reloads when it has it."""
    ticket = st.session_state.get(_TICKET)
    if ticket is None:
        return
    if call_server(base_path() + OPEN_PATH, call_id=ticket, ticket=ticket, reload=True) == "failed":
        del st.session_state[_TICKET]
        st.error("The browser could not keep the sign-in. Allow cookies for this site and try again.")
        return
    st.caption("Signing in…")
    st.stop()


def _company_account_button() -> None:
    if not has_company_accounts():
        return
    if st.button(
        "Continue with your company account",
        key="company-account",
        type="primary",
        icon=":material/domain:",
        width="stretch",
    ):
        st.login()


def _enter_with_company_account(here: Desk) -> None:
    claims = st.user.to_dict()
    # Only a fresh statement counts: roles may have changed since an old one was made.
    expires = claims.get("exp")
    fresh = isinstance(expires, int) and expires > time.time()
    if not claims.get("is_logged_in") or not fresh or _TICKET in st.session_state:
        return
    try:
        person = here.identity.from_claims(claims, NO_DEPARTMENT)
    except AnswerdeskError as exc:
        st.error(str(exc), icon=":material/error:")
        return
    st.session_state[_TICKET] = here.identity.open_session(person)


def has_company_accounts() -> bool:
    """Whether an identity provider is configured."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def _work(person: Person) -> str:
    tasks = {
        Role.OWNER: "keeps documents",
        Role.MANAGER: "watches the spend",
        Role.REVIEWER: "reviews answers",
        Role.AUDITOR: "audits",
        Role.ADMINISTRATOR: "administers",
    }
    return ", ".join(task for role, task in tasks.items() if person.has(role)) or "asks questions"


main()
