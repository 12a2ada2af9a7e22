"""What decisions say about drafts: how sure the program was, and whether it was right.

Numbers only, no words of anybody: the confidence is fitted anew from them, for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.answering.calibration import Judged
from core.answering.confidence import ConfidenceModel, Signs
from core.review.store import Store
from core.review.tasks import TaskKind, Verdict
from core.tables import review_tasks

NEWEST = 2_000


@dataclass(frozen=True, slots=True)
class Lesson:
    """A decided draft: what was known of it at the time, and whether it was approved as it stood."""

    signs: Signs | None
    confidence: float | None
    right: bool
    decided_at: datetime


class Lessons:
    """Reads decided drafts, newest first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def recent(self, limit: int = NEWEST) -> list[Lesson]:
        """Answers of the program to a person's question that a reviewer has approved, or has not.

        Left out are stale ones: those were right when they were given; and those that were answered with
        an equal question: nobody has judged their drafts.
        """
        names = ("signs", "confidence", "decision", "decided_at")
        query = (
            sa.select(*(review_tasks.c[name] for name in names))
            .where(review_tasks.c.state == "resolved", review_tasks.c.kind != TaskKind.STALE.value)
            .where(review_tasks.c.draft_text.is_not(None), review_tasks.c.answered_with.is_(None))
            .order_by(review_tasks.c.decided_at.desc())
            .limit(limit)
        )
        with self._store.read() as connection:
            rows = connection.execute(query).all()
        return [
            Lesson(
                Signs(**row.signs) if row.signs else None,
                row.confidence,
                row.decision == Verdict.APPROVED,
                row.decided_at,
            )
            for row in rows
        ]

    def judged(self, model: ConfidenceModel, limit: int = NEWEST) -> list[Judged]:
        """The drafts with known signs, as the calibration takes them."""
        return [Judged(model.score(each.signs), each.right) for each in self.recent(limit) if each.signs]

    def pairs(self, limit: int = 200) -> list[tuple[float, bool]]:
        """Confidence and outcome of the newest decided drafts, to see whether they still fit."""
        recent = self.recent(limit)
        return [(each.confidence, each.right) for each in recent if each.confidence is not None]
