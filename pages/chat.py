"""Chat: ask the company's documents, and read each source beside the answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import streamlit as st

from core.answering.answer import Answer
from core.answering.citations import Citation
from core.assistant import FAULT, Answered, Restarted, Step, Written
from core.bootstrap import Desk
from core.conversations import StoredMessage
from core.errors import AnswerdeskError, BadInput, Busy
from core.types import Person
from pages import ASSETS, desk, require
from pages.parts import answer_view, caret, conversation_list, source_panel, suggestions
from pages.parts.plain import answer as safe_markdown
from pages.parts.plain import paragraph
from pages.parts.wording import count, date

log = logging.getLogger(__name__)

WINDOW_MESSAGES = 20
_BOX = "question"
_PENDING = "pending-question"
_NOT_TAKEN = "question-not-taken"
_PROBLEM = "problem"
_EARLIER = "shown-earlier"
PERSON_ICON = ":material/person:"
# The message, the source of it that is open, and all of its sources.
_Opened = tuple[int, Citation, tuple[Citation, ...]]


def main() -> None:
    """Draw the page."""
    person = require()
    here = desk()
    conversation_id = conversation_list.opened()
    try:
        messages = [] if conversation_id is None else here.conversations.messages(person, conversation_id)
    except AnswerdeskError as exc:
        st.info(f"{exc} Begin a new one on the left.", icon=":material/lock:")
        return
    question = _asked()
    if question is not None:
        answer_view.open_source(None)
    if conversation_id is not None:
        here.reviews.inbox.mark_read(person, conversation_id)
    source = _opened_source(messages)
    st.set_page_config(layout="centered" if source is None else "wide")
    # A slot of its own: it is empty at once when the first question is asked.
    welcome = st.empty()
    if not messages and question is None:
        with welcome.container():
            _welcome(here, person)
    if conversation_id is not None:
        _history(here, person, conversation_id, messages, source, asking=question is not None)
    if question is not None:
        _answer(here, person, conversation_id, question)
    _problem()


def _asked() -> str | None:
    """What was typed or chosen; a question that was not taken stands in the box again, to be changed."""
    if _NOT_TAKEN in st.session_state:
        st.session_state[_BOX] = st.session_state.pop(_NOT_TAKEN)
    # Without a limit of its own: one would make a longer paste vanish, and core says what is too long.
    typed = st.chat_input("Ask about company documents", key=_BOX)
    return typed or st.session_state.pop(_PENDING, None)


def _welcome(here: Desk, person: Person) -> None:
    fresh = here.catalog.freshness(person)
    caret.focus(_BOX, key="focus-question")
    st.space("large")
    st.title("What would you like to know?", anchor=False)
    if fresh.updated_at is None:
        st.caption("There are no documents that you may read yet. A document owner can add some.")
        return
    st.caption(
        f"I answer from {count(fresh.document_count, 'document')} that you may read, "
        f"last changed on {date(fresh.updated_at)}, and show where each answer stands."
    )
    with st.container(key="suggestions", gap="xsmall"):
        for number, question in enumerate(suggestions.for_person(person, here.catalog.documents(person))):
            st.button(
                paragraph(question),
                key=f"suggestion-{number}",
                icon=":material/lightbulb:",
                on_click=_ask_next,
                args=(question,),
            )


def _history(
    here: Desk,
    person: Person,
    conversation_id: int,
    messages: Sequence[StoredMessage],
    source: _Opened | None,
    *,
    asking: bool,
) -> None:
    shown = st.session_state.get(_EARLIER, 0) + WINDOW_MESSAGES
    if len(messages) > shown:
        st.button("Show earlier", key="show-earlier", type="tertiary", on_click=_show_earlier)
    for message in messages[-shown:]:
        if message.author == "person":
            _question(message.text)
        elif source is None:
            _stored_answer(here, person, conversation_id, message)
        else:
            left, right = st.columns([11, 9], gap="medium")
            with left:
                _stored_answer(here, person, conversation_id, message)
            if source[0] == message.id:
                with right:
                    if source_panel.draw(here, person, *source[1:]):
                        answer_view.open_source(None)
                        st.rerun()
    if messages and messages[-1].author == "person" and not asking:
        _unanswered(messages[-1].text)


def _stored_answer(here: Desk, person: Person, conversation_id: int, message: StoredMessage) -> None:
    with st.chat_message("assistant", avatar=str(ASSETS / "mark.svg")):
        answer_view.draw(here, person, conversation_id, message, _ask_next)


def _question(text: str) -> None:
    with st.chat_message("user", avatar=PERSON_ICON):
        st.markdown(paragraph(text))


def _unanswered(text: str) -> None:
    with st.chat_message("assistant", avatar=str(ASSETS / "mark.svg")):
        st.caption("This question has no answer: the page was left before it was there, or it failed.")
        st.button("Ask again", key="ask-again", icon=":material/refresh:", on_click=_ask_next, args=(text,))


def _answer(here: Desk, person: Person, conversation_id: int | None, question: str) -> None:
    """Ask, and show the answer as it is written; the next run draws it from what was stored."""
    started = conversation_id is None
    try:
        if conversation_id is None:
            conversation_id = here.conversations.start(person, question)
            conversation_list.open_one(conversation_id)
        _question(question)
        with st.chat_message("assistant", avatar=str(ASSETS / "mark.svg")):
            _follow(here, person, conversation_id, question)
    except (BadInput, Busy) as exc:
        # Nothing was stored: a conversation that was begun for this question goes again.
        if started and conversation_id is not None:
            here.conversations.delete(person, conversation_id)
            conversation_id = None
        st.session_state[_PROBLEM] = str(exc)
        st.session_state[_NOT_TAKEN] = question
    except AnswerdeskError as exc:
        st.session_state[_PROBLEM] = str(exc)
    except Exception:
        log.exception("a question could not be answered")
        st.session_state[_PROBLEM] = FAULT
    conversation_list.open_one(conversation_id)
    st.rerun()


def _follow(here: Desk, person: Person, conversation_id: int, question: str) -> None:
    text, status = st.empty(), st.empty()
    written = ""
    for event in here.assistant.ask(person, conversation_id, question):
        match event:
            case Step(line):
                status.caption(f":shimmer[{paragraph(line)}…]")
            case Written(more):
                written += more
                text.markdown(safe_markdown(written, range(1, 1_000)))
            case Restarted():
                written = ""
                text.empty()
                status.caption(":shimmer[The model broke off. Another one begins anew…]")
            case Answered():
                status.empty()


def _problem() -> None:
    sentence = st.session_state.pop(_PROBLEM, None)
    if sentence:
        st.warning(paragraph(sentence), icon=":material/info:")


def _opened_source(messages: Sequence[StoredMessage]) -> _Opened | None:
    opened = answer_view.opened_source()
    for message in messages if opened else []:
        if opened and message.id == opened[0] and message.answer is not None:
            citations = Answer.from_json(message.text, message.answer).citations
            for citation in citations:
                if citation.number == opened[1]:
                    return message.id, citation, citations
    return None


def _ask_next(question: str) -> None:
    st.session_state[_PENDING] = question


def _show_earlier() -> None:
    st.session_state[_EARLIER] = st.session_state.get(_EARLIER, 0) + WINDOW_MESSAGES


main()
