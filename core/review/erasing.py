"""A deleted document's words go from the queue as well: what is kept says that there was a question."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from core.review.sources import sources_of
from core.review.store import Store
from core.review.tasks import passage_of
from core.review.verified import forget_words
from core.tables import regression_cases, review_sources, review_tasks, verified_answers, verified_sources


class Erasing:
    """Takes out of tasks, verified answers and regression cases what was taken from a document."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def erase(self, document_id: int) -> int:
        """Erase it for good, in one transaction; gives the number of tasks and verified answers changed.

        Questions stay, and so does who decided what: an open task can still be answered.
        """
        using = sa.select(review_sources.c.task_id).where(review_sources.c.document_id == document_id)
        resting = sa.select(verified_sources.c.verified_id).where(
            verified_sources.c.document_id == document_id
        )
        tasks = sa.select(review_tasks.c.id, review_tasks.c.passages).where(review_tasks.c.id.in_(using))
        with self._store.write() as connection:
            rows = connection.execute(tasks).all()
            for row in rows:
                self._erase_task(connection, row.id, row.passages, document_id)
            connection.execute(sa.delete(regression_cases).where(regression_cases.c.task_id.in_(using)))
            answers = connection.execute(
                sa.update(verified_answers).where(verified_answers.c.id.in_(resting)).values(text="")
            ).rowcount
            forget_words(connection, verified_answers.c.id.in_(resting))
        return len(rows) + answers

    def _erase_task(
        self, connection: sa.Connection, task_id: int, passages: Iterable[dict[str, Any]], document_id: int
    ) -> None:
        kept = [each for each in passages if document_id not in sources_of((), [passage_of(each)])]
        connection.execute(
            sa.update(review_tasks)
            .where(review_tasks.c.id == task_id)
            .values(passages=kept, draft=sa.null(), draft_text=None, shown=None, given_text=None)
        )
