"""A row of figures on the operations page, which wraps where there is no room."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

WIDTH_PX = 152
"""So that six stand beside each other on a desk, and two on a phone."""


def draw(key: str, figures: Sequence[tuple[str, str, str]]) -> None:
    """What each is, its value, and something quiet below it."""
    with st.container(horizontal=True, gap="small", key=key):
        for title, value, beside in figures:
            with st.container(border=True, width=WIDTH_PX, height="stretch", gap=None):
                st.caption(title)
                st.markdown(f"#### {value}")
                if beside:
                    st.caption(beside)
