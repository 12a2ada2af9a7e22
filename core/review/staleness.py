"""When a source changes, its verified answers stop serving and go back to the queue."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from core.journal.journal import Journal
from core.review.access import narrowest
from core.review.current import said_now
from core.review.intake import Intake
from core.review.notes import answer_of
from core.review.record import act
from core.review.sources import passages_of, readers_of
from core.review.store import Store
from core.review.tasks import NewTask, TaskFinding, TaskKind
from core.review.verified import ACTIVE, SUSPENDED, outdated, sources_by_id
from core.tables import documents, verified_answers, verified_sources

RULE = "source-changed"


class Staleness:
    """Suspends verified answers whose sources have changed, and makes a task for each."""

    def __init__(self, store: Store, journal: Journal, intake: Intake) -> None:
        self._store = store
        self._journal = journal
        self._intake = intake

    def sources_changed(self, document_id: int) -> int:
        """A document was replaced, re-scoped or deleted: how many verified answers were suspended."""
        using = sa.select(verified_sources.c.verified_id).where(verified_sources.c.document_id == document_id)
        return self._suspend(verified_answers.c.id.in_(using))

    def sweep(self) -> int:
        """The same for all documents, in case that nobody told of a change."""
        return self._suspend(sa.true())

    def _suspend(self, which: sa.ColumnElement[bool]) -> int:
        stale = sa.and_(verified_answers.c.state == ACTIVE, which, outdated())
        with self._store.read() as connection:
            ids = list(connection.scalars(sa.select(verified_answers.c.id).where(stale)))
        return sum(self._suspend_one(verified_id) for verified_id in ids)

    def _suspend_one(self, verified_id: int) -> bool:
        statement = (
            sa.update(verified_answers)
            .where(verified_answers.c.id == verified_id, verified_answers.c.state == ACTIVE, outdated())
            .values(state=SUSPENDED)
            .returning(*verified_answers.c)
        )
        with self._store.write() as connection:
            row = connection.execute(statement).one_or_none()
            if row is None:
                return False
            trace = uuid.uuid4().hex
            task = self._queue(connection, row, trace)
            self._journal.append_in(connection, act(trace, task, "suspended", None, verified=verified_id))
        return True

    def _queue(self, connection: sa.Connection, row: sa.Row[Any], trace: str) -> int:
        """The task is bound to the versions of now, so that a further change is noticed as well."""
        kept = sources_by_id(connection, [row.id]).get(row.id, {})
        current = sa.select(documents.c.id, documents.c.current_version_id).where(
            documents.c.id.in_(list(kept)), documents.c.current_version_id.is_not(None)
        )
        sources = {row.id: row.current_version_id for row in connection.execute(current)}
        answer = answer_of(row.text, row.answer)
        cited = passages_of(connection, answer.citations)
        evidence = (*cited, *said_now(connection, cited))
        finding = TaskFinding(RULE, "low", "flag")
        draft = answer if answer.text else None
        new = NewTask(trace, row.question, draft, (finding,), None, evidence)
        readers = narrowest([row.readers, readers_of(connection, kept | sources, row.department_id)])
        values = {"department_id": row.department_id, "verified_id": row.id, "readers": readers}
        return self._intake.insert(connection, TaskKind.STALE, new, sources, values)
