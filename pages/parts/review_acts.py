"""Sending a decision, and what the screen does with the outcome."""

from __future__ import annotations

from enum import StrEnum

import streamlit as st

from core.bootstrap import Desk
from core.errors import AnswerdeskError, BadInput, NotSupported
from core.review.decisions import Decision
from core.review.queue import Lease
from core.review.tasks import Task
from core.types import Person
from pages.parts import review_claim, review_notice, review_words

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


def failed(task_id: int) -> tuple[str, ...]:
    """The sentences of the reviewer's own text that did not pass the checks at the last try."""
    sentences: tuple[str, ...] = st.session_state.get(_FAILED, {}).get(task_id, ())
    return sentences


def decide(desk: Desk, person: Person, task: Task, lease: Lease, decision: Decision) -> None:
    """Send the decision; afterwards the queue is open again, with the way back."""
    try:
        decided = desk.reviews.decisions.decide(person, lease, decision)
    except NotSupported as exc:
        st.session_state.setdefault(_FAILED, {})[task.id] = exc.sentences
    except BadInput as exc:
        review_notice.refused(str(exc))
    except AnswerdeskError as exc:
        # Somebody was faster: nothing more can be done here, but what was written is not lost.
        _leave(task.id)
        review_notice.refused(str(exc), decision.text or decision.reason)
    else:
        _leave(task.id)
        done = review_words.DONE[decision.verdict]
        review_notice.decided(decided.lease, f"You {done}: “{task.item.question}”")
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


def undo(desk: Desk, person: Person) -> None:
    """Take the last decision back and open its question again."""
    kept = review_notice.last_decision(desk)
    review_notice.forget_decision()
    if kept is None:
        review_notice.refused("This decision can no longer be undone. Nothing was changed.")
        return
    try:
        desk.reviews.decisions.undo(person, kept.lease)
    except AnswerdeskError as exc:
        review_notice.refused(str(exc))
        return
    review_claim.keep(kept.lease)
    review_claim.show(kept.lease.task_id)
    review_notice.done("Your decision is undone. The person who asked waits again.")


def _leave(task_id: int) -> None:
    review_claim.forget(task_id)
    set_panel(task_id, None)
