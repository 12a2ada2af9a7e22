"""What administrators set while the program runs: it outlives a restart and reaches every process."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.database import Database
from core.errors import NotAllowed
from core.journal.entries import Kind, Record
from core.tables import adjustments
from core.types import Person, Role

Said = Mapping[str, object]
"""What an entry of the journal says about a change."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A value that JSON can hold, who set it (a person's id), and when."""

    name: str
    value: Any
    set_by: int | None
    set_at: datetime


class Adjustments:
    """The adjustments in a database; `record` puts each change on record in the change's own transaction.

    `new_trace_id` gives 32 hex digits.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        record: Callable[[sa.Connection, Record], object],
        new_trace_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._database = database
        self._clock = clock
        self._record = record
        self._new_trace_id = new_trace_id

    def put(self, actor: Person, name: str, value: Any, reason: str = "", said: Said | None = None) -> None:
        """Set it, for everybody and at once; `said` is recorded in place of name, value and reason.

        Raises NotAllowed for anybody but an administrator.
        """
        _check(actor)
        values = {"value": value, "set_by": actor.id, "set_at": self._clock()}
        with self._database.write() as connection:
            connection.execute(
                self._database.insert(adjustments)
                .values(name=name, **values)
                .on_conflict_do_update(index_elements=["name"], set_=values)
            )
            self._note(connection, actor, said or _said(name, value, reason))

    def remove(self, actor: Person, name: str, reason: str = "", said: Said | None = None) -> None:
        """Let the setting hold again; nothing is recorded where there was no adjustment.

        Raises NotAllowed for anybody but an administrator.
        """
        _check(actor)
        with self._database.write() as connection:
            removed = connection.execute(sa.delete(adjustments).where(adjustments.c.name == name)).rowcount
            if removed:
                self._note(connection, actor, said or _said(name, None, reason))

    def get(self, name: str) -> Adjustment | None:
        """The adjustment of this name."""
        return next(iter(self.starting_with(name, exactly=True)), None)

    def starting_with(self, prefix: str, *, exactly: bool = False) -> list[Adjustment]:
        """The adjustments whose name begins so, by name."""
        column = adjustments.c.name
        chosen = column == prefix if exactly else column.startswith(prefix, autoescape=True)
        with self._database.read() as connection:
            rows = connection.execute(sa.select(adjustments).where(chosen).order_by(column)).all()
        return [Adjustment(row.name, row.value, row.set_by, row.set_at) for row in rows]

    def _note(self, connection: sa.Connection, actor: Person, data: Said) -> None:
        # Last: from here on other entries wait for this transaction.
        record = Record(
            self._new_trace_id(), Kind.SETTING, actor.department, actor.id, outcome="done", data=data
        )
        self._record(connection, record)


def _said(name: str, value: Any, reason: str) -> Said:
    return {"act": "adjusted", "name": name, "value": value, "reason": reason}


def _check(actor: Person) -> None:
    if not actor.has(Role.ADMINISTRATOR):
        raise NotAllowed("Only an administrator may change this.")
