"""Deciding a task: one conditional write, and in its transaction the answer's arrival.

Whoever holds the lease may decide, once. The same transaction resolves the task and the equal ones that
wait, writes the askers' messages, makes the verified answer and the regression case, and puts the
notifications and the journal's entries down, so that after a kill all of it is there, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.answering.answer import Answer
from core.errors import Busy
from core.journal.journal import Journal
from core.lengths import at_most
from core.review import arrival
from core.review.access import Access, View, alive
from core.review.arrival import Arriving, Given
from core.review.checking import Check, overruled
from core.review.equals import UNDECIDED, Equals
from core.review.given import REASON_CHARS, given_answer, signed
from core.review.memory import Learning
from core.review.outbox import Outbox
from core.review.queue import Lease, Queue, holds
from core.review.record import act
from core.review.refusal import refusal
from core.review.store import Store
from core.review.tasks import Verdict
from core.tables import review_tasks
from core.types import Person

Masked = Callable[[str], Mapping[str, Any]]
"""What the journal may keep of a text."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer says.

    `text` is the edited answer, which cites the task's evidence as `[n]`; `reason` is what the
    asker reads when an answer is rejected; `override` says why an edited answer stands although
    the checks do not support it.
    """

    verdict: Verdict
    text: str = ""
    reason: str = ""
    override: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """A resolved task; its reviewer can undo that until `lease.until`."""

    lease: Lease
    answer: Answer


@dataclass(frozen=True, slots=True)
class Undoable:
    """The last decision of a reviewer, which they can take back until `lease.until`.

    `equals` counts the equal questions that it has answered as well, of those that the reviewer may see.
    """

    lease: Lease
    verdict: Verdict
    question: str
    equals: int = 0


class Decisions:
    """Resolves tasks and takes that back.

    `lease` is how long a decision can be undone; `masked` makes of a reason what the journal may keep.
    """

    def __init__(
        self,
        store: Store,
        access: Access,
        journal: Journal,
        outbox: Outbox,
        queue: Queue,
        check: Check,
        lease: timedelta,
        learning: Learning,
        masked: Masked,
        equals: Equals,
    ) -> None:
        self._store = store
        self._access = access
        self._journal = journal
        self._outbox = outbox
        self._queue = queue
        self._check = check
        self._lease = lease
        self._learning = learning
        self._masked = masked
        self._equals = equals

    def decide(self, person: Person, lease: Lease, decision: Decision) -> Decided:
        """Resolve the task and let the answer arrive.

        Raises Busy when somebody else, another tab or an earlier click was first, BadInput when
        something is missing, NotSupported when an edited answer fails its checks without `override`.
        """
        task = self._queue.open(person, lease.task_id)
        answer = given_answer(task, decision.verdict, decision.text, decision.reason)
        overridden: dict[str, Any] = {}
        if decision.verdict is Verdict.EDITED:
            rules = overruled(self._check, decision.text.strip(), task.evidence, decision.override)
            overridden = {"override": rules, **self._masked(decision.override)} if rules else {}
        view = self._access.of_reviewer(person)
        now, verdict = self._store.now(), decision.verdict.value
        given = Given(
            task, signed(answer, task, decision.verdict, person, now), decision.verdict, person, now
        )
        resolving = self._resolving(view, lease, decision, given)
        with self._store.write() as connection:
            if not connection.execute(resolving).rowcount:
                raise refusal(connection, view, task.id, now)
            verified_id = arrival.remember(connection, given)
            equal = self._equals.answer(connection, view, given, verified_id)
            own = Arriving(task, arrival.for_asker(connection, given))
            arrival.deliver(connection, [own, *equal], now)
            for asker_id in dict.fromkeys(each.task.asker_id for each in (own, *equal)):
                if asker_id is not None:
                    self._outbox.answered(connection, asker_id, now)
            self._journal.append_in(connection, act(task.trace_id, task.id, verdict, person, **overridden))
            for each in equal:
                record = act(each.task.trace_id, each.task.id, verdict, person, **{"with": task.id})
                self._journal.append_in(connection, record)
        self._learning.decided(given, verified_id)
        return Decided(Lease(task.id, lease.token, now + self._lease), given.answer)

    def undoable(self, person: Person) -> Undoable | None:
        """The reviewer's newest decision that `undo` would still take back, in whichever browser it was made.

        Raises NotAllowed for anybody who does not review.
        """
        view = self._access.of_reviewer(person)
        names = ("id", "lease_token", "lease_until", "decision", "question")
        query = (
            sa.select(*(review_tasks.c[name] for name in names))
            .where(_undoable(person, self._store.now()), view.reviewable())
            .order_by(review_tasks.c.decided_at.desc(), review_tasks.c.id.desc())
            .limit(1)
        )
        with self._store.read() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            with_it = (
                sa.select(sa.func.count())
                .select_from(review_tasks)
                .where(review_tasks.c.answered_with == row.id, view.reviewable())
            )
            equals = connection.scalar(with_it) or 0
        lease = Lease(row.id, row.lease_token, row.lease_until)
        return Undoable(lease, Verdict(row.decision), row.question, equals)

    def undo(self, person: Person, lease: Lease) -> None:
        """Take the own decision back while its lease runs: the asker waits again, and so do the equal ones.

        Raises Busy when the time is over, or when it is somebody else's decision.
        """
        task = self._queue.open(person, lease.task_id)
        in_force = self._learning.in_force(person, task)
        now = self._store.now()
        statement = (
            sa.update(review_tasks)
            .where(holds(person, lease), _undoable(person, now))
            .values(lease_until=now + self._lease, **UNDECIDED)
        )
        with self._store.write() as connection:
            if not connection.execute(statement).rowcount:
                raise Busy("This decision can no longer be undone. Nothing was changed.")
            arrival.take_back(connection, task)
            equal = self._equals.take_back(connection, task)
            for each in equal:
                arrival.wait_again(connection, each)
            for each in (task, *equal):
                self._journal.append_in(connection, act(each.trace_id, each.id, "undone", person))
        self._learning.undone(in_force)

    def _resolving(self, view: View, lease: Lease, decision: Decision, given: Given) -> sa.Update:
        return (
            sa.update(review_tasks)
            .where(alive(), view.reviewable(), holds(view.person, lease))
            .values(
                state="resolved",
                lease_until=given.at + self._lease,
                decision=decision.verdict.value,
                decided_by=view.person.id,
                decided_at=given.at,
                decision_reason=decision.reason.strip()[:REASON_CHARS] or None,
                override_reason=at_most(REASON_CHARS, decision.override, "A reason") or None,
                given_text=given.answer.text,
            )
        )


def _undoable(person: Person, now: datetime) -> sa.ColumnElement[bool]:
    """Whether a task is the person's own decision, and the lease in which it can be undone still runs."""
    return sa.and_(
        review_tasks.c.state == "resolved",
        review_tasks.c.decided_by == person.id,
        review_tasks.c.lease_until > now,
    )
