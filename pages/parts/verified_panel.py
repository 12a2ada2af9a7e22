"""A verified answer as a source: what a colleague answered, who and when, and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from core.answering.citations import Citation, VerifiedBy
from core.bootstrap import Desk
from core.types import Person
from pages.parts import provenance, reader
from pages.parts.plain import label
from pages.parts.wording import date

GONE = (
    "This verified answer is no longer in force: one of its documents has changed, a colleague has "
    "replaced it, or you may not read all of its documents any more."
)


def chip(by: VerifiedBy) -> str:
    """The source in few words, for the row of sources."""
    return f"Verified answer, {by.by}, {date(datetime.fromisoformat(by.at))}"


def draw(
    desk: Desk, person: Person, citation: Citation, by: VerifiedBy, all_of_it: Sequence[Citation]
) -> None:
    """The answer that was cited, if it is in force, with the numbers of the documents behind it."""
    st.caption(provenance.signature("Verified", by.by, by.at))
    verified = desk.reviews.verified.get(person, by.id)
    if verified is None or verified.verified_at.isoformat() != by.at:
        st.info(GONE, icon=":material/lock:")
        return
    reader.draw(citation.title, verified.plain_text, list(citation.quotes), key=f"verified-{by.id}-{by.at}")
    behind = [each for each in all_of_it if each.chunk_id in by.rests_on]
    if behind:
        listed = ", ".join(f":gray-badge[{each.number}] {label(each.title)}" for each in behind)
        st.caption(f"It rests on {listed}")
