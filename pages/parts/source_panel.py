"""The source of an answer, opened beside it at the passage."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.answering.citations import Citation
from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.knowledge.catalog import DocumentText
from core.types import Person
from pages.parts import reader, verified_panel
from pages.parts.plain import label
from pages.parts.wording import date

# How much of the document is shown around the passage, in characters.
AROUND = 700


def draw(desk: Desk, person: Person, citation: Citation, all_of_it: Sequence[Citation]) -> bool:
    """Show the cited passage; True when the person closes the panel. `all_of_it` are the answer's sources."""
    with st.container(border=True, key="source"):
        closed = _heading(citation)
        if citation.verified is not None:
            verified_panel.draw(desk, person, citation, citation.verified, all_of_it)
            return closed
        try:
            opened = desk.catalog.open(person, citation.document_id, citation.version_id)
        except AnswerdeskError as exc:
            st.info(f"{exc} It may have been deleted or restricted since.", icon=":material/lock:")
            return closed
        _facts(opened, citation)
        start, text, marks = excerpt(opened.text, citation)
        reader.draw(citation.title, text, marks, key=f"passage-{citation.version_id}-{start}-{citation.end}")
        with st.container(horizontal=True, gap="xsmall"):
            if st.button("Whole document", key="open-whole", icon=":material/menu_book:", type="tertiary"):
                whole(opened, citation)
            download(desk, person, citation.document_id, "source")
    return closed


def excerpt(text: str, citation: Citation) -> tuple[int, str, list[tuple[int, int]]]:
    """The passage with what stands around it: where it starts, its text, and the spans to mark."""
    start = text.rfind("\n", 0, max(citation.start - AROUND, 0)) + 1
    cut = text.find("\n", citation.end + AROUND)
    end = len(text) if cut < 0 else cut
    before = "… " if start else ""
    shift = start - len(before)
    marks = [(a - shift, b - shift) for a, b in spans(citation)]
    return start, before + text[start:end] + (" …" if end < len(text) else ""), marks


def spans(citation: Citation) -> list[tuple[int, int]]:
    """What the answer repeats word for word, or else the whole passage."""
    return list(citation.quotes) or [(citation.start, citation.end)]


def download(desk: Desk, person: Person, document_id: int, key: str) -> None:
    """A button for the original file; the file is read when it is pressed."""
    name = desk.catalog.document(person, document_id).name.rsplit("/", 1)[-1]
    st.download_button(
        "Original file",
        data=lambda: desk.catalog.file(person, document_id)[1],
        file_name=name,
        mime="application/octet-stream",
        on_click="ignore",
        key=f"download-{key}",
        icon=":material/download:",
        type="tertiary",
    )


@st.dialog("Document", width="large")
def whole(opened: DocumentText, citation: Citation) -> None:
    """The whole text of the version that was cited."""
    st.markdown(f"**{label(citation.title)}**")
    _facts(opened, citation)
    reader.draw(citation.title, opened.text, spans(citation), height_px=560, key="whole-document")


def _heading(citation: Citation) -> bool:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(f":gray-badge[{citation.number}] **{label(citation.title)}**", width="stretch")
        return st.button(
            "Close", key="close-source", icon=":material/close:", type="tertiary", help="Close the source"
        )


def _facts(opened: DocumentText, citation: Citation) -> None:
    if citation.heading_path:
        st.caption(" › ".join(label(heading) for heading in citation.heading_path))
    facts = [f"Version {opened.version}"]
    if citation.page is not None:
        facts.append(f"page {citation.page}")
    if not opened.superseded:
        facts.append(f"updated {date(opened.info.updated_at)}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(", ".join(facts), width="content")
        if opened.superseded:
            st.badge(
                f"superseded by version {opened.info.version}, {date(opened.info.updated_at)}",
                icon=":material/history:",
                color="orange",
            )
