"""What became of the last act on the operations page: said once."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.errors import AnswerdeskError
from pages.parts.plain import label

_SAID = "operations-said"


def attempt(work: Callable[[], str]) -> None:
    """Do it, and keep the sentence that it returns, or the reason why not, for the next `draw`."""
    try:
        st.session_state[_SAID] = (True, work())
    except AnswerdeskError as exc:
        st.session_state[_SAID] = (False, str(exc))


def worked() -> bool:
    """Whether the last act that has not been shown yet went well."""
    return bool(st.session_state.get(_SAID, (True, ""))[0])


def draw() -> None:
    """Show what was kept, and forget it."""
    worked, said = st.session_state.pop(_SAID, (True, ""))
    if said and worked:
        st.success(label(said), icon=":material/check_circle:")
    elif said:
        st.warning(label(said), icon=":material/info:")
