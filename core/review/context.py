"""The conversation around a question, as a reviewer may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.review.access import Access
from core.review.notes import WAITING
from core.review.store import Store
from core.review.tasks import Task
from core.tables import documents, messages
from core.types import Person

LIMIT = 20


@dataclass(frozen=True, slots=True)
class Said:
    """A message; `text` is None where it rests on documents that the reviewer may not read."""

    author: str
    text: str | None
    at: datetime


class Context:
    """Reads the conversation of a task that the reviewer has opened."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    def conversation(self, person: Person, task: Task) -> list[Said]:
        """What was said up to the question, oldest first, at most 20 messages.

        An answer shows only if each document that it cites is there and may be read by the reviewer.
        """
        view = self._access.of_reviewer(person)
        if task.conversation_id is None or task.reply_id is None:
            return []
        query = (
            sa.select(messages)
            .where(messages.c.conversation_id == task.conversation_id, messages.c.id < task.reply_id)
            .order_by(messages.c.id.desc())
            .limit(LIMIT)
        )
        with self._store.read() as connection:
            rows = [row for row in connection.execute(query) if not _waits(row.answer)]
            cited = {row.id: _documents(row.answer) for row in rows}
            wanted = set().union(*cited.values())
            readable = set(
                connection.scalars(
                    sa.select(documents.c.id).where(
                        documents.c.id.in_(wanted), documents.c.readers.in_(sorted(view.groups))
                    )
                )
            )
        return [
            Said(row.author, row.text if cited[row.id] <= readable else None, row.created_at)
            for row in reversed(rows)
        ]


def _waits(answer: dict[str, object] | None) -> bool:
    return answer is not None and answer.get("outcome") == WAITING


def _documents(answer: dict[str, list[dict[str, int]]] | None) -> set[int]:
    return {citation["document_id"] for citation in answer["citations"]} if answer else set()
