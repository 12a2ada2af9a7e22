"""How a question gets into the queue: task, waiting message and journal entry in one transaction.

Each call may be repeated: one trace has one task of a kind, and so has one message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.answering.answer import Answer, Outcome
from core.errors import BadInput, NotFound
from core.journal.journal import Journal
from core.lengths import at_most
from core.review import notes
from core.review.outbox import Outbox
from core.review.record import act
from core.review.sources import passages_of, readers_of, sources_of
from core.review.store import Store, new_id
from core.review.tasks import NewTask, TaskKind, passage_json
from core.review.urgency import urgent_from
from core.review.verified import question_key
from core.tables import conversations, messages, review_sources, review_tasks
from core.types import Passage, Person

REASON_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Handed:
    """A task that waits for a person, and the asker's message that its answer arrives in."""

    task_id: int
    message_id: int


class Intake:
    """Makes tasks. `targets` says for each kind within which time a person should have decided."""

    def __init__(
        self, store: Store, journal: Journal, outbox: Outbox, targets: Mapping[TaskKind, timedelta]
    ) -> None:
        self._store = store
        self._journal = journal
        self._outbox = outbox
        self._targets = targets

    def hand_over(self, person: Person, conversation_id: int, new: NewTask) -> Handed:
        """A flagged draft: the asker gets a message that waits, and a reviewer gets the draft.

        Raises NotFound when the conversation is not the person's own.
        """
        return self._once(person, TaskKind.FLAGGED, conversation_id, None, new)

    def ask_person(
        self, person: Person, message_id: int, reason: str = "", passages: tuple[Passage, ...] = ()
    ) -> Handed:
        """The asker of this answer wants a person; `passages` are its evidence, if still known.

        Raises NotFound when it is not an answer in the person's own conversation.
        """
        return self._about(person, TaskKind.ASKED, message_id, reason, passages)

    def report(
        self, person: Person, message_id: int, reason: str, passages: tuple[Passage, ...] = ()
    ) -> Handed:
        """The asker says that this answer is wrong, and why; raises BadInput without a reason."""
        if not reason.strip():
            raise BadInput("Say what is wrong with the answer.")
        words = at_most(REASON_CHARS, reason, "A reason")
        return self._about(person, TaskKind.REPORTED, message_id, words, passages)

    def withdraw(self, person: Person, message_id: int) -> None:
        """The asker no longer waits for the answer in this message; nothing if it has arrived already."""
        with self._store.write() as connection:
            row = connection.execute(
                sa.update(review_tasks)
                .where(review_tasks.c.reply_id == message_id, review_tasks.c.asker_id == person.id)
                .where(review_tasks.c.state == "open")
                .values(state="withdrawn")
                .returning(*(review_tasks.c[name] for name in ("id", "trace_id", "question", "shown")))
            ).one_or_none()
            if row is None:
                return
            left = Answer(Outcome.NOT_FOUND, notes.WITHDRAWN_TEXT, (), row.question, 0.0)
            if row.shown is not None:
                left = Answer.from_json(row.shown["text"], row.shown)
            connection.execute(
                sa.update(messages)
                .where(messages.c.id == message_id)
                .values(text=left.text, answer=left.to_json())
            )
            self._journal.append_in(connection, act(row.trace_id, row.id, "withdrawn", person))

    def _about(
        self, person: Person, kind: TaskKind, message_id: int, reason: str, passages: tuple[Passage, ...]
    ) -> Handed:
        with self._store.read() as connection:
            row = connection.execute(
                sa.select(messages)
                .join(conversations, conversations.c.id == messages.c.conversation_id)
                .where(messages.c.id == message_id, messages.c.author == "assistant")
                .where(conversations.c.person_id == person.id)
            ).one_or_none()
            if row is None or row.answer is None:
                raise NotFound("There is no such answer in your conversations.")
            if row.answer["outcome"] == notes.WAITING:
                raise BadInput("A colleague will answer this already.")
            given = notes.answer_of(row.text, row.answer)
            evidence = passages or passages_of(connection, given.citations)
        draft = given if given.outcome is Outcome.ANSWERED else None
        confidence, signs = notes.judgement_of(row.answer)
        words = reason.strip()[:REASON_CHARS]
        new = NewTask(row.trace_id, given.question, draft, (), confidence, evidence, words, signs)
        return self._once(person, kind, row.conversation_id, message_id, new)

    def _once(
        self, person: Person, kind: TaskKind, conversation_id: int, about: int | None, new: NewTask
    ) -> Handed:
        same = sa.and_(review_tasks.c.trace_id == new.trace_id, review_tasks.c.kind == kind.value)
        names = ("id", "reply_id", "state")
        earlier = sa.select(*(review_tasks.c[name] for name in names)).where(same)
        try:
            with self._store.write() as connection:
                _check_owner(connection, person, conversation_id)
                row = connection.execute(earlier).one_or_none()
                if row is None:
                    return self._new(connection, person, kind, conversation_id, about, new)
                if about is not None and row.state == "withdrawn" and row.reply_id is not None:
                    self._again(connection, person, kind, row, new)
        except IntegrityError:
            # Another process handed the same question over at the same moment.
            with self._store.read() as connection:
                row = connection.execute(earlier).one()
        if about is not None and row.state == "resolved":
            raise BadInput("A colleague has answered this already, further down in this conversation.")
        return Handed(row.id, row.reply_id)

    def _again(
        self, connection: sa.Connection, person: Person, kind: TaskKind, row: sa.Row[Any], new: NewTask
    ) -> None:
        """Let a withdrawn task wait again, from now on, for the answer in the same message."""
        now = self._store.now()
        task = sa.update(review_tasks).where(review_tasks.c.id == row.id)
        connection.execute(
            task.values(
                state="open",
                reason=new.reason or None,
                created_at=now,
                urgent_from=urgent_from(now, kind, new.confidence, new.findings),
                due_at=now + self._targets[kind],
                holder_id=None,
                lease_token=None,
                lease_until=None,
            )
        )
        text, waiting = notes.waiting(kind, row.id, new.question, now, new.shown)
        message = sa.update(messages).where(messages.c.id == row.reply_id)
        connection.execute(message.values(text=text, answer=waiting))
        self._outbox.waits(connection, row.id, kind, person.department, now + self._targets[kind], now)
        self._journal.append_in(connection, act(new.trace_id, row.id, kind.value, person, again=True))

    def _new(
        self,
        connection: sa.Connection,
        person: Person,
        kind: TaskKind,
        conversation_id: int,
        about: int | None,
        new: NewTask,
    ) -> Handed:
        now = self._store.now()
        sources = sources_of(new.draft.citations if new.draft else (), new.passages)
        reply = new_id(
            connection,
            sa.insert(messages).values(
                conversation_id=conversation_id,
                author="assistant",
                text="",
                trace_id=new.trace_id,
                created_at=now,
            ),
        )
        values = {
            "asker_id": person.id,
            "department_id": person.department,
            "conversation_id": conversation_id,
            "message_id": about or reply,
            "reply_id": reply,
            "readers": readers_of(connection, sources, person.department),
        }
        task = self.insert(connection, kind, new, sources, values)
        text, waiting = notes.waiting(kind, task, new.question, now, new.shown)
        connection.execute(
            sa.update(messages).where(messages.c.id == reply).values(text=text, answer=waiting)
        )
        connection.execute(
            sa.update(conversations).where(conversations.c.id == conversation_id).values(updated_at=now)
        )
        rules = [finding.rule for finding in new.findings]
        record = act(new.trace_id, task, kind.value, person, rules=rules, confidence=new.confidence)
        self._journal.append_in(connection, record)
        return Handed(task, reply)

    def insert(
        self,
        connection: sa.Connection,
        kind: TaskKind,
        new: NewTask,
        sources: Mapping[int, int],
        values: Mapping[str, Any],
    ) -> int:
        """Insert a task with its sources and its notification, and return its id; for core itself."""
        now = self._store.now()
        due = now + self._targets[kind]
        task = new_id(
            connection,
            sa.insert(review_tasks).values(
                kind=kind.value,
                state="open",
                trace_id=new.trace_id,
                question=new.question,
                question_key=question_key(new.question),
                reason=new.reason or None,
                draft_text=new.draft.text if new.draft else None,
                draft=new.draft.to_json() if new.draft else None,
                findings=[asdict(finding) for finding in new.findings],
                confidence=new.confidence,
                signs=asdict(new.signs) if new.signs else None,
                shown=new.shown.to_json() | {"text": new.shown.text} if new.shown else None,
                passages=[passage_json(passage) for passage in new.passages],
                created_at=now,
                urgent_from=urgent_from(now, kind, new.confidence, new.findings),
                due_at=due,
                **values,
            ),
        )
        if sources:
            rows = [{"task_id": task, "document_id": d, "version_id": v} for d, v in sources.items()]
            connection.execute(sa.insert(review_sources), rows)
        self._outbox.waits(connection, task, kind, values["department_id"], due, now)
        return task


def _check_owner(connection: sa.Connection, person: Person, conversation_id: int) -> None:
    owner = sa.select(conversations.c.person_id).where(conversations.c.id == conversation_id)
    if connection.scalar(owner) != person.id:
        raise NotFound("There is no such conversation, or it is not yours.")
