"""An answer as the person reads it: text, sources, where it came from, and what one can do with it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.answering.answer import Answer, Outcome
from core.answering.citations import Citation
from core.bootstrap import Desk
from core.conversations import StoredMessage
from core.errors import AnswerdeskError
from core.types import Person
from pages.parts.browser import copy_button
from pages.parts.plain import answer as safe_markdown
from pages.parts.plain import label
from pages.parts.wording import count, duration, money

OPENED_SOURCE = "opened-source"
TITLE_CHARS = 60
THUMBS = (-1, 1)
# The provider of the model that runs inside Answerdesk.
EMBEDDED_PROVIDER = "embedded"


def draw(desk: Desk, person: Person, message: StoredMessage, ask_again: Callable[[str], None]) -> None:
    """One stored answer."""
    given = Answer.from_json(message.text, message.answer or {})
    match given.outcome:
        case Outcome.ANSWERED:
            _text(given, message.id)
        case Outcome.NOT_FOUND:
            _plainly(
                given.text, "Try other words, or ask the owner of the documents whether it is written down."
            )
        case Outcome.FAILED:
            _plainly(given.text, "You can ask again below; your question is kept.")
    st.caption(provenance(given))
    _actions(desk, person, message, given, ask_again)


def provenance(given: Answer) -> str:
    """One line: who wrote it, what was tried in vain, how well the sources fit, cost and time."""
    facts = []
    if given.provider == EMBEDDED_PROVIDER:
        facts.append("Written by the built-in model")
    elif given.model:
        facts.append(f"Written by {label(given.model)} at {label(given.provider)}")
    if given.failed:
        facts.append(f"after {count(len(given.failed), 'failed attempt')}")
    if given.outcome is Outcome.ANSWERED:
        facts.append(f"sources fit {given.evidence:.0%}")
    if given.model:
        facts.append(money(given.cost_microusd).replace("$", r"\$") if given.cost_microusd else "no cost")
    facts.append(duration(given.seconds))
    return " · ".join(facts)


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
        st.warning("This answer names no source. Check it before you rely on it.", icon=":material/warning:")
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
                help="Close this source" if is_open else "Read this passage",
            )


def _where(citation: Citation) -> str:
    last = citation.heading_path[-1] if citation.heading_path else ""
    title = citation.title if len(citation.title) <= TITLE_CHARS else citation.title[: TITLE_CHARS - 1] + "…"
    if not last or last.casefold() == citation.title.casefold():
        return title if citation.page is None else f"{title} › page {citation.page}"
    return f"{title} › {last if len(last) <= TITLE_CHARS else last[: TITLE_CHARS - 1] + '…'}"


def _plainly(sentence: str, next_step: str) -> None:
    st.markdown(label(sentence))
    st.caption(next_step)


def _actions(
    desk: Desk, person: Person, message: StoredMessage, given: Answer, ask_again: Callable[[str], None]
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if given.outcome is not Outcome.FAILED:
            st.feedback(
                "thumbs",
                key=f"thumbs-{message.id}",
                default=None if message.rating is None else THUMBS.index(message.rating),
                on_change=_rate,
                args=(desk, person, message.id),
            )
        if given.outcome is Outcome.ANSWERED:
            copy_button(given.text, key=f"copy-{message.id}")
        st.button(
            "Ask again",
            key=f"again-{message.id}",
            type="tertiary",
            icon=":material/refresh:",
            on_click=ask_again,
            args=(given.question,),
        )
    if message.rating is not None:
        _reason(desk, person, message)


def _reason(desk: Desk, person: Person, message: StoredMessage) -> None:
    if message.rating_reason:
        st.caption(f"Your reason: {label(message.rating_reason)}")
        return
    with st.form(f"reason-form-{message.id}", border=False, clear_on_submit=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            reason = st.text_input(
                "Reason",
                key=f"reason-{message.id}",
                placeholder="What was good?" if message.rating == 1 else "What was wrong?",
                label_visibility="collapsed",
                max_chars=2_000,
            )
            sent = st.form_submit_button("Send", key=f"send-reason-{message.id}")
        if sent and reason.strip():
            desk.conversations.rate(person, message.id, message.rating, reason)
            st.rerun()


def _rate(desk: Desk, person: Person, message_id: int) -> None:
    chosen: int | None = st.session_state.get(f"thumbs-{message_id}")
    try:
        desk.conversations.rate(person, message_id, None if chosen is None else THUMBS[chosen])
    except AnswerdeskError as exc:
        st.toast(str(exc), icon=":material/error:")
