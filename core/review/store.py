"""The database as the queue uses it: writers in turn, and the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.database import Database, insert
from core.review.turns import Turns
from core.types import Person, Role


class Store:
    """One database for all parts of the queue. `clock` gives the time in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self.now = clock
        self._turns = Turns(_turn_file(database)) if database.is_sqlite else None

    def read(self) -> AbstractContextManager[sa.Connection]:
        """A transaction that only reads."""
        return self._database.read()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that writes."""
        turn = self._turns.one() if self._turns else nullcontext()
        with turn, self._database.write() as connection:
            yield connection


def _turn_file(database: Database) -> Path | None:
    name = database.url.database
    return None if name in (None, "", ":memory:") else Path(f"{name}.turn")


def insert_new(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose key is there already is left as it is."""
    connection.execute(insert(connection, table).on_conflict_do_nothing(), rows)


def new_id(connection: sa.Connection, insert: sa.Insert) -> int:
    """Insert one row and return its id."""
    key = connection.execute(insert).inserted_primary_key
    if key is None:
        raise RuntimeError("the database gave no id for a new row")
    return int(key[0])


def person_of(row: sa.Row[Any]) -> Person:
    """A row of the people's table."""
    return Person(row.id, row.email, row.name, row.department_id, frozenset(map(Role, row.roles)))
