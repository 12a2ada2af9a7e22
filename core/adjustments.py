"""What administrators set while the program runs: it outlives a restart and reaches every process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.database import Database
from core.errors import NotAllowed
from core.journal.entries import Kind, Record
from core.tables import adjustments
from core.types import Person, Role


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A value that JSON can hold, who set it (a person's id), and when."""

    name: str
    value: Any
    set_by: int | None
    set_at: datetime


class Adjustments:
    """The adjustments in a database; `record` puts each change on record."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], record: Callable[[Record], object]
    ) -> None:
        self._database = database
        self._clock = clock
        self._record = record

    def put(self, actor: Person, name: str, value: Any, reason: str = "") -> None:
        """Set it, for everybody and at once. Raises NotAllowed for anybody but an administrator."""
        _check(actor)
        values = {"value": value, "set_by": actor.id, "set_at": self._clock()}
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        with self._database.write() as connection:
            connection.execute(
                insert(adjustments)
                .values(name=name, **values)
                .on_conflict_do_update(index_elements=["name"], set_=values)
            )
        self._note(actor, name, value, reason)

    def remove(self, actor: Person, name: str, reason: str = "") -> None:
        """Let the setting hold again. Raises NotAllowed for anybody but an administrator."""
        _check(actor)
        with self._database.write() as connection:
            removed = connection.execute(sa.delete(adjustments).where(adjustments.c.name == name)).rowcount
        if removed:
            self._note(actor, name, None, reason)

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

    def _note(self, actor: Person, name: str, value: Any, reason: str) -> None:
        data = {"name": name, "value": value, "reason": reason}
        self._record(Record("", Kind.SETTING, actor.department, actor.id, data=data))


def _check(actor: Person) -> None:
    if not actor.has(Role.ADMINISTRATOR):
        raise NotAllowed("Only an administrator may change this.")
