"""How a decision makes, renews and retires verified answers, within its transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.answering.answer import Answer, Outcome
from core.errors import BadInput
from core.review.sources import readers_of, rebound, sources_of
from core.review.store import new_id
from core.review.tasks import Task, TaskKind
from core.review.verified import ACTIVE, RETIRED, SUSPENDED, bind, forget_words, question_key
from core.tables import review_sources, review_tasks, verified_answers
from core.types import Person


def verify(connection: sa.Connection, task: Task, answer: Answer, by: Person, at: datetime) -> int | None:
    """Make the answer a verified one in the place of an earlier one for the same readers; gives its id.

    An answer without any source is bound to nothing, so it serves its asker only.
    """
    sources = sources_of(answer.citations) or sources_of((), task.evidence)
    if not sources or answer.outcome is not Outcome.ANSWERED:
        return None
    own_department = sa.select(review_tasks.c.department_id).where(review_tasks.c.id == task.id)
    department = str(connection.scalar(own_department))
    key, readers = question_key(task.item.question), readers_of(connection, sources, department)
    same = sa.and_(verified_answers.c.question_key == key, verified_answers.c.readers == readers)
    _retire(connection, same, task.id)
    verified_id = new_id(
        connection,
        sa.insert(verified_answers).values(
            question=task.item.question,
            question_key=key,
            readers=readers,
            department_id=department,
            reused=0,
            **_content(task, answer, by, at),
        ),
    )
    bind(connection, verified_id, sources)
    connection.execute(
        sa.update(review_tasks).where(review_tasks.c.id == task.id).values(verified_id=verified_id)
    )
    return verified_id


def verify_again(
    connection: sa.Connection, verified_id: int, task: Task, answer: Answer, by: Person, at: datetime
) -> int:
    """Let a stale answer stand again, on the versions that the reviewer saw; gives its id."""
    query = sa.select(review_sources.c.document_id, review_sources.c.version_id)
    rows = connection.execute(query.where(review_sources.c.task_id == task.id))
    sources = {row.document_id: row.version_id for row in rows}
    if not sources:
        raise BadInput("None of the sources of this answer exists any more. Choose another decision.")
    answer = rebound(connection, answer, sources)
    cited = {citation.document_id for citation in answer.citations}
    kept = {document: version for document, version in sources.items() if document in cited} or sources
    values: dict[str, Any] = _content(task, answer, by, at)
    readers = readers_of(connection, kept, by.department)
    connection.execute(
        sa.update(verified_answers)
        .where(verified_answers.c.id == verified_id)
        .values(readers=readers, **values)
    )
    forget_words(connection, verified_answers.c.id == verified_id)
    bind(connection, verified_id, kept)
    return verified_id


def disown(connection: sa.Connection, task: Task, answer: Answer) -> None:
    """Retire the verified answer that the draft was, where this decision says something else."""
    draft = task.draft
    if draft is None or draft.verified is None or draft.text == answer.text:
        return
    given_by = sa.select(review_tasks.c.verified_id).where(review_tasks.c.id == draft.verified.task)
    same_words = sa.and_(
        verified_answers.c.question_key == question_key(task.item.question),
        verified_answers.c.text == draft.text,
    )
    _retire(connection, same_words | (verified_answers.c.id == given_by.scalar_subquery()), task.id)


def retire(connection: sa.Connection, verified_id: int, task_id: int) -> None:
    """Let a suspended answer serve no more."""
    connection.execute(
        sa.update(verified_answers)
        .where(verified_answers.c.id == verified_id)
        .values(state=RETIRED, retired_by=task_id)
    )


def take_back(connection: sa.Connection, task: Task) -> None:
    """Undo all of it; `task` as it was before the undoing."""
    verified = verified_answers.c.id == task.verified_id
    if task.verified_id is not None and task.item.kind is not TaskKind.STALE:
        connection.execute(
            sa.update(review_tasks).where(review_tasks.c.id == task.id).values(verified_id=None)
        )
        # Not deleted: a task about its changed source may point to it.
        connection.execute(sa.update(verified_answers).where(verified).values(state=RETIRED))
    elif task.verified_id is not None and task.draft is not None:
        connection.execute(
            sa.update(verified_answers)
            .where(verified)
            .values(state=SUSPENDED, retired_by=None, text=task.draft.text, answer=task.draft.to_json())
        )
        forget_words(connection, verified)
    connection.execute(
        sa.update(verified_answers)
        .where(verified_answers.c.retired_by == task.id)
        .values(state=ACTIVE, retired_by=None)
    )


def _retire(connection: sa.Connection, which: sa.ColumnElement[bool], task_id: int) -> None:
    connection.execute(
        sa.update(verified_answers)
        .where(which, verified_answers.c.state == ACTIVE)
        .values(state=RETIRED, retired_by=task_id)
    )


def _content(task: Task, answer: Answer, by: Person, at: datetime) -> dict[str, Any]:
    # Notes are the asker's alone: they may name documents that not all readers of the cited ones may read.
    kept = replace(answer, question=task.item.question, notes=())
    return {
        "state": ACTIVE,
        "text": answer.text,
        "answer": kept.to_json(),
        "verified_by": by.id,
        "verified_at": at,
    }
