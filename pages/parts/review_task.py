"""One question on the desk: all that a reviewer needs to decide it, on one screen."""

from __future__ import annotations

import streamlit as st

from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.review.queue import Lease
from core.review.tasks import Task, TaskState
from core.types import Person
from pages.parts import (
    review_claim,
    review_context,
    review_decision,
    review_draft,
    review_evidence,
    review_notice,
    review_words,
)
from pages.parts.plain import label, paragraph
from pages.parts.wording import moment


def draw(desk: Desk, person: Person, task_id: int) -> None:
    """The question; with the reviewer's claim on it, what can be decided."""
    try:
        task = desk.reviews.queue.open(person, task_id)
    except AnswerdeskError as exc:
        review_claim.forget(task_id)
        _bar(desk, person, None)
        review_notice.draw()
        st.info(label(str(exc)), icon=":material/lock:")
        return
    lease = review_claim.current(desk, person, task)
    _bar(desk, person, lease)
    review_notice.draw()
    left, right = st.columns([3, 2], gap="large")
    with left:
        _question(desk, task)
        review_context.conversation(desk, person, task)
        review_draft.draw(task)
        if lease is not None:
            review_decision.draw(desk, person, task, lease)
        else:
            _unclaimed(desk, person, task)
        review_context.comments(desk, person, task)
    with right:
        review_evidence.draw(desk, person, task)
        review_context.similar(desk, person, task)


def _bar(desk: Desk, person: Person, lease: Lease | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="bar"):
        st.button(
            "Queue",
            key="to-queue",
            type="tertiary",
            icon=":material/arrow_back:",
            shortcut="Q",
            on_click=review_claim.close,
        )
        if lease is None:
            return
        with st.container(width="stretch"):
            review_claim.draw_time(desk, lease)
        st.button(
            "Put back",
            key="put-back",
            icon=":material/undo:",
            help="Give the question back to everybody, undecided",
            on_click=review_claim.give_back,
            args=(desk, person, lease),
        )


def _question(desk: Desk, task: Task) -> None:
    now = desk.audit.now()
    with st.container(gap="xsmall", key="question"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            review_words.kind_badge(task.item.kind)
            if task.verdict is None:
                review_words.due_badge(task.item, now)
        st.markdown(f"### {label(task.item.question)}")
        who = f"Asked by {task.asker}" if task.asker else "From a verified answer"
        st.caption(label(f"{who}, {task.item.department}, {moment(task.item.created_at)}"))
        st.caption(review_words.KINDS[task.item.kind].meaning)
        if task.reason:
            with st.container(border=True, gap=None):
                st.caption(f"{label(task.asker or 'The person who asked')} says")
                st.markdown(paragraph(task.reason))


def _unclaimed(desk: Desk, person: Person, task: Task) -> None:
    with st.container(border=True, key="unclaimed"):
        if task.verdict is not None:
            _decided(task)
        elif task.item.state is TaskState.WITHDRAWN:
            st.markdown("The person who asked no longer waits for an answer.")
        elif task.item.state is TaskState.CLAIMED:
            st.markdown(
                f":material/person: {label(task.item.holder or 'Somebody')} is working on this question."
            )
        else:
            st.caption("Claim the question to decide it.")
            st.button(
                "Claim",
                key="claim-this",
                type="primary",
                shortcut="N",
                on_click=review_claim.take,
                args=(desk, person, task.id),
            )


def _decided(task: Task) -> None:
    who = label(task.decided_by or "Somebody")
    when = f", {moment(task.decided_at)}" if task.decided_at else ""
    if task.answered_with is not None:
        st.markdown(f":green[:material/check_circle:] {who} answered this with an equal question{when}.")
        st.button(
            "Open that question",
            key="open-equal",
            type="tertiary",
            on_click=review_claim.show,
            args=(task.answered_with,),
        )
        return
    if task.verdict is not None:
        st.markdown(f":green[:material/check_circle:] {who} {review_words.DONE[task.verdict]}{when}.")
    st.caption("The person who asked reads:")
    st.markdown(paragraph(task.given_text))
