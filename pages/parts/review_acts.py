"""Sending a decision, and what the screen does with the outcome."""

from __future__ import annotations

from enum import StrEnum

import streamlit as st

from core.bootstrap import Desk
from core.errors import AnswerdeskError, BadInput, FailedCheck, NotSupported
from core.review.decisions import Decision
from core.review.queue import Lease
from core.review.tasks import Task
from core.types import Person
from pages.parts import review_claim, review_notice, review_words
from pages.parts.plain import label
from pages.parts.wording import count

_PANEL = "review-panel"
_FAILED = "review-failed"


class Panel(StrEnum):
    """What is being written about the question."""

    EDIT = "edit"
    NOT_IN_DOCUMENTS = "not-in-documents"
    REJECT = "reject"
    HAND_OVER = "hand-over"


def panel_of(task_id: int) -> Panel | None:
    """The panel that is open for this question."""
    opened_for, panel = st.session_state.get(_PANEL, (None, None))
    return panel if opened_for == task_id else None


def set_panel(task_id: int, panel: Panel | None) -> None:
    """Open a panel, or close the one that is open."""
    st.session_state[_PANEL] = (task_id, panel)
    st.session_state.get(_FAILED, {}).pop(task_id, None)


def failed(task_id: int) -> tuple[FailedCheck, ...]:
    """What the checks held against the reviewer's own text at the last try."""
    findings: tuple[FailedCheck, ...] = st.session_state.get(_FAILED, {}).get(task_id, ())
    return findings


def decide(desk: Desk, person: Person, task: Task, lease: Lease, decision: Decision) -> None:
    """Send the decision; afterwards the queue is open again, with the way back."""
    try:
        desk.reviews.decisions.decide(person, lease, decision)
    except NotSupported as exc:
        st.session_state.setdefault(_FAILED, {})[task.id] = exc.findings
    except BadInput as exc:
        review_notice.refused(str(exc))
    except AnswerdeskError as exc:
        # Somebody was faster: nothing more can be done here, but what was written is not lost.
        _leave(task.id)
        review_notice.refused(str(exc), decision.text or decision.reason)
    else:
        _leave(task.id)
        review_notice.sent()
        review_claim.close()


def hand_over(desk: Desk, person: Person, lease: Lease, to: Person) -> None:
    """Keep the question for a colleague."""
    try:
        desk.reviews.queue.reassign(person, lease, to.id)
    except AnswerdeskError as exc:
        review_notice.refused(str(exc))
        return
    _leave(lease.task_id)
    review_notice.done(f"The question is kept for {to.name}.")
    review_claim.close()


def draw_undo(desk: Desk, person: Person) -> None:
    """Say what the reviewer decided last, with the way back while there is one."""
    last = desk.reviews.decisions.undoable(person)
    if last is None:
        return
    said = label(f"You {review_words.DONE[last.verdict]}: “{last.question}”")
    if last.equals:
        said += f", and answered {count(last.equals, 'equal question')} with it"
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="last-decision"):
        st.markdown(f":green[:material/check_circle:] {said}", width="stretch")
        st.caption(f"for {review_words.span(last.lease.until - desk.audit.now())} more", width="content")
        st.button(
            "Undo",
            key="undo",
            icon=":material/undo:",
            shortcut="U",
            on_click=_undo,
            args=(desk, person, last.lease),
        )


def _undo(desk: Desk, person: Person, lease: Lease) -> None:
    """Take a decision back and open its question again."""
    try:
        desk.reviews.decisions.undo(person, lease)
    except AnswerdeskError as exc:
        review_notice.refused(str(exc))
        return
    review_claim.keep(lease)
    review_claim.show(lease.task_id)
    review_notice.done("Your decision is undone. Whoever asked waits again.")


def _leave(task_id: int) -> None:
    review_claim.forget(task_id)
    set_panel(task_id, None)
