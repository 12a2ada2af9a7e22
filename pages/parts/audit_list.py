"""The entries that match, a page at a time, and their export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core.audit.audit import EXPORT_ENTRIES
from core.audit.findings import Query
from core.bootstrap import Desk
from core.journal.lines import Form, Line
from core.types import Person
from pages.parts import audit_facts, audit_names, audit_words
from pages.parts.wording import MICROUSD, count

PARAMETER = "trace"
PAGE = 50
ROW_PX = 33
ROWS = 14
ROWS_BESIDE_TIMELINE = 6
_TABLE = "audit-table"
_TURN = "audit-turn"
_PAGES = "audit-pages"
_SHOWN_FOR = "audit-shown-for"


def opened() -> str | None:
    """The question that the address names."""
    return st.query_params.get(PARAMETER) or None


def close() -> None:
    """Open no question any more."""
    st.query_params.pop(PARAMETER, None)
    # Only under a new key does the table forget its selected row.
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def draw(desk: Desk, person: Person, query: Query, total: int, departments: Mapping[str, str]) -> None:
    """The table with its pages; a selected row opens its question."""
    befores = _pages(query)
    lines = desk.audit.entries(person, query, PAGE, befores[-1] if befores else None)
    _heading(desk, person, query, total, befores, lines)
    if not lines:
        st.caption("No entry matches this. Choose a longer time, or clear the filters.")
        return
    names = audit_names.shown(desk, person, (line.person for line in lines))
    key = f"{_TABLE}-{st.session_state.get(_TURN, 0)}-{len(befores)}"
    rows = ROWS if opened() is None else ROWS_BESIDE_TIMELINE
    st.dataframe(
        _frame(lines, names, departments),
        key=key,
        hide_index=True,
        height=ROW_PX * min(len(lines) + 1, rows) + 3,
        on_select=lambda: _selected(key, lines),
        selection_mode="single-row",
        placeholder="",
        column_config={
            "Time": st.column_config.DatetimeColumn(
                format="D MMM YYYY, HH:mm:ss", timezone=st.context.timezone or "UTC", width=165
            ),
            "Entry": st.column_config.NumberColumn(format="localized", width=70),
            "What": st.column_config.TextColumn(width=125),
            "Details": st.column_config.TextColumn(width=295),
            "Outcome": st.column_config.TextColumn(width=85),
            "Person": st.column_config.TextColumn(width=130),
            "Department": st.column_config.TextColumn(width=105),
            "Cost": st.column_config.NumberColumn(format="$%.4f", width=80),
        },
    )


def _heading(
    desk: Desk, person: Person, query: Query, total: int, befores: list[int], lines: Sequence[Line]
) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        first = len(befores) * PAGE + 1
        where = f", {first:,} to {first + len(lines) - 1:,} shown" if total > PAGE and lines else ""
        st.markdown(f"**{count(total, 'entry', 'entries')}**{where}", width="stretch")
        audit_names.switch(person)
        if total > PAGE:
            st.button(
                "Newer",
                key="audit-newer",
                icon=":material/chevron_left:",
                disabled=not befores,
                on_click=_turn,
                args=(befores[:-1],),
            )
            st.button(
                "Older",
                key="audit-older",
                icon=":material/chevron_right:",
                icon_position="right",
                disabled=first + len(lines) > total,
                on_click=_turn,
                args=([*befores, lines[-1].seq] if lines else befores,),
            )
        _export(desk, person, query, total)


def _export(desk: Desk, person: Person, query: Query, total: int) -> None:
    with st.popover("Export", icon=":material/download:", disabled=not total):
        kept = f"The newest {EXPORT_ENTRIES:,} of them" if total > EXPORT_ENTRIES else "All of them"
        st.caption(
            f"{count(total, 'entry matches', 'entries match')} the filters. {kept} are written, people by "
            "pseudonym. The export is noted in the journal."
        )
        for form, mime in ((Form.JSONL, "application/jsonl"), (Form.CSV, "text/csv")):
            st.download_button(
                f"Download {form.value.upper()}",
                partial(_file, desk, person, query, form),
                file_name=f"journal-{desk.audit.now():%Y-%m-%d}.{form.value}",
                mime=mime,
                key=f"audit-export-{form.value}",
                on_click="ignore",
                width="stretch",
            )


def _file(desk: Desk, person: Person, query: Query, form: Form) -> str:
    return "".join(desk.audit.export(person, query, form))


def _pages(query: Query) -> list[int]:
    """Below which numbers the pages up to this one begin; anew when something else is asked for."""
    # A range that ends now moves with every run: its beginning does not tell two searches apart.
    asked = (query.kinds, query.department, query.person, query.provider, query.outcome, query.text)
    shown_for = (asked, st.session_state.get("audit-time"), st.session_state.get("audit-days"))
    if st.session_state.get(_SHOWN_FOR) != shown_for:
        st.session_state[_SHOWN_FOR] = shown_for
        _turn([])
    befores: list[int] = st.session_state.get(_PAGES, [])
    return befores


def _turn(befores: list[int]) -> None:
    st.session_state[_PAGES] = befores


def _frame(lines: Sequence[Line], names: Mapping[str, str], departments: Mapping[str, str]) -> pd.DataFrame:
    costs = [None if line.cost_microusd is None else line.cost_microusd / MICROUSD for line in lines]
    return pd.DataFrame(
        {
            "Time": [line.at for line in lines],
            "Entry": [line.seq for line in lines],
            "What": [audit_words.kind(line.kind).name for line in lines],
            "Details": [audit_facts.summary(line, departments) for line in lines],
            "Outcome": [audit_words.words(line.outcome or "") for line in lines],
            "Person": [names.get(line.person or "", "") for line in lines],
            "Department": [departments.get(line.department or "", line.department or "") for line in lines],
            "Provider": [line.provider or "" for line in lines],
            "Model": [line.model or "" for line in lines],
            "Cost": pd.array(costs, dtype="Float64"),
        }
    )


def _selected(key: str, lines: Sequence[Line]) -> None:
    rows = st.session_state[key].selection.rows
    if rows and rows[0] < len(lines):
        st.query_params[PARAMETER] = lines[rows[0]].trace_id
    else:
        st.query_params.pop(PARAMETER, None)
