"""Adding documents: which files, who may read them, and the start of the work in the background."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.knowledge.jobs import Job
from core.knowledge.library import Upload
from core.types import Person, Readership, Role
from pages.parts import readership
from pages.parts.wording import count

TYPES = ["pdf", "docx", "pptx", "xlsx", "csv", "html", "htm", "md", "txt", "eml"]
_ROUND = "upload-round"


def draw(desk: Desk, person: Person) -> None:
    """The upload, and for administrators the sync of the configured folder."""
    with st.expander("Add documents", icon=":material/upload_file:"):
        # A new key after each start empties the list of chosen files.
        turn = st.session_state.get(_ROUND, 0)
        files = st.file_uploader(
            "Files",
            type=TYPES,
            accept_multiple_files=True,
            key=f"files-{turn}",
            max_upload_size=max(desk.settings.limits.upload_bytes // 1_000_000, 1),
            help="PDF, Word, PowerPoint, Excel, CSV, HTML, Markdown, text and e-mail (EML).",
        )
        readers = readership.choose(
            desk.identity.departments(), Readership.of([person.department]), key=f"upload-{turn}"
        )
        replaced = _replaced(desk, person, files)
        if replaced:
            st.caption(f"{count(replaced, 'file')} will replace the document of the same name.")
        if st.button(
            f"Add {count(len(files), 'document')}" if files else "Add documents",
            key="start-upload",
            type="primary",
            disabled=not files,
        ):
            start(desk, person, [Upload(file.name, file.getvalue()) for file in files], readers)
    if desk.library.sync_dir is not None and person.has(Role.ADMINISTRATOR):
        _sync(desk, person)


def start(desk: Desk, person: Person, uploads: Sequence[Upload], readers: Readership) -> None:
    """Begin to read the files in the background; a wrong choice is said in a sentence."""
    try:
        sources = desk.library.upload_sources(person, uploads, readers)
        desk.jobs.start(
            person,
            Job(lambda on_progress, cancelled: desk.library.ingest(person, sources, on_progress, cancelled)),
        )
    except AnswerdeskError as exc:
        st.warning(str(exc), icon=":material/info:")
        return
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.rerun()


def _sync(desk: Desk, person: Person) -> None:
    if st.button(
        "Sync the folder",
        key="sync",
        icon=":material/sync:",
        help=f"Make the documents equal to {desk.library.sync_dir}: new, changed and removed files.",
    ):
        try:
            desk.jobs.start(
                person,
                Job(lambda on_progress, cancelled: desk.library.sync(person, on_progress, cancelled)),
            )
        except AnswerdeskError as exc:
            st.warning(str(exc), icon=":material/info:")
            return
        st.rerun()


def _replaced(desk: Desk, person: Person, files: Sequence[UploadedFile]) -> int:
    if not files:
        return 0
    existing = {info.name for info in desk.catalog.documents(person)}
    return sum(f"{person.department}/{file.name}" in existing for file in files)
