"""Why an act on a task changed nothing, in a sentence that says who did what."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.errors import AnswerdeskError, Busy, NotFound
from core.review.access import View
from core.review.tasks import WHOLE, Task, TaskState, Verdict, task_of
from core.tables import review_tasks

HIDDEN = "There is no such question, or you may not see it."
DONE = {
    Verdict.APPROVED: "approved this answer",
    Verdict.EDITED: "edited and approved this answer",
    Verdict.NOT_IN_DOCUMENTS: 'answered "not in our documents"',
    Verdict.REJECTED: "rejected this answer",
}


def refusal(connection: sa.Connection, view: View, task_id: int, now: datetime) -> AnswerdeskError:
    """The error for somebody who came too late, or may not act at all."""
    row = connection.execute(WHOLE.where(review_tasks.c.id == task_id, view.reviewable())).one_or_none()
    if row is None:
        return NotFound(HIDDEN)
    task = task_of(row, now)
    return Busy(_sentence(task, view.person.id, now))


def _sentence(task: Task, own_id: int, now: datetime) -> str:
    if task.verdict is not None:
        who = "You have" if task.decided_by_id == own_id else f"{task.decided_by} has"
        return f"{who} already {DONE[task.verdict]}. Nothing was changed."
    if task.item.state is TaskState.WITHDRAWN or (task.reply_id is None and task.asker_id is not None):
        return "The person who asked no longer waits for an answer. Nothing was changed."
    if task.holder_id is not None and task.holder_id != own_id and task.lease_until is not None:
        minutes = max(1, round((task.lease_until - now).total_seconds() / 60))
        return f"{task.item.holder} is working on this question, for {minutes} more min at least."
    if task.item.assigned_to is not None:
        return f"This question is kept for {task.item.assigned_to}."
    return "Your claim on this question has run out. Claim it again; nothing was changed."
