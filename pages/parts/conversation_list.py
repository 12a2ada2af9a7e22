"""The person's conversations in the sidebar, and which of them is open."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from core.bootstrap import Desk
from core.conversations import Conversation
from core.errors import AnswerdeskError, NotFound
from core.types import Person
from pages.parts.plain import label

PARAMETER = "conversation"
SHOWN = 50
TITLE_CHARS = 34
POLL_S = 15.0


def opened() -> int | None:
    """The conversation that the address names."""
    named = st.query_params.get(PARAMETER, "")
    return int(named) if named.isascii() and named.isdigit() and len(named) < 16 else None


def open_one(conversation_id: int | None) -> None:
    """Put a conversation into the address, so that a refresh keeps it; None for a new one."""
    if conversation_id is None:
        st.query_params.pop(PARAMETER, None)
    else:
        st.query_params[PARAMETER] = str(conversation_id)


def draw(desk: Desk, person: Person, home: st.Page) -> None:
    """New, search, and the list; the open one can be renamed and deleted. `home` is the chat."""
    current = opened()
    with st.sidebar:
        if st.button(
            "New conversation", key="new-conversation", icon=":material/edit_square:", width="stretch"
        ):
            st.switch_page(home)
        search = st.text_input(
            "Search conversations",
            key="search-conversations",
            placeholder="Search conversations",
            label_visibility="collapsed",
            icon=":material/search:",
        )
        found = desk.conversations.list(person, search, limit=SHOWN)
        if not found:
            st.caption("No conversation contains this." if search.strip() else "No conversations yet.")
        unread = desk.reviews.inbox.unread(person)
        with st.container(gap=None, key="conversations"):
            for conversation in found:
                is_open = conversation.id == current
                news = conversation.id in unread and not is_open
                _row(desk, person, conversation, home, is_open=is_open, news=news)
        _watch(desk, person, unread)


@st.fragment(run_every=POLL_S)
def _watch(desk: Desk, person: Person, shown: frozenset[int]) -> None:
    """Draw the page again when an answer has arrived in a conversation that is not open."""
    if desk.reviews.inbox.unread(person) - shown - {opened()}:
        st.rerun()


def _row(
    desk: Desk, person: Person, conversation: Conversation, home: st.Page, *, is_open: bool, news: bool
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, gap="xxsmall"):
        if st.button(
            f"**{label(_short(conversation.title))}**" if news else label(_short(conversation.title)),
            icon=":material/mark_chat_unread:" if news else None,
            key=f"conversation-{conversation.id}",
            type="secondary" if is_open else "tertiary",
            width="stretch" if is_open else "content",
            help=_help(conversation, news=news),
            wrap=False,
        ):
            st.switch_page(home, query_params={PARAMETER: str(conversation.id)})
        if is_open:
            with st.popover("", icon=":material/more_horiz:", type="tertiary", key="conversation-menu"):
                _rename(desk, person, conversation)
                if st.button("Delete", key="delete-conversation", icon=":material/delete:", type="tertiary"):
                    confirm_delete(desk, person, conversation)


def _help(conversation: Conversation, *, news: bool) -> str | None:
    if news:
        return f"A colleague has answered: {label(conversation.title)}"
    return label(conversation.title) if len(conversation.title) > TITLE_CHARS else None


def _rename(desk: Desk, person: Person, conversation: Conversation) -> None:
    with st.form(f"rename-{conversation.id}", border=False):
        title = st.text_input("Title", value=conversation.title, key=f"title-{conversation.id}")
        if st.form_submit_button("Rename", key=f"rename-submit-{conversation.id}"):
            try:
                desk.conversations.rename(person, conversation.id, title)
            except AnswerdeskError as exc:
                st.error(str(exc))
            else:
                st.rerun()


@st.dialog("Delete this conversation?")
def confirm_delete(desk: Desk, person: Person, conversation: Conversation) -> None:
    """Ask once, then delete."""
    st.write(f"“{label(conversation.title)}” and its answers will be gone for good.")
    if st.button(
        "Delete conversation",
        key="confirm-delete",
        type="primary",
        icon=":material/delete:",
        on_click=_delete,
        args=(desk, person, conversation.id),
    ):
        st.rerun()


def _delete(desk: Desk, person: Person, conversation_id: int) -> None:
    # NotFound means that it is gone already, as it was to be.
    with suppress(NotFound):
        desk.conversations.delete(person, conversation_id)
    open_one(None)


def _short(title: str) -> str:
    return title if len(title) <= TITLE_CHARS else title[: TITLE_CHARS - 1].rstrip() + "…"
