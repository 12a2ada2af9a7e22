"""What kept replies answer, in the database: found again by a key and by all that must be equal.

A question goes with its reply: when that is cleared away or runs out, so is it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from core.database import Database, insert
from core.knowledge.embedding import Vectors
from core.tables import api_questions, api_replies

_Q = api_questions.c
_R = api_replies.c


class Asked(NamedTuple):
    """A question as it is compared: `scope` is a digest of all that must be equal, `vector` float32[dim]."""

    scope: str
    question: str
    vector: Vectors


class Answered(NamedTuple):
    """A question whose reply is kept under `digest`."""

    digest: str
    question: str
    vector: Vectors


class Questions:
    """Reads them. `clock` gives the time in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def like(self, key_id: str, kind: str, scope: str, most: int) -> list[Answered]:
        """Those of a key with this scope whose replies have not run out, the newest first."""
        query = self._living(key_id, kind, _Q.digest, _Q.question, _Q.vector).where(_Q.scope == scope)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_R.expires_at.desc()).limit(most)).all()
        return [Answered(row.digest, row.question, np.frombuffer(row.vector, np.float32)) for row in rows]

    def count(self, key_id: str, kind: str) -> int:
        """How many a key has."""
        with self._database.read() as connection:
            return int(connection.scalar(self._living(key_id, kind, sa.func.count())) or 0)

    def vectors(self, key_id: str, kind: str, most: int) -> Vectors:
        """The embeddings of the newest of a key, float32[n, dim]."""
        query = self._living(key_id, kind, _Q.vector).order_by(_R.expires_at.desc()).limit(most)
        with self._database.read() as connection:
            rows = [np.frombuffer(raw, np.float32) for raw in connection.scalars(query)]
        return np.stack(rows) if rows else np.zeros((0, 1), np.float32)

    def _living(self, key_id: str, kind: str, *what: Any) -> sa.Select[Any]:
        same = sa.and_(_R.key_id == _Q.key_id, _R.kind == _Q.kind, _R.digest == _Q.digest)
        return (
            sa.select(*what)
            .select_from(api_questions.join(api_replies, same))
            .where(_Q.key_id == key_id, _Q.kind == kind, _R.expires_at > self._clock())
        )


def put(connection: sa.Connection, key_id: str, kind: str, digest: str, asked: Asked) -> None:
    """Write down what a reply answers, which must be there already."""
    values = {"scope": asked.scope, "question": asked.question, "vector": asked.vector.tobytes()}
    connection.execute(
        insert(connection, api_questions)
        .values(key_id=key_id, kind=kind, digest=digest, **values)
        .on_conflict_do_update(index_elements=list(api_questions.primary_key.columns), set_=values)
    )
