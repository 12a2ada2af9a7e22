"""Equal questions: one decision answers all that wait in the same words.

The asker's own get what the asker gets. Those of others get what a verified answer would be served to:
it stands, its readers admit them, and the question is not for the asker's own record.

Who has said why a person is wanted waits for somebody who reads that. What a colleague works on, or is
kept for one, is left to that colleague. Between two reviewers the row decides: what another transaction
has locked is being answered, or claimed, there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import sqlalchemy as sa

from core.answering.answer import Answer
from core.review import arrival
from core.review.access import View, alive
from core.review.arrival import Arriving, Given
from core.review.queue import unclaimed
from core.review.store import Store
from core.review.tasks import WHOLE, Task, task_of
from core.review.verified import ACTIVE, outdated, question_key
from core.tables import people, review_tasks, verified_answers
from core.types import Readership

UNDECIDED = {
    "state": "open",
    "decision": None,
    "decided_by": None,
    "decided_at": None,
    "decision_reason": None,
    "override_reason": None,
    "given_text": None,
}
"""The values of a task that nobody has decided."""
NOBODY = Readership.of(())


class Equals:
    """Answers equal questions within the transaction of a decision, and takes that back.

    `about_oneself` tells a question for the asker's own record from one for a rule that holds for all.
    """

    def __init__(self, store: Store, about_oneself: Callable[[str], bool]) -> None:
        self._store = store
        self._about_oneself = about_oneself

    def answer(
        self, connection: sa.Connection, view: View, given: Given, verified_id: int | None
    ) -> list[Arriving]:
        """Resolve what waits in the same words, and give what arrives there.

        `verified_id` is the answer that the decision has put in force, if any. The answer's words are
        kept with the decided task alone: a reviewer of an equal question need not be a reader of its sources.
        """
        waiting = self._waiting(connection, view, given)
        readers = self._readers(connection, given, verified_id)
        departments = _departments(connection, waiting)
        arriving = []
        for task in waiting:
            answer = _to(task, given.answer)
            if task.asker_id == given.task.asker_id:
                answer = arrival.for_asker(connection, replace(given, answer=answer))
            elif readers.departments is not None and departments[task.asker_id] not in readers.departments:
                continue
            arriving.append(Arriving(task, answer))
        if arriving:
            connection.execute(_resolving(given, [each.task.id for each in arriving]))
        return arriving

    def take_back(self, connection: sa.Connection, task: Task) -> list[Task]:
        """Let what this task's decision has answered as well wait again; gives these tasks."""
        with_it = review_tasks.c.answered_with == task.id
        rows = connection.execute(WHOLE.where(with_it).order_by(review_tasks.c.id)).all()
        connection.execute(sa.update(review_tasks).where(with_it).values(answered_with=None, **UNDECIDED))
        return [task_of(row, self._store.now()) for row in rows]

    def _waiting(self, connection: sa.Connection, view: View, given: Given) -> list[Task]:
        query = (
            WHOLE.where(review_tasks.c.question_key == question_key(given.task.item.question))
            .where(alive(), unclaimed(view, given.at, own=True), review_tasks.c.id != given.task.id)
            .where(review_tasks.c.asker_id.is_not(None), review_tasks.c.reason.is_(None))
            .order_by(review_tasks.c.id)
            .with_for_update(of=review_tasks, skip_locked=True)
        )
        return [task_of(row, given.at) for row in connection.execute(query)]

    def _readers(self, connection: sa.Connection, given: Given, verified_id: int | None) -> Readership:
        """Who the answer would be served to from now on."""
        if verified_id is None or self._about_oneself(given.task.item.question):
            return NOBODY
        standing = sa.select(verified_answers.c.readers).where(
            verified_answers.c.id == verified_id, verified_answers.c.state == ACTIVE, ~outdated()
        )
        key = connection.scalar(standing)
        return NOBODY if key is None else Readership.from_key(key)


def _departments(connection: sa.Connection, tasks: Iterable[Task]) -> dict[int | None, str]:
    askers = {task.asker_id for task in tasks}
    query = sa.select(people.c.id, people.c.department_id).where(people.c.id.in_(askers))
    return {row.id: row.department_id for row in connection.execute(query)}


def _to(task: Task, answer: Answer) -> Answer:
    """The answer to this task's question: what it cost was paid once, and its notes are its own."""
    return replace(
        answer,
        question=task.item.question,
        notes=task.draft.notes if task.draft else (),
        failed=(),
        prompt_tokens=0,
        completion_tokens=0,
        cost_microusd=0,
    )


def _resolving(given: Given, ids: list[int]) -> sa.Update:
    return (
        sa.update(review_tasks)
        .where(review_tasks.c.id.in_(ids))
        .values(
            state="resolved",
            decision=given.verdict.value,
            decided_by=given.by.id,
            decided_at=given.at,
            answered_with=given.task.id,
            holder_id=None,
            lease_token=None,
            lease_until=None,
        )
    )
