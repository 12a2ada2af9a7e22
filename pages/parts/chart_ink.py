"""The colour of words within a chart: Vega draws them black, whatever the theme is."""

from __future__ import annotations

import streamlit as st

# The theme's own colours of text; the grey is for a browser that does not say which it shows.
_INK = {"light": "#1b2529", "dark": "#e4eaec"}
_UNKNOWN = "#757f87"


def ink() -> str:
    """What can be read on the background that this reader has."""
    return _INK.get(st.context.theme.type or "", _UNKNOWN)
