"""An answer as the person reads it: text, sources, where it came from, and what one can do with it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.answering.answer import Answer, Outcome
from core.answering.citations import Citation
from core.bootstrap import Desk
from core.conversations import StoredMessage
from core.types import Person
from pages.parts import answer_actions, answer_related, answer_waiting, provenance, verified_panel
from pages.parts.plain import answer as safe_markdown
from pages.parts.plain import label

OPENED_SOURCE = "opened-source"
TITLE_CHARS = 60
NOT_FOUND_HELP = "Try other words, or ask a person: a colleague will look whether it is written down."


def draw(
    desk: Desk,
    person: Person,
    conversation_id: int,
    message: StoredMessage,
    ask_again: Callable[[str], None],
) -> None:
    """One stored answer, or the wait for it."""
    given = Answer.from_json(message.text, message.answer or {})
    match given.outcome:
        case Outcome.ANSWERED:
            _text(given, message.id)
        case Outcome.NOT_FOUND:
            _plainly(given.text, "" if given.verified else NOT_FOUND_HELP)
        case Outcome.FAILED:
            _plainly(given.text, "You can ask again below; your question is kept.")
        case Outcome.NO_MODEL:
            st.markdown(label(given.text))
        case Outcome.COURTESY:
            st.markdown(label(given.text))
            return
        case Outcome.REFUSED:
            st.markdown(f":material/block: {label(given.text)}")
        case Outcome.WAITING:
            _text(given, message.id)
    for note in given.notes:
        st.info(label(note), icon=":material/info:")
    if given.outcome is Outcome.WAITING:
        answer_waiting.draw(desk, person, conversation_id, message.id)
        return
    st.caption(" ".join(filter(None, [provenance.badges(given), provenance.line(given)])))
    answer_actions.draw(desk, person, message, given, ask_again)
    answer_related.draw(message.id, given.related, ask_again)


def opened_source() -> tuple[int, int] | None:
    """The source that is open beside its answer: the message and the number of the citation."""
    opened: tuple[int, int] | None = st.session_state.get(OPENED_SOURCE)
    return opened


def open_source(message_id: int | None, number: int = 0) -> None:
    """Open a source, or close the one that is open."""
    st.session_state[OPENED_SOURCE] = None if message_id is None else (message_id, number)


def _text(given: Answer, message_id: int) -> None:
    st.markdown(safe_markdown(given.text, {citation.number for citation in given.citations}))
    if not given.citations:
        return
    with st.container(horizontal=True, gap="xsmall", key=f"sources-{message_id}"):
        for citation in given.citations:
            is_open = opened_source() == (message_id, citation.number)
            st.button(
                f"{citation.number}\u2002{label(_where(citation))}",
                key=f"cite-{message_id}-{citation.number}",
                type="primary" if is_open else "secondary",
                on_click=open_source,
                args=(None,) if is_open else (message_id, citation.number),
                icon=":material/verified:" if citation.verified else None,
                help="Close this source" if is_open else "Read this passage",
            )


def _where(citation: Citation) -> str:
    if citation.verified is not None:
        return verified_panel.chip(citation.verified)
    last = citation.heading_path[-1] if citation.heading_path else ""
    title = citation.title if len(citation.title) <= TITLE_CHARS else citation.title[: TITLE_CHARS - 1] + "…"
    if not last or last.casefold() == citation.title.casefold():
        return title if citation.page is None else f"{title} › page {citation.page}"
    return f"{title} › {last if len(last) <= TITLE_CHARS else last[: TITLE_CHARS - 1] + '…'}"


def _plainly(sentence: str, next_step: str) -> None:
    st.markdown(label(sentence))
    if next_step:
        st.caption(next_step)
