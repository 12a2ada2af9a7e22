"""The table of documents, and which of them is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.knowledge.catalog import DocumentInfo
from core.reports.document_use import DAYS, Use
from pages.parts.wording import readers

PARAMETER = "document"
ROW_PX = 35
ROWS = 14
ROWS_BESIDE_DETAILS = 6
_TABLE = "documents-table"
_TURN = "documents-turn"


def opened() -> int | None:
    """The document that the address names."""
    named = st.query_params.get(PARAMETER, "")
    return int(named) if named.isascii() and named.isdigit() and len(named) < 16 else None


def close() -> None:
    """Open no document any more."""
    st.query_params.pop(PARAMETER, None)
    # Only under a new key does the table forget its selected row.
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def draw(
    infos: Sequence[DocumentInfo], names: Mapping[str, str], use: Mapping[int, Use] | None = None
) -> None:
    """Search and table; a selected row opens its document. `use` is about those that the reader manages."""
    search = st.text_input(
        "Search documents",
        key="search-documents",
        placeholder="Search by title, file name or owner",
        label_visibility="collapsed",
        icon=":material/search:",
    )
    found = [info for info in infos if _matches(info, search)]
    if not found:
        st.caption("No document matches this." if infos else "There are no documents yet.")
        return
    key = f"{_TABLE}-{st.session_state.get(_TURN, 0)}"
    st.dataframe(
        _frame(found, names, use or {}),
        key=key,
        hide_index=True,
        # Shorter while a document is open, so that its details are seen at once.
        height=ROW_PX * min(len(found) + 1, ROWS if opened() is None else ROWS_BESIDE_DETAILS) + 3,
        on_select=lambda: _selected(key, found),
        selection_mode="single-row",
        placeholder="",
        column_config={
            "Title": st.column_config.TextColumn(width=300),
            "Version": st.column_config.NumberColumn(width="small"),
            "Pages": st.column_config.NumberColumn(width="small", format="localized"),
            "Passages": st.column_config.NumberColumn(width="small", format="localized"),
            "Size": st.column_config.NumberColumn(width="small", format="bytes"),
            "Cited": st.column_config.NumberColumn(
                width="small", format="localized", help=f"Answers of the last {DAYS} days that cite it."
            ),
            "Stale answers": st.column_config.NumberColumn(
                width="small",
                format="localized",
                help="Verified answers that rest on an earlier version, and wait for a reviewer.",
            ),
            "Updated": st.column_config.DatetimeColumn(
                format="D MMM YYYY", timezone=st.context.timezone or "UTC"
            ),
        },
    )


def _frame(infos: Sequence[DocumentInfo], names: Mapping[str, str], use: Mapping[int, Use]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "Title": [info.title for info in infos],
            "Who may read": [readers(info.readership, names) for info in infos],
            "Owner": [info.owner or "" for info in infos],
            "Version": [info.version for info in infos],
            "Pages": pd.array([info.pages for info in infos], dtype="Int64"),
            "Passages": [info.chunk_count for info in infos],
            "Size": [info.byte_count for info in infos],
            "Updated": [info.updated_at for info in infos],
        }
    )
    if use:
        # Empty where the reader does not manage the document: that is not the same as never. There is no
        # room for the size, which stands in the details as well.
        known = [use.get(info.id) for info in infos]
        cited = [None if each is None else each.cited for each in known]
        stale = [None if each is None else each.stale for each in known]
        frame = frame.drop(columns="Size")
        frame["Cited"] = pd.array(cited, dtype="Int64")
        frame["Stale answers"] = pd.array(stale, dtype="Int64")
    return frame


def _selected(key: str, found: Sequence[DocumentInfo]) -> None:
    rows = st.session_state[key].selection.rows
    if rows and rows[0] < len(found):
        st.query_params[PARAMETER] = str(found[rows[0]].id)
    else:
        st.query_params.pop(PARAMETER, None)


def _matches(info: DocumentInfo, search: str) -> bool:
    text = f"{info.title} {info.name} {info.owner or ''}".casefold()
    return all(word in text for word in search.casefold().split())
