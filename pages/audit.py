"""Audit: everything that happened, one question step by step, and whether the record is whole."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.types import Person, Role
from pages import desk, require
from pages.parts import audit_chain, audit_chart, audit_filters, audit_list, audit_timeline
from pages.parts.plain import label
from pages.parts.wording import count, in_reader_zone

OPEN_SHOWN = 3
_ENTRIES, _CHAIN = "Entries", "Chain"


def main() -> None:
    """Draw the page."""
    person = require(Role.AUDITOR)
    here = desk()
    st.set_page_config(layout="wide")
    st.title("Audit", anchor=False)
    st.caption("Everything that happened, with personal data masked and pseudonyms for people.")
    view = st.segmented_control(
        "View", [_ENTRIES, _CHAIN], default=_ENTRIES, required=True, key="view", label_visibility="collapsed"
    )
    if view == _CHAIN:
        audit_chain.draw(here, person)
        return
    departments = {department.id: department.name for department in here.identity.departments()}
    _open_attempts(here, person)
    _entries(here, person, departments)
    opened = audit_list.opened()
    if opened is not None:
        audit_timeline.draw(here, person, opened, departments)


def _entries(here: Desk, person: Person, departments: Mapping[str, str]) -> None:
    query = audit_filters.draw(here, person)
    if query is None:
        return
    try:
        counts = here.audit.counts(person, query, audit_filters.zone(here.audit.now()))
    except AnswerdeskError as exc:
        st.caption(label(str(exc)))
        return
    # Left out while a question is open, so that its steps are seen at once.
    if counts.total and audit_list.opened() is None:
        audit_chart.draw(counts, query.since, query.until or in_reader_zone(here.audit.now()))
    audit_list.draw(here, person, query, counts.total, departments)


def _open_attempts(here: Desk, person: Person) -> None:
    found = here.audit.open_attempts(person)
    if not found or audit_list.opened() is not None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="open-attempts"):
        st.warning(
            f"{count(len(found), 'model call has', 'model calls have')} no outcome: the process that made "
            f"{'it' if len(found) == 1 else 'them'} ended before it was written.",
            icon=":material/warning:",
        )
        for line in found[-OPEN_SHOWN:]:
            st.button(
                f"Open entry {line.seq:,}",
                key=f"open-attempt-{line.seq}",
                on_click=_open,
                args=(line.trace_id,),
            )


def _open(trace_id: str) -> None:
    st.query_params[audit_list.PARAMETER] = trace_id


main()
