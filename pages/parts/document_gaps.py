"""What the documents cannot answer: recent questions that found nothing, grouped."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.reports.document_use import RECENT_DAYS
from core.reports.unanswered import Unanswered


def draw(groups: Sequence[Unanswered]) -> None:
    """A table, the most frequent first; a sentence while there is nothing."""
    st.subheader("Asked and not found", anchor=False)
    if not groups:
        st.caption(f"Every question of the last {RECENT_DAYS} days found something to answer from.")
        return
    st.caption(
        f"Questions of the last {RECENT_DAYS} days that no document answered, like ones together. "
        "Personal data is masked, and nobody is named."
    )
    st.dataframe(
        pd.DataFrame(
            {
                "Question": [group.text for group in groups],
                "Times asked": [group.times for group in groups],
                "Last asked": [group.last_at for group in groups],
            }
        ),
        key="unanswered",
        hide_index=True,
        placeholder="",
        column_config={
            "Question": st.column_config.TextColumn(width=460),
            "Times asked": st.column_config.NumberColumn(width="small", format="localized"),
            "Last asked": st.column_config.DatetimeColumn(
                format="D MMM YYYY, HH:mm", timezone=st.context.timezone or "UTC"
            ),
        },
    )
