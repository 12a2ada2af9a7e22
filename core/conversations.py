"""Conversations: kept for their owner, and open to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.database import Database
from core.errors import BadInput, NotFound
from core.lengths import at_most
from core.tables import conversations, messages
from core.types import Person

TITLE_CHARS = 80
REASON_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as the list shows it."""

    id: int
    title: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A question (`author` is "person") or an answer ("assistant"), whose details are in `answer`."""

    id: int
    author: str
    text: str
    answer: dict[str, Any] | None
    trace_id: str
    created_at: datetime
    rating: int | None
    rating_reason: str | None


class Conversations:
    """Reads and writes conversations; every call checks that they are the caller's own."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def start(self, person: Person, question: str) -> int:
        """A new conversation, titled after its first question."""
        now = self._clock()
        with self._database.write() as connection:
            key = connection.execute(
                sa.insert(conversations).values(
                    person_id=person.id, title=_title(question), created_at=now, updated_at=now
                )
            ).inserted_primary_key
        if key is None:
            raise RuntimeError("the database gave no id for a new conversation")
        return int(key[0])

    def list(self, person: Person, search: str = "", limit: int = 50) -> list[Conversation]:
        """The person's conversations, newest first; `search` looks into titles and messages."""
        query = sa.select(conversations).where(conversations.c.person_id == person.id)
        if search.strip():
            text = search.strip()
            said = sa.select(messages.c.id).where(
                messages.c.conversation_id == conversations.c.id,
                messages.c.text.icontains(text, autoescape=True),
            )
            query = query.where(conversations.c.title.icontains(text, autoescape=True) | said.exists())
        with self._database.read() as connection:
            rows = connection.execute(
                query.order_by(conversations.c.updated_at.desc(), conversations.c.id.desc()).limit(limit)
            ).all()
        return [Conversation(row.id, row.title, row.updated_at) for row in rows]

    def messages(self, person: Person, conversation_id: int) -> tuple[StoredMessage, ...]:
        """Everything that was said, oldest first; NotFound when it is not the person's own."""
        with self._database.read() as connection:
            _check_owner(connection, person, conversation_id)
            rows = connection.execute(
                sa.select(messages)
                .where(messages.c.conversation_id == conversation_id)
                .order_by(messages.c.id)
            ).all()
        return tuple(
            StoredMessage(
                row.id,
                row.author,
                row.text,
                row.answer,
                row.trace_id,
                row.created_at,
                row.rating,
                row.rating_reason,
            )
            for row in rows
        )

    def add(
        self,
        person: Person,
        conversation_id: int,
        author: str,
        text: str,
        trace_id: str,
        answer: dict[str, Any] | None = None,
        also: Callable[[sa.Connection, int], object] = lambda connection, message_id: None,
    ) -> int:
        """Append a message and return its id; NotFound when the conversation is not the person's own.

        `also` is called last, with that id: what it writes is committed with the message, or not at all.
        """
        now = self._clock()
        with self._database.write() as connection:
            _check_owner(connection, person, conversation_id)
            key = connection.execute(
                sa.insert(messages).values(
                    conversation_id=conversation_id,
                    author=author,
                    text=text,
                    answer=answer,
                    trace_id=trace_id,
                    created_at=now,
                )
            ).inserted_primary_key
            connection.execute(
                sa.update(conversations).where(conversations.c.id == conversation_id).values(updated_at=now)
            )
            if key is None:
                raise RuntimeError("the database gave no id for a new message")
            also(connection, int(key[0]))
        return int(key[0])

    def rename(self, person: Person, conversation_id: int, title: str) -> None:
        """Give the conversation another title."""
        if not title.strip():
            raise BadInput("A conversation needs a title.")
        self._change(person, conversation_id, sa.update(conversations).values(title=_title(title)))

    def delete(self, person: Person, conversation_id: int) -> None:
        """Delete the conversation with all its messages."""
        self._change(person, conversation_id, sa.delete(conversations))

    def rate(self, person: Person, message_id: int, rating: int | None, reason: str = "") -> None:
        """Note a thumb (1 up, -1 down, None taken back) on an answer, with the reason if one is given.

        Raises BadInput for a reason that is too long.
        """
        own = sa.select(conversations.c.id).where(conversations.c.person_id == person.id)
        reason = at_most(REASON_CHARS, reason, "A reason")
        with self._database.write() as connection:
            changed = connection.execute(
                sa.update(messages)
                .where(messages.c.id == message_id, messages.c.author == "assistant")
                .where(messages.c.conversation_id.in_(own))
                .values(rating=rating, rating_reason=reason or None)
            ).rowcount
        if not changed:
            raise NotFound("There is no such answer in your conversations.")

    def _change(self, person: Person, conversation_id: int, statement: sa.Update | sa.Delete) -> None:
        with self._database.write() as connection:
            changed = connection.execute(
                statement.where(conversations.c.id == conversation_id, conversations.c.person_id == person.id)
            ).rowcount
        if not changed:
            raise NotFound("There is no such conversation, or it is not yours.")


def _check_owner(connection: sa.Connection, person: Person, conversation_id: int) -> None:
    owner = connection.scalar(
        sa.select(conversations.c.person_id).where(conversations.c.id == conversation_id)
    )
    if owner != person.id:
        raise NotFound("There is no such conversation, or it is not yours.")


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1].rstrip() + "…"
