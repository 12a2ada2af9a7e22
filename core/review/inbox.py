"""The asker's side: what still waits, until when, and which conversations have news."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.review.access import Access, alive
from core.review.store import Store
from core.review.tasks import TaskKind
from core.tables import conversations, review_tasks
from core.types import Person


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question of the asker that a person will answer.

    `is_next` says that none is before it of the questions whose sources the asker may read, so that it
    tells nothing about what other departments ask. How many are before it is not told: more urgent ones
    overtake, and the number would grow. `being_answered` is true while a reviewer works on it.
    """

    task_id: int
    message_id: int
    kind: TaskKind
    is_next: bool
    due_at: datetime
    being_answered: bool


class Inbox:
    """Reads what concerns the asker; nobody sees anything of another person's."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    def waiting(self, person: Person, conversation_id: int) -> dict[int, Waiting]:
        """What waits in one conversation, by the message that the answer will arrive in."""
        now = self._store.now()
        view = self._access.of(person)
        other = review_tasks.alias("other")
        mine = sa.select(review_tasks).where(
            alive(), review_tasks.c.asker_id == person.id, review_tasks.c.conversation_id == conversation_id
        )
        found = {}
        with self._store.read() as connection:
            for row in connection.execute(mine):
                earlier = (other.c.urgent_from < row.urgent_from) | (
                    (other.c.urgent_from == row.urgent_from) & (other.c.id < row.id)
                )
                ahead = sa.select(other.c.id).where(alive(other), earlier, view.admitted(other.c.readers))
                is_next = not connection.scalar(sa.select(ahead.exists()))
                held = row.lease_until is not None and row.lease_until > now
                found[row.reply_id] = Waiting(
                    row.id, row.reply_id, TaskKind(row.kind), is_next, row.due_at, held
                )
        return found

    def unread(self, person: Person) -> frozenset[int]:
        """The person's conversations with an answer that they have not opened yet."""
        query = sa.select(conversations.c.id).where(
            conversations.c.person_id == person.id, conversations.c.unread
        )
        with self._store.read() as connection:
            return frozenset(connection.scalars(query))

    def mark_read(self, person: Person, conversation_id: int) -> None:
        """The person has the conversation before their eyes; costs no write when it was read before."""
        if conversation_id not in self.unread(person):
            return
        with self._store.write() as connection:
            connection.execute(
                sa.update(conversations)
                .where(conversations.c.id == conversation_id, conversations.c.person_id == person.id)
                .values(unread=False)
            )
