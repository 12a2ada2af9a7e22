"""Documents: what this desk can answer from, and the work of those who keep it."""

from __future__ import annotations

import streamlit as st

from core.types import Role
from pages import desk, require
from pages.parts import document_details, document_gaps, document_list, job_panel, upload
from pages.parts.wording import count, date


def main() -> None:
    """Draw the page."""
    person = require()
    here = desk()
    st.set_page_config(layout="wide")
    st.title("Documents", anchor=False)
    infos = here.catalog.documents(person)
    keeps = person.has(Role.OWNER) or person.has(Role.ADMINISTRATOR)
    if infos:
        newest = max(info.updated_at for info in infos)
        st.caption(
            f"{count(len(infos), 'document')} that you may read or keep, last changed on {date(newest)}."
        )
    else:
        st.caption(
            "There are no documents yet. Add the first ones below."
            if keeps
            else "There are no documents that you may read yet. A document owner can add some."
        )
    if keeps:
        upload.draw(here, person)
        job_panel.draw(here, person)
    document_details.outcome()
    names = {department.id: department.name for department in here.identity.departments()}
    use = here.document_use.of_documents(person) if keeps else {}
    if infos:
        document_list.draw(infos, names, use)
    opened = document_list.opened()
    if opened is not None:
        document_details.draw(here, person, opened, names)
    if keeps:
        document_gaps.draw(here.document_use.unanswered(person))


main()
