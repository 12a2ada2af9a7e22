"""What a decision changes beside the task: the asker's message, the verified answer, the regression case.

Every function works within the transaction of the decision.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.answering.answer import Answer, Outcome
from core.errors import BadInput
from core.review import notes
from core.review.sources import readers_of, rebound, sources_of
from core.review.store import new_id
from core.review.tasks import Task, TaskKind, Verdict
from core.review.verified import ACTIVE, RETIRED, SUSPENDED, bind, question_key
from core.tables import (
    conversations,
    documents,
    messages,
    regression_cases,
    review_sources,
    review_tasks,
    verified_answers,
)
from core.types import Passage, Person

VERIFYING = frozenset({Verdict.APPROVED, Verdict.EDITED})
CORRECTING = frozenset({Verdict.EDITED, Verdict.NOT_IN_DOCUMENTS})


@dataclass(frozen=True, slots=True)
class Given:
    """A decision as it is being written: the task as it was, the answer, who decided what, and when."""

    task: Task
    answer: Answer
    verdict: Verdict
    by: Person
    at: datetime


def deliver(connection: sa.Connection, given: Given) -> None:
    """Put the answer into the asker's message, and mark the conversation unread."""
    task = given.task
    if task.reply_id is None:
        return
    note = notes.arrived(given.answer, task.id, given.verdict, given.by.name, given.at)
    _set_message(connection, task.reply_id, given.answer.text, note)
    connection.execute(
        sa.update(conversations)
        .where(conversations.c.id == task.conversation_id)
        .values(unread=True, updated_at=given.at)
    )


def remember(connection: sa.Connection, given: Given) -> None:
    """Make or renew the verified answer, and keep a correction as a case for the benchmark."""
    if given.task.verified_id is not None:
        _verify_again(connection, given, given.task.verified_id)
    elif given.verdict in VERIFYING:
        _verify(connection, given)
    if given.verdict in CORRECTING:
        _keep_case(connection, given)


def take_back(connection: sa.Connection, task: Task) -> None:
    """Undo `deliver` and `remember`; `task` as it was before the undoing."""
    if task.reply_id is not None:
        kind = task.item.kind
        note = notes.waiting(kind, task.id, task.item.question, task.item.created_at)
        _set_message(connection, task.reply_id, notes.WAITING_TEXT[kind], note)
    connection.execute(sa.delete(regression_cases).where(regression_cases.c.task_id == task.id))
    if task.verified_id is None:
        return
    verified = verified_answers.c.id == task.verified_id
    if task.item.kind is not TaskKind.STALE:
        connection.execute(
            sa.update(review_tasks).where(review_tasks.c.id == task.id).values(verified_id=None)
        )
        connection.execute(sa.delete(verified_answers).where(verified))
    elif task.draft is not None:
        connection.execute(
            sa.update(verified_answers)
            .where(verified)
            .values(state=SUSPENDED, text=task.draft.text, answer=task.draft.to_json())
        )


def _verify(connection: sa.Connection, given: Given) -> None:
    """An answer without any source is bound to nothing, so it serves its asker only."""
    task = given.task
    sources = sources_of(given.answer.citations) or sources_of((), task.evidence)
    if not sources or given.answer.outcome is not Outcome.ANSWERED:
        return
    department = connection.scalar(
        sa.select(review_tasks.c.department_id).where(review_tasks.c.id == task.id)
    )
    verified = new_id(
        connection,
        sa.insert(verified_answers).values(
            question=task.item.question,
            question_key=question_key(task.item.question),
            readers=readers_of(connection, sources, str(department)),
            department_id=department,
            reused=0,
            **_content(given, given.answer),
        ),
    )
    bind(connection, verified, sources)
    connection.execute(
        sa.update(review_tasks).where(review_tasks.c.id == task.id).values(verified_id=verified)
    )


def _verify_again(connection: sa.Connection, given: Given, verified_id: int) -> None:
    """A stale answer stands again, on the versions that the reviewer saw, or is retired."""
    if given.verdict not in VERIFYING:
        connection.execute(
            sa.update(verified_answers).where(verified_answers.c.id == verified_id).values(state=RETIRED)
        )
        return
    query = sa.select(review_sources.c.document_id, review_sources.c.version_id)
    rows = connection.execute(query.where(review_sources.c.task_id == given.task.id))
    sources = {row.document_id: row.version_id for row in rows}
    if not sources:
        raise BadInput("None of the sources of this answer exists any more. Choose another decision.")
    answer = rebound(connection, given.answer, sources)
    cited = {citation.document_id for citation in answer.citations}
    kept = {document: version for document, version in sources.items() if document in cited} or sources
    values: dict[str, Any] = _content(given, answer)
    readers = readers_of(connection, kept, given.by.department)
    connection.execute(
        sa.update(verified_answers)
        .where(verified_answers.c.id == verified_id)
        .values(readers=readers, **values)
    )
    bind(connection, verified_id, kept)


def _content(given: Given, answer: Answer) -> dict[str, Any]:
    return {
        "state": ACTIVE,
        "text": answer.text,
        "answer": replace(answer, question=given.task.item.question).to_json(),
        "verified_by": given.by.id,
        "verified_at": given.at,
    }


def _keep_case(connection: sa.Connection, given: Given) -> None:
    """Names of documents, not ids: the case is asked of another database, too."""
    task = given.task
    by_chunk = {passage.chunk.id: passage for passage in task.evidence}
    cited = [by_chunk[c.chunk_id] for c in given.answer.citations if c.chunk_id in by_chunk]
    names = _names(connection, cited)
    connection.execute(
        sa.insert(regression_cases).values(
            task_id=task.id,
            question=task.item.question,
            outcome=given.answer.outcome.value,
            expected=given.answer.text,
            sources=[
                {"document": names.get(p.chunk.document_id, p.chunk.title), "text": p.chunk.text}
                for p in cited
            ],
            readers=task.readers,
            created_at=given.at,
        )
    )


def _names(connection: sa.Connection, passages: list[Passage]) -> dict[int, str]:
    ids = {passage.chunk.document_id for passage in passages}
    rows = connection.execute(sa.select(documents.c.id, documents.c.name).where(documents.c.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _set_message(connection: sa.Connection, message_id: int, text: str, answer: dict[str, Any]) -> None:
    connection.execute(
        sa.update(messages).where(messages.c.id == message_id).values(text=text, answer=answer)
    )
