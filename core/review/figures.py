"""How the queue is doing, over what this reviewer may see, so that a count tells nothing else."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.review.access import Access, View, alive
from core.review.store import Store
from core.review.tasks import TaskKind, Verdict
from core.review.verified import readable
from core.tables import review_tasks, verified_answers
from core.types import Person

WINDOW = timedelta(days=30)
COUNTED = 5_000


@dataclass(frozen=True, slots=True)
class Pace:
    """What waits now, and what was decided in the last 30 days, of the newest 5,000 decisions.

    `oldest` is when the first question that waits was put, None where none waits. `median_s` is the
    time from question to decision; `agreement` the share in [0, 1] of drafts that were approved as
    they were, None where there was no draft; both None while nothing was decided.
    """

    open: int
    late: int
    oldest: datetime | None
    decided: int
    median_s: float | None
    agreement: float | None


@dataclass(frozen=True, slots=True)
class Figures(Pace):
    """The pace of all kinds together and of each.

    `reused` counts how often verified answers have served, `verified` how many there are.
    """

    by_kind: Mapping[TaskKind, Pace]
    verified: int
    reused: int


class QueueFigures:
    """Counts."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    def of(self, person: Person) -> Figures:
        """The figures for one reviewer."""
        view = self._access.of_reviewer(person)
        now = self._store.now()
        answers = sa.select(sa.func.count(), sa.func.sum(verified_answers.c.reused)).where(
            verified_answers.c.state == "active", readable(view)
        )
        with self._store.read() as connection:
            waiting = connection.execute(_waiting(view, now)).all()
            decided = connection.execute(_decided(view, now)).all()
            verified, reused = connection.execute(answers).one()
        by_kind = {kind: _pace(_of_kind(waiting, kind), _of_kind(decided, kind)) for kind in TaskKind}
        whole = asdict(_pace(waiting, decided))
        return Figures(**whole, by_kind=by_kind, verified=verified, reused=reused or 0)


def _waiting(view: View, now: datetime) -> sa.Select[Any]:
    late = sa.func.sum(sa.case((review_tasks.c.due_at <= now, 1), else_=0)).label("late")
    oldest = sa.func.min(review_tasks.c.created_at).label("oldest")
    return (
        sa.select(review_tasks.c.kind, sa.func.count().label("open"), late, oldest)
        .where(alive(), view.reviewable())
        .group_by(review_tasks.c.kind)
    )


def _decided(view: View, now: datetime) -> sa.Select[Any]:
    columns = (review_tasks.c[name] for name in ("kind", "created_at", "decided_at", "decision"))
    judged = review_tasks.c.draft_text.is_not(None) & review_tasks.c.answered_with.is_(None)
    return (
        sa.select(*columns, judged.label("drafted"))
        .where(review_tasks.c.decided_at > now - WINDOW, view.readable())
        .order_by(review_tasks.c.decided_at.desc())
        .limit(COUNTED)
    )


def _of_kind(rows: Sequence[sa.Row[Any]], kind: TaskKind) -> list[sa.Row[Any]]:
    return [row for row in rows if row.kind == kind]


def _pace(waiting: Sequence[sa.Row[Any]], decided: Sequence[sa.Row[Any]]) -> Pace:
    times = [(row.decided_at - row.created_at).total_seconds() for row in decided]
    approved = [row.decision == Verdict.APPROVED for row in decided if row.drafted]
    return Pace(
        sum(row.open for row in waiting),
        sum(row.late for row in waiting),
        min((row.oldest for row in waiting), default=None),
        len(decided),
        statistics.median(times) if times else None,
        sum(approved) / len(approved) if approved else None,
    )
