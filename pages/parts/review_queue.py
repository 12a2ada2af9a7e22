"""The queue: what waits, the reviewer's own first, and who works on it; it reads itself again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from core.bootstrap import Desk
from core.review.access import REVIEWERS
from core.review.tasks import QueueItem, TaskKind, TaskState
from core.types import Person
from pages import require
from pages.parts import review_claim, review_notice, review_words
from pages.parts.plain import label
from pages.parts.wording import count, moment

REFRESH_S = 10
LISTED = 300
PAGE = 10
QUESTION_CHARS = 240


def draw(desk: Desk) -> None:
    """The list, kept fresh while the reviewer looks at it."""
    st.fragment(_live, run_every=REFRESH_S)(desk)


def _live(desk: Desk) -> None:
    person = require(*sorted(REVIEWERS))
    if review_claim.opened() is not None or review_notice.waits():
        # A button of this part was pressed: the whole page changes, not this part alone.
        st.rerun(scope="app")
    items = desk.reviews.queue.items(person, LISTED)
    now = desk.audit.now()
    if not items:
        _empty()
        return
    _head(desk, person, items, now)
    kind = _filter(items)
    own = {lease.task_id for lease in desk.reviews.queue.held(person)}
    # What the reviewer has begun stands first, so that none of it is left behind on a later page.
    ordered = sorted(items, key=lambda item: item.id not in own)
    shown = [item for item in ordered if kind is None or item.kind is kind]
    if not shown:
        st.caption("No question of this kind waits.")
    pages = -(-len(shown) // PAGE)
    rows = st.container(gap="small", key="review-rows")
    number = st.pagination(pages, key=f"review-pages-{pages}") if pages > 1 else 1
    for item in shown[(number - 1) * PAGE : number * PAGE]:
        with rows, st.container(border=True, key=f"task-{item.id}", gap="xsmall"):
            # A claim that ran out is still this browser's until somebody else takes the question.
            mine = item.id in own or (review_claim.is_here(item.id) and item.holder is None)
            _row(desk, person, item, now, mine)


def _empty() -> None:
    with st.container(border=True, key="queue-empty"):
        st.markdown("**:material/done_all: No question waits for you.**")
        st.caption(
            "Questions come here when the checks are not sure of an answer, when somebody asks for a "
            "colleague or reports an answer, and when a source of a verified answer changes. New ones appear "
            "here by themselves."
        )


def _head(desk: Desk, person: Person, items: Sequence[QueueItem], now: datetime) -> None:
    late = sum(item.due_at <= now for item in items)
    free = [item for item in items if item.state is TaskState.OPEN]
    total = len(items) if len(items) < LISTED else desk.reviews.queue.count(person)
    said = [f"**{count(total, 'question waits', 'questions wait')}**"]
    said.append(f"{late:,} of them late" if late else "none is late")
    if total > len(items):
        said.append(f"the {len(items):,} most urgent are listed")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(", ".join(said), width="stretch")
        st.button(
            "Claim the next",
            key="claim-next",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="N",
            disabled=not free,
            help="Take the most urgent question that nobody works on",
            on_click=review_claim.take_next,
            args=(desk, person),
        )


def _filter(items: Sequence[QueueItem]) -> TaskKind | None:
    numbers = {kind: sum(item.kind is kind for item in items) for kind in TaskKind}
    chosen: TaskKind | None = st.pills(
        "Kind",
        list(TaskKind),
        key="review-kind",
        format_func=lambda kind: f"{review_words.KINDS[kind].icon} {review_words.KINDS[kind].name}",
        label_visibility="collapsed",
    )
    st.caption(_counted(numbers))
    return chosen


def _counted(numbers: Mapping[TaskKind, int]) -> str:
    named = [f"{review_words.KINDS[kind].name.lower()} {n:,}" for kind, n in numbers.items() if n]
    order = "Yours first, then the most urgent: risk counts as up to eight hours of waiting."
    return f"By kind: {', '.join(named)}. {order}"


def _row(desk: Desk, person: Person, item: QueueItem, now: datetime, mine: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        review_words.kind_badge(item.kind)
        review_words.due_badge(item, now)
        review_words.holder_badge(item, mine, person.name)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{label(_shortened(item.question))}**")
            st.caption(_facts(item, now))
        _button(desk, person, item, mine)


def _button(desk: Desk, person: Person, item: QueueItem, mine: bool) -> None:
    # By callback: when somebody else was faster, the button is not drawn any more, but its press counts.
    if mine:
        st.button(
            "Continue",
            key=f"continue-{item.id}",
            type="primary",
            on_click=review_claim.show,
            args=(item.id,),
        )
    elif item.state is TaskState.CLAIMED:
        st.button(
            "Look",
            key=f"look-{item.id}",
            type="tertiary",
            icon=":material/visibility:",
            on_click=review_claim.show,
            args=(item.id,),
        )
    else:
        st.button("Claim", key=f"claim-{item.id}", on_click=review_claim.take, args=(desk, person, item.id))


def _facts(item: QueueItem, now: datetime) -> str:
    facts = [item.department, f"waits for {review_words.span(now - item.created_at)}"]
    if item.confidence is not None:
        facts.append(f"confidence {item.confidence:.0%}")
    failed = review_words.checks(item.findings)
    if failed:
        facts.append(failed)
    return label(" · ".join(facts) + f" · asked {moment(item.created_at)}")


def _shortened(text: str) -> str:
    return text if len(text) <= QUESTION_CHARS else text[: QUESTION_CHARS - 1] + "…"
