"""People, their departments and roles, as administrators keep them.

Each change and its entry in the journal are one transaction. There is always an active administrator:
every transaction begins by locking the administrators' rows, so that of two changes made at the
same moment the second sees what the first has done.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.database import Database
from core.errors import BadInput, NotFound
from core.identity import Department, hash_password
from core.journal.journal import Journal
from core.operations.accounts import Account, NewAccount, account, accounts, checked, department_id
from core.operations.acts import Act, admit, record, refuse
from core.tables import departments, people, sessions
from core.types import Person, Role

_LAST = (
    "This is the last account that can administer Answerdesk. Give another one the administrator role first."
)


class People:
    """`clock` gives the time in UTC, `new_password` a password that nobody can guess."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Callable[[], datetime],
        new_trace_id: Callable[[], str],
        new_password: Callable[[], str],
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._new_trace_id = new_trace_id
        self._new_password = new_password

    def all(self, actor: Person, search: str = "") -> list[Account]:
        """Open accounts and then closed ones, by name, whose name, address or department has each word."""
        admit(actor)
        with self._database.read() as connection:
            return [found for found in accounts(connection) if found.matches(search)]

    def name_of(self, person_id: int) -> str:
        """The name of an account, open or closed; `somebody` when there is none."""
        with self._database.read() as connection:
            name = connection.scalar(sa.select(people.c.name).where(people.c.id == person_id))
        return str(name or "somebody")

    def add(self, actor: Person, new: NewAccount) -> tuple[Account, str]:
        """Make an account, and its first password, which is stored nowhere in clear; raises BadInput."""
        admit(actor)
        new, password = checked(new), self._new_password()
        values = {**new.columns(), "password_hash": hash_password(password), "created_at": self._clock()}
        with self._change(actor) as connection:
            _require_department(connection, new.department)
            row = _insert(connection, values)
            details = {"person": row.id, "department": new.department, "roles": values["roles"]}
            self._note(connection, actor, Act.PERSON_ADDED, **details)
        return account(row), password

    def change(self, actor: Person, person_id: int, department: str, roles: Collection[Role]) -> Account:
        """Move somebody to a department and give them these roles; it counts from their next click."""
        wanted = sorted({Role(role) for role in roles} | {Role.EMPLOYEE})
        with self._change(actor) as connection:
            before = _row(connection, person_id)
            _require_department(connection, department)
            row = _update(connection, person_id, department_id=department, roles=wanted)
            _require_administrator(connection)
            details = {
                "person": person_id,
                "department": department,
                "roles": wanted,
                "before": {"department": before.department_id, "roles": before.roles},
            }
            self._note(connection, actor, Act.PERSON_CHANGED, **details)
        return account(row)

    def close(self, actor: Person, person_id: int) -> None:
        """Close an account and end its sessions; what the person did stays."""
        with self._change(actor) as connection:
            _row(connection, person_id)
            _update(connection, person_id, active=False)
            _require_administrator(connection)
            _end_sessions(connection, [person_id])
            self._note(connection, actor, Act.PERSON_CLOSED, person=person_id)

    def reopen(self, actor: Person, person_id: int) -> None:
        """Open a closed account again, with the password, department and roles that it had."""
        with self._change(actor) as connection:
            _row(connection, person_id)
            _update(connection, person_id, active=True)
            self._note(connection, actor, Act.PERSON_REOPENED, person=person_id)

    def renew_password(self, actor: Person, person_id: int) -> str:
        """A new first password for somebody who lost theirs; ends their sessions."""
        admit(actor)
        password = self._new_password()
        hashed = hash_password(password)
        with self._change(actor) as connection:
            if _row(connection, person_id).password_hash is None:
                raise BadInput("This person signs in with the company account, which has its own password.")
            _update(connection, person_id, password_hash=hashed)
            _end_sessions(connection, [person_id])
            self._note(connection, actor, Act.PASSWORD_RENEWED, person=person_id)
        return password

    def close_demonstration_accounts(self, actor: Person) -> int:
        """Close all demonstration accounts and end their sessions; their documents stay."""
        with self._change(actor) as connection:
            closing = sa.update(people).where(people.c.demonstration, people.c.active).values(active=False)
            closed = list(connection.scalars(closing.returning(people.c.id)))
            _require_administrator(connection)
            _end_sessions(connection, closed)
            self._note(connection, actor, Act.DEMONSTRATION_CLOSED, people=sorted(closed))
        return len(closed)

    def add_department(self, actor: Person, name: str) -> Department:
        """Make a department; its id, which identity providers send, comes from its name. Raises BadInput."""
        admit(actor)
        name = " ".join(name.split())
        new = Department(department_id(name), name)
        with self._change(actor) as connection:
            known = connection.execute(sa.select(departments)).all()
            if any(row.id == new.id or row.name.casefold() == name.casefold() for row in known):
                raise BadInput(f"There is already a department named {name}.")
            connection.execute(sa.insert(departments).values(id=new.id, name=new.name))
            self._note(connection, actor, Act.DEPARTMENT_ADDED, added=new.id)
        return new

    @contextmanager
    def _change(self, actor: Person) -> Iterator[sa.Connection]:
        """A transaction of somebody who is an administrator at this very moment."""
        admit(actor)
        with self._database.write() as connection:
            if actor.id not in _administrators(connection):
                raise refuse()
            yield connection

    def _note(self, connection: sa.Connection, actor: Person, act: Act, **details: object) -> None:
        # Last: from here on other entries wait for this transaction.
        self._journal.append_in(connection, record(actor, act, self._new_trace_id(), **details))


def _administrators(connection: sa.Connection) -> set[int]:
    """The ids of the active ones, locked until the transaction ends (SQLite has locked all by then)."""
    named = sa.cast(people.c.roles, sa.Text).contains(f'"{Role.ADMINISTRATOR}"')
    query = sa.select(people.c.id).where(people.c.active, named).order_by(people.c.id).with_for_update()
    return set(connection.scalars(query))


def _require_administrator(connection: sa.Connection) -> None:
    if not _administrators(connection):
        raise BadInput(_LAST)


def _require_department(connection: sa.Connection, department: str) -> None:
    if connection.scalar(sa.select(departments.c.id).where(departments.c.id == department)) is None:
        raise BadInput("Choose a department from the list.")


def _insert(connection: sa.Connection, values: Mapping[str, Any]) -> sa.Row[Any]:
    try:
        return connection.execute(sa.insert(people).values(**values).returning(*people.c)).one()
    except IntegrityError as exc:
        raise BadInput(f"There is already an account with the address {values['email']}.") from exc


def _row(connection: sa.Connection, person_id: int) -> sa.Row[Any]:
    row = connection.execute(
        sa.select(people).where(people.c.id == person_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such account.")
    return row


def _update(connection: sa.Connection, person_id: int, **values: object) -> sa.Row[Any]:
    change = sa.update(people).where(people.c.id == person_id).values(**values)
    return connection.execute(change.returning(*people.c)).one()


def _end_sessions(connection: sa.Connection, person_ids: Collection[int]) -> None:
    connection.execute(sa.delete(sessions).where(sessions.c.person_id.in_(person_ids)))
