"""One document: what it says, how it is indexed, and what its keepers can do with it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.knowledge.catalog import DocumentInfo, may_manage
from core.knowledge.library import DeletionProof, Upload
from core.types import Person, Readership
from pages.parts import document_list, reader, readership, source_panel, upload
from pages.parts.plain import label
from pages.parts.wording import count, moment, readers, size

PASSAGES_A_PAGE = 8
PROOF = "deletion-proof"
PROBLEM = "document-problem"
_TEXT, _PASSAGES, _MANAGE = "Text", "Passages", "Manage"


def draw(desk: Desk, person: Person, document_id: int, names: Mapping[str, str]) -> None:
    """The details of a document, or a sentence when there is none for this person."""
    try:
        info = desk.catalog.document(person, document_id)
    except AnswerdeskError as exc:
        st.info(str(exc), icon=":material/lock:")
        return
    with st.container(border=True, key="details"):
        _heading(info, names)
        views = [_TEXT, _PASSAGES, *([_MANAGE] if may_manage(person, info.department) else [])]
        with st.container(horizontal=True, vertical_alignment="center"):
            view = st.segmented_control(
                "View", views, default=_TEXT, required=True, key="view", label_visibility="collapsed"
            )
            if info.readership.admits(person):
                source_panel.download(desk, person, info.id, "details")
        if view == _MANAGE:
            _manage(desk, person, info, names)
        else:
            _content(desk, person, info, view)


def _heading(info: DocumentInfo, names: Mapping[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.subheader(label(info.title), anchor=False, width="stretch")
        st.button(
            "Close",
            key="close-document",
            icon=":material/close:",
            type="tertiary",
            on_click=document_list.close,
        )
    facts = [
        f"Version {info.version}",
        *([count(info.pages, "page")] if info.pages is not None else []),
        count(info.chunk_count, "passage"),
        size(info.byte_count),
        f"updated {moment(info.updated_at)}",
        *([f"kept by {info.owner}"] if info.owner else []),
    ]
    st.caption(label(", ".join(facts)))
    st.badge(
        f"read by {label(readers(info.readership, names)).lower()}"
        if info.readership.departments is None
        else f"read by {label(readers(info.readership, names))}",
        icon=":material/group:",
        color="gray",
    )


def _content(desk: Desk, person: Person, info: DocumentInfo, view: str) -> None:
    try:
        if view == _TEXT:
            opened = desk.catalog.open(person, info.id)
            reader.draw(info.title, opened.text, height_px=460, key=f"text-{info.version_id}")
        else:
            _passages(desk, person, info)
    except AnswerdeskError:
        st.info("You keep this document, but you are not among its readers.", icon=":material/lock:")


def _passages(desk: Desk, person: Person, info: DocumentInfo) -> None:
    found = desk.catalog.preview(person, info.id)
    pages = -(-len(found) // PASSAGES_A_PAGE)
    page = st.pagination(pages, key=f"passages-{info.version_id}") if pages > 1 else 1
    for number, chunk in list(enumerate(found, 1))[(page - 1) * PASSAGES_A_PAGE : page * PASSAGES_A_PAGE]:
        where = " › ".join(chunk.heading_path) + (f", page {chunk.page}" if chunk.page is not None else "")
        st.caption(f"**{number}** {label(where)}")
        st.text(chunk.text)


def _manage(desk: Desk, person: Person, info: DocumentInfo, names: Mapping[str, str]) -> None:
    chosen = readership.choose(desk.identity.departments(), info.readership, key=f"readers-{info.version_id}")
    if st.button(
        "Change who may read",
        key="change-readers",
        icon=":material/group:",
        disabled=chosen.key == info.readership.key,
    ):
        confirm_readers(desk, person, info, chosen, names)
    if info.name.rpartition("/")[0] == person.department:
        _replace(desk, person, info)
    st.divider()
    if st.button("Delete document", key="delete-document", icon=":material/delete:"):
        confirm_delete(desk, person, info)


def _replace(desk: Desk, person: Person, info: DocumentInfo) -> None:
    base = info.name.rpartition("/")[2]
    file = st.file_uploader(
        "Replace with a newer file",
        type=[base.rpartition(".")[2].lower()],
        key=f"replace-{info.version_id}",
        help="The present version stays searchable until the new one is complete.",
    )
    if file is not None and st.button("Replace", key="replace", icon=":material/published_with_changes:"):
        upload.start(desk, person, [Upload(base, file.getvalue())], info.readership)


@st.dialog("Change who may read?")
def confirm_readers(
    desk: Desk, person: Person, info: DocumentInfo, chosen: Readership, names: Mapping[str, str]
) -> None:
    """Ask once, then change."""
    st.write(
        f"“{label(info.title)}” can be read by {label(readers(info.readership, names))} now, "
        f"and by {label(readers(chosen, names))} afterwards."
    )
    if st.button(
        "Change readers",
        key="confirm-readers",
        type="primary",
        on_click=_change_readers,
        args=(desk, person, info.id, chosen),
    ):
        st.rerun()


def _change_readers(desk: Desk, person: Person, document_id: int, chosen: Readership) -> None:
    try:
        desk.library.change_readers(person, document_id, chosen)
    except AnswerdeskError as exc:
        st.session_state[PROBLEM] = str(exc)


@st.dialog("Delete this document?")
def confirm_delete(desk: Desk, person: Person, info: DocumentInfo) -> None:
    """Ask once, then delete and keep the proof for the page."""
    st.write(
        f"“{label(info.title)}” will be deleted with all its versions. Nobody can ask about it any more."
    )
    if st.button(
        "Delete for good",
        key="confirm-delete",
        type="primary",
        icon=":material/delete:",
        on_click=_delete,
        args=(desk, person, info.id),
    ):
        st.rerun()


def _delete(desk: Desk, person: Person, document_id: int) -> None:
    try:
        st.session_state[PROOF] = desk.library.delete(person, document_id)
    except AnswerdeskError as exc:
        st.session_state[PROBLEM] = str(exc)
    else:
        document_list.close()


def outcome() -> None:
    """What became of the last change to a document: shown once."""
    problem = st.session_state.pop(PROBLEM, None)
    if problem:
        st.warning(label(problem), icon=":material/info:")
    found = st.session_state.pop(PROOF, None)
    if found:
        _proof(found)


def _proof(found: DeletionProof) -> None:
    title = f"“{label(found.title)}”"
    if found.clean:
        st.success(
            f"{title} is deleted. A check afterwards found no version, passage or vector of it and no kept "
            "answer, and the search does not find it.",
            icon=":material/verified:",
        )
        return
    st.error(
        f"{title} is not wholly deleted. Still there: {count(found.versions_left, 'version')}, "
        f"{count(found.chunks_left, 'passage')}, {count(found.vectors_left, 'vector')}, "
        f"{count(found.answers_left, 'kept answer')}; "
        f"the search {'still finds' if found.found_by_search else 'does not find'} it. "
        "Try again, and tell your administrator if it stays.",
        icon=":material/error:",
    )
