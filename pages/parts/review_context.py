"""What stands around a question: the conversation, earlier verified answers, and reviewers' comments."""

from __future__ import annotations

import streamlit as st

from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.review.context import Said
from core.review.tasks import Task
from core.types import Person
from pages.parts import review_notice
from pages.parts.browser import copy_button
from pages.parts.plain import answer as safe_markdown
from pages.parts.plain import label, paragraph
from pages.parts.wording import count, date, moment

HIDDEN = "This answer rests on documents that you may not read, so it is not shown."


def conversation(desk: Desk, person: Person, task: Task) -> None:
    """What was said up to the question; nothing where there is only the question itself."""
    said = desk.reviews.context.conversation(person, task)
    if not said or (len(said) == 1 and said[0].text == task.item.question):
        return
    who = task.asker or "The person who asked"
    with st.expander(f"Conversation, {count(len(said), 'message')}", icon=":material/forum:", key="said"):
        for number, message in enumerate(said):
            with st.container(gap=None, key=f"said-{number}"):
                author = who if message.author == "person" else "Answerdesk"
                st.caption(f"**{label(author)}**, {moment(message.at)}")
                st.markdown(_text(message))


def _text(message: Said) -> str:
    if message.text is None:
        return f":material/lock: {HIDDEN}"
    return paragraph(message.text) if message.author == "person" else safe_markdown(message.text)


def similar(desk: Desk, person: Person, task: Task) -> None:
    """Verified answers to questions like this one."""
    found = desk.reviews.verified.similar(person, task.item.question)
    with st.container(gap="small", key="similar"):
        st.subheader("Similar verified answers", anchor=False)
        if not found:
            st.caption("No answer to a question like this one has been verified yet.")
        for verified, likeness in found:
            with st.expander(
                f"{label(verified.question)}\u2002:gray-badge[{likeness:.0%} alike]",
                key=f"similar-{verified.id}",
            ):
                st.badge(
                    label(f"verified by {verified.verified_by}, {date(verified.verified_at)}"),
                    icon=":material/verified:",
                    color="green",
                )
                st.markdown(safe_markdown(verified.answer.text))
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.caption(f"Served {count(verified.reused, 'time')}", width="content")
                    copy_button(verified.answer.text, key=f"copy-verified-{verified.id}")


def comments(desk: Desk, person: Person, task: Task) -> None:
    """What reviewers noted for one another; the person who asked does not see it."""
    with st.container(gap="small", key="comments"):
        st.subheader("Comments", anchor=False)
        st.caption("For reviewers only. The person who asked does not see them.")
        for comment in desk.reviews.queue.comments(person, task.id):
            with st.container(gap=None):
                st.caption(f"**{label(comment.author)}**, {moment(comment.at)}")
                st.markdown(paragraph(comment.text))
        form = st.form("comment-form", border=False, clear_on_submit=True)
        with form, st.container(horizontal=True, vertical_alignment="bottom"):
            text = st.text_input(
                "Comment",
                key="comment",
                placeholder="Note something for the others",
                label_visibility="collapsed",
            )
            sent = st.form_submit_button("Add", key="add-comment")
        if sent and text.strip():
            _comment(desk, person, task, text)
            st.rerun()


def _comment(desk: Desk, person: Person, task: Task, text: str) -> None:
    try:
        desk.reviews.queue.comment(person, task.id, text)
    except AnswerdeskError as exc:
        review_notice.refused(str(exc), text)
