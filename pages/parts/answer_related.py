"""What a colleague has answered to a question like this one, to be asked with one press."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.answering.answer import Related
from pages.parts import provenance
from pages.parts.plain import label

QUESTION_CHARS = 160


def draw(message_id: int, related: Sequence[Related], ask: Callable[[str], None]) -> None:
    """A quiet row for each question; its answer is given anew, to whoever may read its sources then."""
    for number, each in enumerate(related):
        row = f"{message_id}-{number}"
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"beside-{row}"):
            st.caption("A colleague has answered a similar question:", width="content")
            st.button(
                label(_shortened(each.question)),
                key=f"related-{row}",
                type="tertiary",
                icon=":material/quick_reference_all:",
                help="Ask this question",
                on_click=ask,
                args=(each.question,),
            )
            st.caption(provenance.signature("Verified", each.by, each.at), width="content")


def _shortened(question: str) -> str:
    return question if len(question) <= QUESTION_CHARS else question[: QUESTION_CHARS - 1] + "…"
