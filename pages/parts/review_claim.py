"""The claims of this browser: taken, kept alive by what the reviewer does, given back, lost."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import streamlit as st

from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.review.access import REVIEWERS
from core.review.queue import Lease
from core.review.tasks import Task, TaskState
from core.types import Person
from pages import require
from pages.parts import review_notice
from pages.parts.review_browser import activity
from pages.parts.review_words import span

PARAMETER = "task"
REFRESH_S = 15
SOON = timedelta(minutes=3)
_LEASES = "review-leases"


def opened() -> int | None:
    """The task that the address names."""
    named = st.query_params.get(PARAMETER, "")
    return int(named) if named.isascii() and named.isdigit() and len(named) < 16 else None


def show(task_id: int) -> None:
    """Open a task, claimed or not."""
    st.query_params[PARAMETER] = str(task_id)


def close() -> None:
    """Back to the queue; a claim stays."""
    st.query_params.pop(PARAMETER, None)


def take(desk: Desk, person: Person, task_id: int) -> None:
    """Claim a task and open it, or say who was faster."""
    try:
        keep(desk.reviews.queue.claim(person, task_id))
    except AnswerdeskError as exc:
        review_notice.refused(str(exc))
    else:
        show(task_id)


def take_next(desk: Desk, person: Person) -> None:
    """Claim the most urgent task that is free and open it."""
    lease = desk.reviews.queue.claim_next(person)
    if lease is None:
        review_notice.refused("Nothing is left that nobody works on.")
        close()
        return
    keep(lease)
    show(lease.task_id)


def give_back(desk: Desk, person: Person, lease: Lease) -> None:
    """Put the task back for everybody."""
    try:
        desk.reviews.queue.release(person, lease)
    except AnswerdeskError as exc:
        review_notice.refused(str(exc))
    else:
        review_notice.done("The question is back in the queue.")
    forget(lease.task_id)
    close()


def keep(lease: Lease) -> None:
    """Remember a claim in this browser."""
    st.session_state.setdefault(_LEASES, {})[lease.task_id] = lease


def forget(task_id: int) -> None:
    """Claim it no longer here."""
    st.session_state.get(_LEASES, {}).pop(task_id, None)


def is_here(task_id: int) -> bool:
    """Whether this browser claimed the task and has not been told that it lost it."""
    return task_id in st.session_state.get(_LEASES, {})


def current(desk: Desk, person: Person, task: Task) -> Lease | None:
    """The reviewer's claim on a task, with its whole life before it: every run of the page is a sign of life.

    None when there is none; one that was lost meanwhile is told as a notice.
    """
    lease: Lease | None = st.session_state.get(_LEASES, {}).get(task.id)
    # After a reload this browser has forgotten what the reviewer still holds.
    lease = lease or _held(desk, person, task.id)
    if lease is None:
        return None
    try:
        lease = desk.reviews.queue.renew(person, lease)
    except AnswerdeskError as exc:
        forget(task.id)
        review_notice.refused(str(exc))
        return None
    keep(lease)
    return lease


def draw_time(desk: Desk, lease: Lease) -> None:
    """How long the claim still holds, read again every few seconds."""
    st.fragment(_time, run_every=REFRESH_S)(desk, lease)


def _time(desk: Desk, lease: Lease) -> None:
    person = require(*sorted(REVIEWERS))
    try:
        task = desk.reviews.queue.open(person, lease.task_id)
    except AnswerdeskError:
        st.rerun(scope="app")
    if task.item.state not in (TaskState.OPEN, TaskState.CLAIMED) or task.holder_id not in (None, person.id):
        # The whole page tells who was faster.
        st.rerun(scope="app")
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap=None):
        _badge((task.lease_until or lease.until) - desk.audit.now())
        activity(f"activity-{lease.task_id}", _renew, desk, person, lease)


def _badge(left: timedelta) -> None:
    if left <= timedelta(0):
        st.badge("time is up, still yours until claimed", icon=":material/timer_off:", color="red")
    else:
        st.badge(
            f"kept for you for {span(left)}",
            icon=":material/timer:",
            color="orange" if left < SOON else "gray",
        )


def _renew(desk: Desk, person: Person, lease: Lease) -> None:
    # A claim that is lost is found, and told, by the reading that follows.
    with suppress(AnswerdeskError):
        keep(desk.reviews.queue.renew(person, lease))


def _held(desk: Desk, person: Person, task_id: int) -> Lease | None:
    return next((lease for lease in desk.reviews.queue.held(person) if lease.task_id == task_id), None)
