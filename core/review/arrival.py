"""What a decision changes beside the task: the asker's message, the verified answer, the regression case.

Every function works within the transaction of the decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.answering.answer import Answer, Outcome
from core.review import notes, regressions, verifying
from core.review.given import closed_to_asker
from core.review.sources import readers_of, sources_of
from core.review.tasks import Task, Verdict
from core.tables import conversations, messages, people
from core.types import Person, Readership

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


@dataclass(frozen=True, slots=True)
class Arriving:
    """An answer on its way into the message of a task."""

    task: Task
    answer: Answer


def for_asker(connection: sa.Connection, given: Given) -> Answer:
    """The answer, or a word that its sources have been closed to the asker since."""
    return given.answer if _may_read(connection, given) else closed_to_asker(given.answer)


def deliver(connection: sa.Connection, arriving: Iterable[Arriving], at: datetime) -> None:
    """Put each answer into its asker's message, and mark the conversation unread."""
    # In one order for all: two decisions may have answers for the same two conversations.
    for each in sorted(arriving, key=lambda each: each.task.conversation_id or 0):
        task, answer = each.task, each.answer
        if task.reply_id is None:
            continue
        _set_message(connection, task.reply_id, answer.text, answer.to_json())
        connection.execute(
            sa.update(conversations)
            .where(conversations.c.id == task.conversation_id)
            .values(unread=True, updated_at=at)
        )


def remember(connection: sa.Connection, given: Given) -> int | None:
    """Make, renew or retire verified answers, and keep a correction as a case for the benchmark.

    Gives the id of the verified answer that the decision has put in force, if any.
    """
    task, answer, by, at = given.task, given.answer, given.by, given.at
    approves = given.verdict in VERIFYING
    in_force = None
    if task.verified_id is None:
        verifying.disown(connection, task, answer)
        in_force = verifying.verify(connection, task, answer, by, at) if approves else None
    elif approves:
        in_force = verifying.verify_again(connection, task.verified_id, task, answer, by, at)
    else:
        verifying.retire(connection, task.verified_id, task.id)
    if given.verdict in CORRECTING:
        regressions.keep(connection, task, answer, at)
    return in_force


def take_back(connection: sa.Connection, task: Task) -> None:
    """Undo `deliver` and `remember`; `task` as it was before the undoing."""
    wait_again(connection, task)
    regressions.drop(connection, task.id)
    verifying.take_back(connection, task)


def wait_again(connection: sa.Connection, task: Task) -> None:
    """Undo `deliver` for one task."""
    if task.reply_id is not None:
        item = task.item
        waiting = notes.waiting(item.kind, item.id, item.question, item.created_at, task.shown)
        _set_message(connection, task.reply_id, *waiting)


def _may_read(connection: sa.Connection, given: Given) -> bool:
    """Whether the asker may read what the answer rests on, by their department and the readers of now."""
    task, answer = given.task, given.answer
    asker = sa.select(people.c.department_id).where(people.c.id == task.asker_id)
    department = connection.scalar(asker)
    sources = sources_of(answer.citations) or sources_of((), task.evidence)
    if department is None or answer.outcome is not Outcome.ANSWERED or not sources:
        return True
    allowed = Readership.from_key(readers_of(connection, sources, department)).departments
    return allowed is None or department in allowed


def _set_message(connection: sa.Connection, message_id: int, text: str, answer: dict[str, Any]) -> None:
    connection.execute(
        sa.update(messages).where(messages.c.id == message_id).values(text=text, answer=answer)
    )
