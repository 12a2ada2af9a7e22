"""Which person this browser belongs to: a cookie that only the server reads.

The browser's cookies arrive once, when it connects; signing in and out therefore reload the page.
Every run asks whether the session still stands, so that one that was ended elsewhere, or whose
account was closed, is over at the next click.
"""

from __future__ import annotations

import streamlit as st

from core.identity import Identity
from core.types import Person

COOKIE = "answerdesk_session"
# Where a run without a browser keeps the token that a browser would hold in its cookie.
TOKEN_KEY = "session_token"  # noqa: S105


def token() -> str | None:
    """The session token of this browser."""
    held = st.session_state.get(TOKEN_KEY) or st.context.cookies.get(COOKIE)
    # Without a browser there may be something else than cookies.
    return held if isinstance(held, str) else None


def person(identity: Identity) -> Person | None:
    """Who is signed in here, as the records say at this moment."""
    held = token()
    return None if held is None else identity.of_session(held)


def end(identity: Identity) -> None:
    """Sign out on the server, whatever the browser still holds."""
    held = token()
    if held is not None:
        identity.sign_out(held)
    st.session_state.pop(TOKEN_KEY, None)
