"""The settings, read only: what each one is and where it came from."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.bootstrap import Desk
from core.types import Person

NAME_PX = 420
"""Room for the longest name, which is there to be copied."""


def draw(desk: Desk, person: Person) -> None:
    """The section."""
    found = desk.operations.configuration.all(person)
    st.caption(
        "As this process read them at its start. To change one, set its environment variable or its line "
        "in the .env file, and restart. Secrets are never shown."
    )
    frame = pd.DataFrame(
        {
            "Setting": [setting.name for setting in found],
            "Value": [setting.value for setting in found],
            "From": [setting.source.value for setting in found],
        }
    )
    st.dataframe(
        frame,
        key="settings-table",
        hide_index=True,
        height="content",
        column_config={
            "Setting": st.column_config.TextColumn(width=NAME_PX),
            "Value": st.column_config.TextColumn(width=340),
            "From": st.column_config.TextColumn(width=150),
        },
    )
