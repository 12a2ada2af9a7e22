"""The answers that are given again most, and those that were reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.operations.cache import CacheOperations
from core.semantic_cache.administration import EntryLine
from core.types import Person
from pages.parts import operations_cache_purge

ROW_PX = 33
ROWS = 8
MOST_USED, REPORTED = "Most used", "Reported as wrong"


def draw(cache: CacheOperations, person: Person, departments: Mapping[str, str]) -> None:
    """One of the two lists; of the first, a chosen entry can be purged."""
    st.subheader("Answers kept", anchor=False)
    view = st.segmented_control(
        "Answers kept: view",
        [MOST_USED, REPORTED],
        default=MOST_USED,
        required=True,
        key="cache-entries-view",
        label_visibility="collapsed",
    )
    if view == REPORTED:
        found = cache.reported(person)
        if not found:
            st.caption("Nobody has reported that an answer belonged to another question.")
            return
        st.caption("Each was given for a question that it does not answer. None of them is given any more.")
        _table("cache-reported", found, departments, "Reported", select=False)
        return
    found = cache.most_used(person)
    if not found:
        st.caption("No answer is kept yet. Whole, confident and cited answers are, once questions are asked.")
        return
    st.caption("Choose one to purge it.")
    # Under a new key the table forgets its selected row, as it must when another entry has its place.
    key = f"cache-most-used-{hash(tuple(line.id for line in found))}"
    rows = _table(key, found, departments, "Last given", select=True)
    if rows and rows[0] < len(found):
        operations_cache_purge.entry(cache, person, found[rows[0]])


def _table(
    key: str, found: Sequence[EntryLine], departments: Mapping[str, str], when: str, select: bool
) -> Sequence[int]:
    moments = [line.last_used_at if line.retired_at is None else line.retired_at for line in found]
    frame = pd.DataFrame(
        {
            "Question": [line.question for line in found],
            "Given again": [line.uses for line in found],
            "Asked in": [departments.get(line.department, line.department) for line in found],
            "Verified": ["verified" if line.verified else "" for line in found],
            "Since": [line.created_at for line in found],
            when: moments,
        }
    )
    zone = st.context.timezone or "UTC"
    moment = st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone=zone, width=140)
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        height=ROW_PX * min(len(frame) + 1, ROWS) + 3,
        on_select="rerun" if select else "ignore",
        selection_mode="single-row",
        placeholder="",
        column_config={
            "Question": st.column_config.TextColumn(width=330),
            "Given again": st.column_config.NumberColumn(format="localized", width=95),
            "Asked in": st.column_config.TextColumn(width=115),
            "Verified": st.column_config.TextColumn(width=80),
            "Since": moment,
            when: moment,
        },
    )
    return st.session_state[key].selection.rows if select else ()
