"""How the queue is doing, over what this reviewer may see, so that a count tells nothing else."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from core.review.access import Access, alive
from core.review.store import Store
from core.review.tasks import Verdict
from core.review.verified import readable
from core.tables import review_tasks, verified_answers
from core.types import Person

WINDOW = timedelta(days=30)
COUNTED = 5_000


@dataclass(frozen=True, slots=True)
class Figures:
    """The queue now, and the last 30 days.

    `median_s` is the time from question to decision; `agreement` the share of drafts that were
    approved as they were; both None while nothing was decided. `reused` counts how often verified
    answers have served, `verified` how many there are.
    """

    open: int
    late: int
    decided: int
    median_s: float | None
    agreement: float | None
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
        late = sa.func.sum(sa.case((review_tasks.c.due_at <= now, 1), else_=0))
        waiting = sa.select(sa.func.count(), late).select_from(review_tasks)
        columns = (review_tasks.c.created_at, review_tasks.c.decided_at, review_tasks.c.decision)
        decided = (
            sa.select(*columns, review_tasks.c.draft_text.is_not(None).label("drafted"))
            .where(review_tasks.c.decided_at > now - WINDOW, view.readable())
            .order_by(review_tasks.c.decided_at.desc())
            .limit(COUNTED)
        )
        answers = sa.select(sa.func.count(), sa.func.sum(verified_answers.c.reused)).where(
            verified_answers.c.state == "active", readable(view)
        )
        with self._store.read() as connection:
            open_count, late_count = connection.execute(waiting.where(alive(), view.reviewable())).one()
            rows = connection.execute(decided).all()
            verified, reused = connection.execute(answers).one()
        times = [(row.decided_at - row.created_at).total_seconds() for row in rows]
        drafted = [row.decision == Verdict.APPROVED for row in rows if row.drafted]
        return Figures(
            open_count,
            late_count or 0,
            len(rows),
            statistics.median(times) if times else None,
            sum(drafted) / len(drafted) if drafted else None,
            verified,
            reused or 0,
        )
