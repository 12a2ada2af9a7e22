"""Whether the journal is whole: its head, its anchors, and a walk along the chain."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.audit.findings import Standing, Verdict
from core.bootstrap import Desk
from core.types import Person
from pages.parts.plain import label
from pages.parts.wording import count, moment

_VERDICT = "audit-verdict"


def draw(desk: Desk, person: Person) -> None:
    """The panel of the chain."""
    standing = desk.audit.standing(person)
    with st.container(border=True, key="chain"):
        st.subheader("The chain", anchor=False)
        st.caption(
            "Each entry holds the hash of the one before. Verifying computes every hash anew and compares "
            "the chain with the heads that were written outside the database."
        )
        if st.button("Verify the chain", key="verify", icon=":material/verified:", type="primary"):
            st.session_state[_VERDICT] = (moment(desk.audit.now()), _walk(desk, person))
            standing = desk.audit.standing(person)
        if _VERDICT in st.session_state:
            _verdict(*st.session_state[_VERDICT])
    _head(standing)
    _anchors(standing)


def _walk(desk: Desk, person: Person) -> Verdict:
    bar = st.progress(0.0, text="Reading the entries")

    def tell(share: float) -> None:
        bar.progress(share, text=f"Checked {share:.0%} of the entries")

    try:
        return desk.audit.verify(person, tell)
    finally:
        bar.empty()


def _verdict(when: str, verdict: Verdict) -> None:
    found = verdict.verification
    if found.intact:
        compared = f" and {count(verdict.anchors, 'anchored head')}" if verdict.anchors else ""
        whole = f"The chain is whole. {count(found.count, 'entry', 'entries')}{compared} checked on {when}."
        removed = (
            f" {count(found.removed, 'entry', 'entries')} before them were sealed, exported and removed."
        )
        st.success(whole + (removed if found.removed else ""), icon=":material/verified:")
    else:
        st.error(
            f"The chain is broken at entry {found.first_bad:,}. {label(found.reason or '')} "
            f"{count(found.count, 'entry', 'entries')} before it fit. Checked on {when}.",
            icon=":material/gpp_bad:",
        )
    if verdict.problem:
        st.warning(
            f"Nothing outside the database could be compared. {label(verdict.problem)}",
            icon=":material/warning:",
        )


def _head(standing: Standing) -> None:
    with st.container(border=True, key="head"):
        st.subheader("Head", anchor=False)
        if not standing.head.seq:
            st.caption("The journal has no entries yet.")
            return
        st.caption(f"Entry {standing.head.seq:,} is the newest. Its hash stands for all entries before it.")
        st.code(standing.head.hash, language=None, wrap_lines=True)


def _anchors(standing: Standing) -> None:
    with st.container(border=True, key="anchors"):
        st.subheader("Anchors", anchor=False)
        if not standing.anchored:
            st.caption(
                "No file of anchors is set, so entries that are cut off at the end leave no trace but the "
                "log. Ask your administrator to set ANSWERDESK_JOURNAL_ANCHOR_FILE."
            )
            return
        if standing.problem:
            st.warning(label(standing.problem), icon=":material/warning:")
            return
        st.caption("The newest heads that were written outside the database.")
        frame = pd.DataFrame(
            {
                "Time": [anchor.at for anchor in standing.anchors],
                "Entry": [anchor.head.seq for anchor in standing.anchors],
                "Hash": [anchor.head.hash for anchor in standing.anchors],
            }
        )
        st.dataframe(
            frame,
            hide_index=True,
            key="audit-anchors",
            column_config={
                "Time": st.column_config.DatetimeColumn(
                    format="D MMM YYYY, HH:mm:ss", timezone=st.context.timezone or "UTC", width=165
                ),
                "Entry": st.column_config.NumberColumn(format="localized", width=70),
            },
        )
