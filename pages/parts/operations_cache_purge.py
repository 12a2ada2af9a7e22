"""What empties the cache: of one answer, of all that rest on a document, of all that a department asked."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.bootstrap import Desk
from core.operations.cache import CacheOperations
from core.semantic_cache.administration import EntryLine
from core.types import Person
from pages.parts import operations_notice
from pages.parts.plain import label
from pages.parts.wording import count


def draw(desk: Desk, cache: CacheOperations, person: Person, departments: Mapping[str, str]) -> None:
    """Choosing a document or a department; each purge asks once."""
    with st.container(border=True, key="cache-purge"):
        st.subheader("Purge", anchor=False)
        st.caption(
            "What is purged is given to nobody any more; the questions are answered afresh. Answers whose "
            "documents change need no purge: they are never given again."
        )
        titles = {each.id: each.title for each in desk.catalog.documents(person)}
        left, right = st.columns(2, gap="medium")
        with left:
            document = st.selectbox(
                "Answers that rest on a document",
                list(titles),
                index=None,
                key="purge-document",
                format_func=lambda one: titles[one],
                placeholder="Choose a document",
            )
            asked = st.button("Purge these answers", key="purge-document-asked", disabled=document is None)
            if asked and document is not None:
                confirm(cache, person, f"every answer that rests on {titles[document]}", document_id=document)
        with right:
            department = st.selectbox(
                "Answers to questions of a department",
                list(departments),
                index=None,
                key="purge-department",
                format_func=lambda one: departments[one],
                placeholder="Choose a department",
            )
            asked = st.button(
                "Purge these answers", key="purge-department-asked", disabled=department is None
            )
            if asked and department is not None:
                words = f"every answer that {departments[department]} asked for first"
                confirm(cache, person, words, department=department)


def entry(cache: CacheOperations, person: Person, line: EntryLine) -> None:
    """The button that purges one answer."""
    if st.button("Purge this answer", key="purge-entry-asked", icon=":material/delete:"):
        confirm(cache, person, f"the answer to “{line.question}”", entry_id=line.id)


@st.dialog("Purge from the cache?")
def confirm(
    cache: CacheOperations,
    person: Person,
    what: str,
    document_id: int | None = None,
    department: str | None = None,
    entry_id: int | None = None,
) -> None:
    """Ask once, then purge."""
    st.write(f"This takes away {label(what)}. It cannot be undone.")

    def work() -> str:
        number = cache.purge(person, document_id=document_id, department=department, entry_id=entry_id)
        return f"{count(number, 'answer')} purged."

    if st.button(
        "Purge",
        key="confirm-purge",
        type="primary",
        icon=":material/delete:",
        on_click=operations_notice.attempt,
        args=(work,),
    ):
        st.rerun()
