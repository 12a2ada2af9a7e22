"""The queue: what waits, in which order, and who works on it. Every act is one conditional write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.errors import BadInput, NotFound
from core.journal.journal import Journal
from core.lengths import at_most
from core.review.access import REVIEWERS, Access, View, alive
from core.review.record import act
from core.review.refusal import HIDDEN, refusal
from core.review.store import Store, person_of
from core.review.tasks import ITEM, WHOLE, QueueItem, Task, item_of, task_of
from core.tables import people, review_comments, review_tasks
from core.types import Person, Readership, Role

COMMENT_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to decide one task until a moment; `token` is shown by every act that needs it."""

    task_id: int
    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Comment:
    """What a reviewer noted for the others; the asker does not see it."""

    author: str
    text: str
    at: datetime


class Queue:
    """Reads and claims tasks. `lease` is the life of a claim, `new_token` gives 32 characters.

    Every method raises NotAllowed for anybody but a reviewer, NotFound for a task that is not for
    this reviewer, and Busy, with a sentence about who did what, where somebody was faster.
    """

    def __init__(
        self, store: Store, access: Access, journal: Journal, lease: timedelta, new_token: Callable[[], str]
    ) -> None:
        self._store = store
        self._access = access
        self._journal = journal
        self._lease = lease
        self._new_token = new_token

    def items(self, person: Person, limit: int = 100) -> list[QueueItem]:
        """What waits, the most urgent first, with what others work on right now."""
        view = self._access.of_reviewer(person)
        query = ITEM.where(alive(), view.reviewable()).order_by(*_ORDER).limit(limit)
        with self._store.read() as connection:
            return [item_of(row, self._store.now()) for row in connection.execute(query)]

    def count(self, person: Person) -> int:
        """How many tasks wait for this reviewer, those of others not counted."""
        view = self._access.of_reviewer(person)
        query = sa.select(sa.func.count()).select_from(review_tasks).where(alive(), view.reviewable())
        with self._store.read() as connection:
            return connection.scalar(query) or 0

    def open(self, person: Person, task_id: int) -> Task:
        """One task, whatever its state."""
        view = self._access.of_reviewer(person)
        query = WHOLE.where(review_tasks.c.id == task_id, view.reviewable())
        with self._store.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(HIDDEN)
        return task_of(row, self._store.now())

    def claim(self, person: Person, task_id: int) -> Lease:
        """Take a task, or take it again: all tabs of one reviewer share one lease."""
        view = self._access.of_reviewer(person)
        free = unclaimed(view, self._store.now(), own=True)
        lease = self._claim(view, review_tasks.c.id == task_id, alive(), view.reviewable(), free)
        if lease is None:
            with self._store.read() as connection:
                raise refusal(connection, view, task_id, self._store.now())
        return lease

    def claim_next(self, person: Person) -> Lease | None:
        """Take the most urgent task that nobody works on, or None when there is none."""
        view = self._access.of_reviewer(person)
        now = self._store.now()
        first = (
            sa.select(review_tasks.c.id)
            .where(alive(), view.reviewable(), unclaimed(view, now, own=False))
            .order_by(*_ORDER)
            .limit(1)
            .with_for_update(of=review_tasks, skip_locked=True)
        )
        # The row is locked by then, or nobody else writes: what chose it need not be asked again.
        return self._claim(view, review_tasks.c.id == first.scalar_subquery())

    def held(self, person: Person) -> list[Lease]:
        """The leases that this reviewer holds, whichever browser took them, the newest first."""
        query = (
            sa.select(review_tasks.c.id, review_tasks.c.lease_token, review_tasks.c.lease_until)
            .where(alive(), review_tasks.c.holder_id == person.id)
            .where(review_tasks.c.lease_until > self._store.now())
            .order_by(review_tasks.c.lease_until.desc(), review_tasks.c.id)
        )
        with self._store.read() as connection:
            return [Lease(*row) for row in connection.execute(query)]

    def renew(self, person: Person, lease: Lease) -> Lease:
        """The lease with its whole life before it; for every sign of life of the reviewer."""
        until = self._store.now() + self._lease
        self._change(person, lease, lease_until=until)
        return Lease(lease.task_id, lease.token, until)

    def release(self, person: Person, lease: Lease) -> None:
        """Put the task back for everybody."""
        self._change(person, lease, "released", assigned_to=None, **_NOBODY)

    def reassign(self, person: Person, lease: Lease, to: int) -> None:
        """Hand the task to another reviewer, who must be allowed to see it; raises BadInput if not."""
        task = self.open(person, lease.task_id)
        if to not in {other.id for other in self.assignees(person, task)}:
            raise BadInput("This person may not review this question. Choose somebody else.")
        self._change(person, lease, "reassigned", {"to": to}, assigned_to=to, **_NOBODY)

    def assignees(self, person: Person, task: Task) -> list[Person]:
        """The other reviewers who may see the task, by name."""
        with self._store.read() as connection:
            rows = connection.execute(sa.select(people).where(people.c.active).order_by(people.c.name)).all()
        others = [person_of(row) for row in rows if row.id not in (person.id, task.asker_id)]
        readership = Readership.from_key(task.readers)
        admitted = [other for other in others if other.roles & REVIEWERS and readership.admits(other)]
        return [other for other in admitted if self._sees(other, task.id)]

    def comment(self, person: Person, task_id: int, text: str) -> None:
        """Note something for the other reviewers."""
        if not text.strip():
            raise BadInput("Write a comment first.")
        noted = at_most(COMMENT_CHARS, text, "A comment")
        task = self.open(person, task_id)
        with self._store.write() as connection:
            connection.execute(
                sa.insert(review_comments).values(
                    task_id=task_id,
                    person_id=person.id,
                    text=noted,
                    at=self._store.now(),
                )
            )
            self._journal.append_in(connection, act(task.trace_id, task_id, "commented", person))

    def comments(self, person: Person, task_id: int) -> list[Comment]:
        """What was noted on a task, oldest first."""
        self.open(person, task_id)
        query = (
            sa.select(people.c.name, review_comments.c.text, review_comments.c.at)
            .join(people, people.c.id == review_comments.c.person_id)
            .where(review_comments.c.task_id == task_id)
            .order_by(review_comments.c.id)
        )
        with self._store.read() as connection:
            return [Comment(*row) for row in connection.execute(query)]

    def _claim(self, view: View, *which: sa.ColumnElement[bool]) -> Lease | None:
        me, until = view.person.id, self._store.now() + self._lease
        own = sa.and_(review_tasks.c.holder_id == me, review_tasks.c.lease_token.is_not(None))
        statement = (
            sa.update(review_tasks)
            .where(*which)
            .values(
                holder_id=me,
                lease_until=until,
                lease_token=sa.case((own, review_tasks.c.lease_token), else_=self._new_token()),
            )
            .returning(review_tasks.c.id, review_tasks.c.lease_token, review_tasks.c.trace_id)
        )
        with self._store.write() as connection:
            _in_index_order(connection)
            row = connection.execute(statement).one_or_none()
            if row is None:
                return None
            self._journal.append_in(connection, act(row.trace_id, row.id, "claimed", view.person))
        return Lease(row.id, row.lease_token, until)

    def _change(
        self,
        person: Person,
        lease: Lease,
        what: str | None = None,
        noted: dict[str, Any] | None = None,
        **values: object,
    ) -> None:
        view = self._access.of_reviewer(person)
        statement = (
            sa.update(review_tasks)
            .where(alive(), view.reviewable(), holds(person, lease))
            .values(**values)
            .returning(review_tasks.c.trace_id)
        )
        with self._store.write() as connection:
            trace = connection.execute(statement).scalar_one_or_none()
            if trace is None:
                raise refusal(connection, view, lease.task_id, self._store.now())
            if what is not None:
                self._journal.append_in(connection, act(trace, lease.task_id, what, person, **(noted or {})))

    def _sees(self, person: Person, task_id: int) -> bool:
        try:
            self.open(person, task_id)
        except NotFound:
            return False
        return True


_ORDER = (review_tasks.c.urgent_from, review_tasks.c.id)
_NO_SORT = sa.text("SET LOCAL enable_sort = off")
_NOBODY = {"holder_id": None, "lease_token": None, "lease_until": None}


def _in_index_order(connection: sa.Connection) -> None:
    """Let PostgreSQL walk the index of the order, and not sort thousands of tasks to take one of them.

    It does so by itself once its statistics know of the tasks: after a burst they come a minute too late.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_NO_SORT)


def holds(person: Person, lease: Lease) -> sa.ColumnElement[bool]:
    """Whether this very lease is the task's. One that ran out still counts until somebody else claims."""
    return sa.and_(
        review_tasks.c.id == lease.task_id,
        review_tasks.c.holder_id == person.id,
        review_tasks.c.lease_token == lease.token,
    )


def unclaimed(view: View, now: datetime, own: bool) -> sa.ColumnElement[bool]:
    """Nobody's lease runs, or (`own`) only the person's; and it is not kept for somebody else."""
    free = review_tasks.c.lease_until.is_(None) | (review_tasks.c.lease_until <= now)
    if own:
        free = free | (review_tasks.c.holder_id == view.person.id)
    if view.person.has(Role.ADMINISTRATOR):
        return free
    kept_for = review_tasks.c.assigned_to
    return sa.and_(free, kept_for.is_(None) | (kept_for == view.person.id))
