"""Deciding a question: by button or by key, with a panel where words are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import streamlit as st

from core.bootstrap import Desk
from core.errors import FailedCheck
from core.review.decisions import Decision
from core.review.notes import NOT_IN_DOCUMENTS_TEXT
from core.review.queue import Lease
from core.review.tasks import Task, Verdict
from core.types import Person
from pages.parts import review_acts, review_words
from pages.parts.caret import focus
from pages.parts.plain import label
from pages.parts.review_acts import Panel

_SENDS = "Ctrl+Enter"


def draw(desk: Desk, person: Person, task: Task, lease: Lease) -> None:
    """The buttons, and the panel that is open."""
    with st.container(border=True, key="decide"):
        with st.container(horizontal=True, gap="xsmall"):
            st.button(
                "Approve",
                key="approve",
                type="primary",
                icon=":material/check:",
                shortcut="A",
                disabled=task.draft is None,
                help="The person gets the draft as it is",
                on_click=review_acts.decide,
                args=(desk, person, task, lease, Decision(Verdict.APPROVED)),
            )
            words = "Edit" if task.draft else "Write the answer"
            _open(task, Panel.EDIT, words, "E")
            _open(task, Panel.NOT_IN_DOCUMENTS, "Not in our documents", "D")
            _open(task, Panel.REJECT, "Reject", "X")
            _open(task, Panel.HAND_OVER, "Hand over", "H")
        panel = review_acts.panel_of(task.id)
        if panel is not None:
            _PANELS[panel](desk, person, task, lease)


def _open(task: Task, panel: Panel, words: str, key: str) -> None:
    is_open = review_acts.panel_of(task.id) is panel
    st.button(
        words,
        key=f"open-{panel.value}",
        shortcut=key,
        on_click=review_acts.set_panel,
        args=(task.id, None if is_open else panel),
    )


def _edit(desk: Desk, person: Person, task: Task, lease: Lease) -> None:
    failed = review_acts.failed(task.id)
    with st.form("edit-form", border=False):
        st.text_area(
            "Answer",
            value=task.draft.text if task.draft else "",
            key=f"edit-{task.id}",
            height=220,
            help="Cite the evidence by its number: [1], [2]. The same checks run as for a model's answer.",
        )
        if failed:
            _override(task, failed)
        st.form_submit_button(
            "Check and approve",
            key="send-edit",
            type="primary",
            icon=":material/check:",
            on_click=_send_edit,
            args=(desk, person, task, lease),
        )
    focus(f"override-{task.id}" if failed else f"edit-{task.id}", key=f"focus-{task.id}-{bool(failed)}")


def _override(task: Task, failed: Sequence[FailedCheck]) -> None:
    with st.container(gap="small", key="unsupported"):
        st.warning(
            "These sentences do not pass the checks. Change them, or say below why they are right.",
            icon=":material/rule:",
        )
        st.markdown("\n".join(_failing(failed)))
    st.text_input(
        "Why they are right, if you keep them",
        key=f"override-{task.id}",
        help="Kept in the journal. The person who asked does not see it.",
    )


def _failing(failed: Sequence[FailedCheck]) -> Iterator[str]:
    """The sentences as a list, each with why it fails below it."""
    reasons: dict[str, dict[str, None]] = {}
    for found in failed:
        reasons.setdefault(found.sentence, {})[review_words.why(found.rule, found.says)] = None
    for sentence, why in reasons.items():
        yield f"- {label(sentence or 'The whole answer')}"
        yield from (f"    - {reason}" for reason in why)


def _send_edit(desk: Desk, person: Person, task: Task, lease: Lease) -> None:
    text = st.session_state[f"edit-{task.id}"]
    override = st.session_state.get(f"override-{task.id}", "")
    review_acts.decide(desk, person, task, lease, Decision(Verdict.EDITED, text, override=override))


def _not_in_documents(desk: Desk, person: Person, task: Task, lease: Lease) -> None:
    st.caption(f"The person who asked reads: “{NOT_IN_DOCUMENTS_TEXT}”")
    st.button(
        "Send",
        key="send-not-in-documents",
        type="primary",
        shortcut=_SENDS,
        on_click=review_acts.decide,
        args=(desk, person, task, lease, Decision(Verdict.NOT_IN_DOCUMENTS)),
    )


def _reject(desk: Desk, person: Person, task: Task, lease: Lease) -> None:
    with st.form("reject-form", border=False):
        st.text_area(
            "Why it cannot be answered",
            key=f"reason-{task.id}",
            height=90,
            placeholder="The person who asked reads this",
        )
        st.form_submit_button(
            "Reject with this reason",
            key="send-reject",
            type="primary",
            on_click=_send_reject,
            args=(desk, person, task, lease),
        )
    focus(f"reason-{task.id}", key=f"focus-reason-{task.id}")


def _send_reject(desk: Desk, person: Person, task: Task, lease: Lease) -> None:
    reason = st.session_state[f"reason-{task.id}"]
    review_acts.decide(desk, person, task, lease, Decision(Verdict.REJECTED, reason=reason))


def _hand_over(desk: Desk, person: Person, task: Task, lease: Lease) -> None:
    others = {other.id: other for other in desk.reviews.queue.assignees(person, task)}
    if not others:
        st.caption("Nobody else may review this question.")
        return
    names = {department.id: department.name for department in desk.identity.departments()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "To",
            list(others),
            key=f"to-{task.id}",
            format_func=lambda one: f"{others[one].name}, {names.get(others[one].department, '')}",
            width=320,
        )
        st.button(
            "Give it to them",
            key="send-hand-over",
            type="primary",
            shortcut=_SENDS,
            on_click=review_acts.hand_over,
            args=(desk, person, lease, others[chosen]),
        )


_PANELS: dict[Panel, Callable[[Desk, Person, Task, Lease], None]] = {
    Panel.EDIT: _edit,
    Panel.NOT_IN_DOCUMENTS: _not_in_documents,
    Panel.REJECT: _reject,
    Panel.HAND_OVER: _hand_over,
}
