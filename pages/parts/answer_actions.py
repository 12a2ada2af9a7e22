"""What one can do with an answer: rate, copy, ask again, ask a person, say that it is another question's."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.answering.answer import Answer, Outcome
from core.bootstrap import Desk
from core.conversations import StoredMessage
from core.errors import AnswerdeskError
from core.types import Person
from pages.parts.browser import copy_button
from pages.parts.plain import label

THUMBS = (-1, 1)
_FOR_A_PERSON = (Outcome.ANSWERED, Outcome.NOT_FOUND, Outcome.FAILED, Outcome.NO_MODEL)


def draw(
    desk: Desk, person: Person, message: StoredMessage, given: Answer, ask_again: Callable[[str], None]
) -> None:
    """A row of quiet buttons, and the reason below it once a thumb was given."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if given.outcome in (Outcome.ANSWERED, Outcome.NOT_FOUND):
            st.feedback(
                "thumbs",
                key=f"thumbs-{message.id}",
                default=None if message.rating is None else THUMBS.index(message.rating),
                on_change=_rate,
                args=(desk, person, message.id),
            )
        if given.outcome is Outcome.ANSWERED:
            copy_button(given.text, key=f"copy-{message.id}")
        again = "Ask anew" if given.reuse else "Ask again"
        _button(again, f"again-{message.id}", ":material/refresh:", ask_again, given.question)
        if given.outcome in _FOR_A_PERSON and given.verified is None:
            _button(
                "Ask a person",
                f"person-{message.id}",
                ":material/support_agent:",
                _ask_person,
                desk,
                person,
                message.id,
            )
        if given.reuse is not None:
            _button(
                "Not my question",
                f"other-{message.id}",
                ":material/wrong_location:",
                _not_my_question,
                desk,
                person,
                given.reuse.entry_id,
                given.question,
                ask_again,
            )
    if message.rating is not None:
        _reason(desk, person, message)


def _button(text: str, key: str, icon: str, act: Callable[..., None], *args: object) -> None:
    st.button(text, key=key, type="tertiary", icon=icon, on_click=act, args=args)


def _reason(desk: Desk, person: Person, message: StoredMessage) -> None:
    if message.rating_reason:
        st.caption(f"Your reason: {label(message.rating_reason)}")
        return
    bad = message.rating == THUMBS[0]
    with st.form(f"reason-form-{message.id}", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            reason = st.text_input(
                "Reason",
                key=f"reason-{message.id}",
                placeholder="What is wrong? A colleague will look at it." if bad else "What was good?",
                label_visibility="collapsed",
            )
            sent = st.form_submit_button("Send", key=f"send-reason-{message.id}")
        if sent and reason.strip():
            _send(desk, person, message, reason)


def _send(desk: Desk, person: Person, message: StoredMessage, reason: str) -> None:
    try:
        # The report first: sent a second time it is the same one, and the reason shown is one that arrived.
        if message.rating == THUMBS[0]:
            desk.reviews.intake.report(person, message.id, reason)
        desk.conversations.rate(person, message.id, message.rating, reason)
    except AnswerdeskError as exc:
        st.error(label(str(exc)))
        return
    st.rerun()


def _rate(desk: Desk, person: Person, message_id: int) -> None:
    chosen: int | None = st.session_state.get(f"thumbs-{message_id}")
    _tried(lambda: desk.conversations.rate(person, message_id, None if chosen is None else THUMBS[chosen]))


def _ask_person(desk: Desk, person: Person, message_id: int) -> None:
    _tried(lambda: desk.reviews.intake.ask_person(person, message_id))


def _not_my_question(
    desk: Desk, person: Person, entry_id: int, question: str, ask_again: Callable[[str], None]
) -> None:
    """The answer is given to nobody any more, and the question is answered anew."""
    if _tried(lambda: desk.cache.not_my_question(person, entry_id)):
        ask_again(question)


def _tried(act: Callable[[], object]) -> bool:
    try:
        act()
    except AnswerdeskError as exc:
        st.toast(str(exc), icon=":material/error:")
        return False
    return True
