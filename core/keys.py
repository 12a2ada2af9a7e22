"""Keys of other applications: made, shown once, checked with every request, revoked.

A key is `ad-<id>-<secret>`. The id finds the row; of the secret, 256 random bits, only its SHA-256 is
kept, which nobody can turn back. What a key may do is bound to it: its department, whose budget it
spends and whose documents it may read, its models, its limits and its end.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.database import Database
from core.errors import BadInput, KeyRefused, NotAllowed, NotFound
from core.journal.entries import Kind, Record
from core.tables import api_keys, departments, people
from core.types import Person, Role

PREFIX = "ad"
ACCOUNT_DOMAIN = "keys.invalid"
"""A domain that can have no mailbox: nobody signs in with a key's account."""
NAME_CHARS = 100
LONGEST_TOKEN = 200
_SECRET_BYTES = 32
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_ID_CHARS = 12
_UNKNOWN = "This key is not known. Ask your administrator for one."


class KeyState(StrEnum):
    """Whether a key admits anybody."""

    OPEN = "open"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class NewKey:
    """What an administrator says about a new key.

    `models` are names of the models file, None for all. `reads_documents` admits it to the assistant,
    which answers from the documents that the department may read. Limits hold for any minute, None
    for no limit of its own.
    """

    name: str
    department: str
    reads_documents: bool = False
    models: tuple[str, ...] | None = None
    requests_per_min: int | None = None
    tokens_per_min: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. `id` is the part of it that may be shown.

    `person_id` is the account that its conversations and charges belong to.
    """

    id: str
    name: str
    department: str
    person_id: int
    reads_documents: bool
    models: tuple[str, ...] | None
    requests_per_min: int | None
    tokens_per_min: int | None
    created_at: datetime
    created_by: int
    expires_at: datetime | None
    revoked_at: datetime | None

    def admits(self, model: str) -> bool:
        """Whether it may use the model of this name."""
        return self.models is None or model in self.models

    def reader(self) -> Person:
        """The person as whom it reads and asks: an employee of its department, and no more."""
        email = f"{self.id}@{ACCOUNT_DOMAIN}"
        return Person(self.person_id, email, self.name, self.department, frozenset({Role.EMPLOYEE}))


class Keys:
    """The keys in a database. `clock` gives the time in UTC, `new_trace_id` 32 hex digits.

    `record_in` puts each change on record within the transaction that makes it.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        record_in: Callable[[sa.Connection, Record], object],
        new_trace_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._clock = clock
        self._record_in = record_in
        self._new_trace_id = new_trace_id

    def make(self, actor: Person, new: NewKey) -> tuple[ApiKey, str]:
        """A new key, and all of it as the application needs it, which cannot be shown again.

        Raises NotAllowed for anybody but an administrator, BadInput for what does not fit.
        """
        _admit(actor)
        now = self._clock()
        name = _checked(new, now)
        key_id = "".join(secrets.choice(_LETTERS) for _ in range(_ID_CHARS))
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with self._database.write() as connection:
            _admit_now(connection, actor)
            _require_department(connection, new.department)
            values = {
                "id": key_id,
                "name": name,
                "secret_sha256": _digest(secret),
                "department_id": new.department,
                "person_id": _account(connection, key_id, name, new.department, now),
                "reads_documents": new.reads_documents,
                "models": None if new.models is None else sorted(set(new.models)),
                "requests_per_min": new.requests_per_min,
                "tokens_per_min": new.tokens_per_min,
                "created_at": now,
                "created_by": actor.id,
                "expires_at": new.expires_at,
            }
            row = connection.execute(sa.insert(api_keys).values(**values).returning(*api_keys.c)).one()
            self._note(connection, actor, "key_made", key_id, department_of_key=new.department)
        return _key(row), f"{PREFIX}-{key_id}-{secret}"

    def all(self, actor: Person) -> list[ApiKey]:
        """Every key, the newest first, revoked ones included; raises NotAllowed."""
        _admit(actor)
        query = sa.select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.id)
        with self._database.read() as connection:
            return [_key(row) for row in connection.execute(query)]

    def revoke(self, actor: Person, key_id: str) -> ApiKey:
        """Refuse the key from now on, for ever; revoking it again changes nothing. Raises NotFound."""
        _admit(actor)
        change = sa.update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        with self._database.write() as connection:
            _admit_now(connection, actor)
            changed = connection.execute(change.values(revoked_at=self._clock())).rowcount
            row = connection.execute(sa.select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
            if row is None:
                raise NotFound("There is no such key.")
            if changed:
                self._note(connection, actor, "key_revoked", key_id, department_of_key=row.department_id)
        return _key(row)

    def state(self, key: ApiKey) -> KeyState:
        """How the key stands at this moment."""
        if key.revoked_at is not None:
            return KeyState.REVOKED
        expired = key.expires_at is not None and key.expires_at <= self._clock()
        return KeyState.EXPIRED if expired else KeyState.OPEN

    def check(self, token: str) -> ApiKey:
        """The key that this token is; raises KeyRefused.

        An unknown id takes the same steps as a wrong secret, and only who knows the secret learns that
        the key has expired or is revoked.
        """
        key_id, secret = parts_of(token)
        with self._database.read() as connection:
            row = connection.execute(sa.select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
        stored = _digest("") if row is None else row.secret_sha256
        fits = hmac.compare_digest(_digest(secret), stored)
        if row is None or not fits:
            raise KeyRefused(_UNKNOWN)
        key = _key(row)
        require_valid(key, self._clock())
        return key

    def _note(self, connection: sa.Connection, actor: Person, act: str, key_id: str, **more: object) -> None:
        data = {"act": act, "key": key_id, **more}
        record = Record(
            self._new_trace_id(), Kind.SETTING, actor.department, actor.id, outcome="done", data=data
        )
        # Last: from here on other entries wait for this transaction.
        self._record_in(connection, record)


def parts_of(token: str) -> tuple[str, str]:
    """The id and the secret of a token; raises KeyRefused for what cannot be one."""
    prefix, _, rest = token[:LONGEST_TOKEN].partition("-")
    key_id, _, secret = rest.partition("-")
    if prefix != PREFIX or len(key_id) != _ID_CHARS or not secret or len(token) > LONGEST_TOKEN:
        raise KeyRefused(_UNKNOWN)
    if not key_id.isascii() or not secret.isascii():
        raise KeyRefused(_UNKNOWN)
    return key_id, secret


def require_valid(key: ApiKey, now: datetime) -> None:
    """Raises KeyRefused for a key that is revoked or past its end."""
    if key.revoked_at is not None:
        raise KeyRefused("This key has been revoked. Ask your administrator for a new one.")
    if key.expires_at is not None and key.expires_at <= now:
        raise KeyRefused("This key has expired. Ask your administrator for a new one.")


def _admit(actor: Person) -> None:
    if not actor.has(Role.ADMINISTRATOR):
        raise NotAllowed("Only an administrator may do this.")


def _admit_now(connection: sa.Connection, actor: Person) -> None:
    """Whoever has lost the role since the page was drawn may not do it either."""
    query = sa.select(people.c.roles).where(people.c.id == actor.id, people.c.active)
    if Role.ADMINISTRATOR not in (connection.scalar(query) or ()):
        raise NotAllowed("Only an administrator may do this.")


def _checked(new: NewKey, now: datetime) -> str:
    """The tidy name; raises BadInput for what does not fit."""
    name = " ".join(new.name.split())
    if not name or len(name) > NAME_CHARS:
        raise BadInput(f"Name the application that uses the key, in at most {NAME_CHARS} characters.")
    if new.expires_at is not None and new.expires_at <= now:
        raise BadInput("The key would have expired already: choose a later day.")
    if new.models is not None and not new.models and not new.reads_documents:
        raise BadInput("A key without any model is of no use: choose at least one.")
    if any(limit is not None and limit < 1 for limit in (new.requests_per_min, new.tokens_per_min)):
        raise BadInput("A limit is at least 1; leave it empty for none.")
    return name


def _require_department(connection: sa.Connection, department: str) -> None:
    if connection.scalar(sa.select(departments.c.id).where(departments.c.id == department)) is None:
        raise BadInput("Choose a department from the list.")


def _account(connection: sa.Connection, key_id: str, name: str, department: str, now: datetime) -> int:
    values: dict[str, Any] = {
        "email": f"{key_id}@{ACCOUNT_DOMAIN}",
        "name": f"Key: {name}",
        "department_id": department,
        "roles": [Role.EMPLOYEE.value],
        "demonstration": False,
        "active": True,
        "created_at": now,
    }
    return int(connection.execute(sa.insert(people).values(**values).returning(people.c.id)).scalar_one())


def _key(row: sa.Row[Any]) -> ApiKey:
    models: Sequence[str] | None = row.models
    return ApiKey(
        row.id,
        row.name,
        row.department_id,
        row.person_id,
        row.reads_documents,
        None if models is None else tuple(models),
        row.requests_per_min,
        row.tokens_per_min,
        row.created_at,
        row.created_by,
        row.expires_at,
        row.revoked_at,
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
