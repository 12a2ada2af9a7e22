"""What every page starts with: the desk it asks, and who may see it."""

from __future__ import annotations

import threading
from pathlib import Path

import streamlit as st

from core.bootstrap import Desk, build
from core.settings import load_settings
from core.types import Person, Role
from pages.parts import session

ASSETS = Path(__file__).parent / "assets"

_lock = threading.Lock()
_shared: list[Desk] = []


def desk() -> Desk:
    """The desk of this process: the one given to `use_desk`, or built from the settings once."""
    with _lock:
        if not _shared:
            _shared.append(build(load_settings()))
        return _shared[0]


def use_desk(ready: Desk | None) -> None:
    """Let every page ask this desk from now on; None forgets it. For the server's start, and for tests."""
    with _lock:
        _shared[:] = [] if ready is None else [ready]


def require(*roles: Role) -> Person:
    """Who is signed in, with at least one of the roles (none named: any); otherwise the page ends here.

    The first act of every page, because a page may be run without `app.py`.
    """
    person = session.person(desk().identity)
    if person is None:
        st.info("Sign in to see this page.", icon=":material/lock:")
        st.stop()
    if roles and not person.roles.intersection(roles):
        st.info(f"This page is for {_named(roles)}. Ask your administrator if you need it.")
        st.stop()
    return person


def _named(roles: tuple[Role, ...]) -> str:
    names = {Role.OWNER: "document owners"}
    return " and ".join(names.get(role, f"{role.value}s") for role in roles)
