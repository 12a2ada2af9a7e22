"""People, departments, roles, sign-in and sessions."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from limits import RateLimitItemPerMinute
from limits.strategies import RateLimiter

from core.database import Database
from core.errors import BadInput, NotAllowed, SignInFailed
from core.journal.entries import Kind, Record
from core.tables import departments, people, sessions
from core.types import Person, Role

if TYPE_CHECKING:
    from argon2 import PasswordHasher

TICKET_LIFE = timedelta(minutes=1)
TRY_WINDOW_MIN = 15


@dataclass(frozen=True, slots=True)
class Department:
    """A part of the company: it has a budget, and documents may be restricted to it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What is needed to make an account; `password` is None for people of an identity provider."""

    email: str
    name: str
    department: str
    roles: frozenset[Role]
    password: str | None = None
    demonstration: bool = False


class Identity:
    """Who is who. `clock` gives the time in UTC, `limiter` counts sign-in tries.

    `record` writes down who signed in and out, and who tried: by the person's id, never by address.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        limiter: RateLimiter,
        sign_in_tries: int,
        session_life: timedelta,
        record: Callable[[Record], object] = lambda _: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._limiter = limiter
        self._tries = RateLimitItemPerMinute(sign_in_tries, TRY_WINDOW_MIN)
        self._refusals = RateLimitItemPerMinute(1, TRY_WINDOW_MIN)
        self._session_life = session_life
        self._record = record

    def sign_in(self, email: str, password: str) -> Person:
        """The person with this e-mail and password; SignInFailed otherwise, also after too many tries.

        An unknown address costs the same time as a wrong password, and reads the same.
        """
        person = self._proved(email, password, "password")
        self._note(Kind.SIGN_IN, person, "ok", by="password")
        return person

    def open_session(self, person: Person) -> str:
        """A ticket that the browser exchanges, once and within a minute, for its session cookie."""
        return self._new_token(person.id, TICKET_LIFE, "ticket:")

    def redeem(self, ticket: str) -> str | None:
        """Exchange a ticket for a session token, or None when it is used, expired or unknown."""
        with self._database.write() as connection:
            person_id = connection.execute(
                sa.delete(sessions)
                .where(sessions.c.token_sha256 == _digest("ticket:" + ticket))
                .where(sessions.c.expires_at > self._clock())
                .returning(sessions.c.person_id)
            ).scalar_one_or_none()
        return None if person_id is None else self._new_token(person_id, self._session_life, "session:")

    def of_session(self, token: str) -> Person | None:
        """Whom a session token belongs to, or None when it is over."""
        with self._database.read() as connection:
            row = connection.execute(
                sa.select(people)
                .join(sessions, sessions.c.person_id == people.c.id)
                .where(sessions.c.token_sha256 == _digest("session:" + token))
                .where(sessions.c.expires_at > self._clock(), people.c.active)
            ).one_or_none()
        return None if row is None else _person(row)

    def sign_out(self, token: str) -> None:
        """End the session, whatever the browser still holds; also clear expired ones away."""
        person = self.of_session(token)
        with self._database.write() as connection:
            ended = connection.execute(
                sa.delete(sessions).where(sessions.c.token_sha256 == _digest("session:" + token))
            ).rowcount
            connection.execute(sa.delete(sessions).where(sessions.c.expires_at <= self._clock()))
        if person is not None and ended:
            self._note(Kind.SIGN_OUT, person, "ok")

    def from_claims(self, claims: Mapping[str, Any], default_department: str) -> Person:
        """The person that an identity provider vouches for, made or brought up to date.

        Reads the claims `email`, `email_verified`, `name`, `department` and `roles` (or `groups`);
        roles that are not ours are left out. Raises SignInFailed when the provider gives no
        e-mail address or says that it is not verified.
        """
        email = normal_email(str(claims.get("email") or ""))
        if not email or claims.get("email_verified") is False:
            self._note(Kind.SIGN_IN, None, "failed", by="identity provider")
            raise SignInFailed(
                "Your identity provider did not confirm an e-mail address. Ask your administrator."
            )
        named = claims.get("roles") or claims.get("groups") or []
        known = {role.value for role in Role}
        roles = frozenset(Role(name) for name in named if name in known) | {Role.EMPLOYEE}
        department = str(claims.get("department") or default_department)
        self.add_departments([Department(department, department.replace("-", " ").capitalize())])
        name = str(claims.get("name") or email)
        try:
            person = self.put_person(NewPerson(email, name, department, roles))
        except NotAllowed:
            row = self._row(email)
            self._note(Kind.SIGN_IN, None if row is None else _person(row), "refused", by="identity provider")
            raise
        self._note(Kind.SIGN_IN, person, "ok", by="identity provider", roles=sorted(person.roles))
        return person

    def put_person(self, new: NewPerson) -> Person:
        """Make an account, or bring the one with this e-mail up to date (its password only if given)."""
        values = {
            "email": normal_email(new.email),
            "name": new.name,
            "department_id": new.department,
            "roles": sorted(new.roles | {Role.EMPLOYEE}),
            "demonstration": new.demonstration,
        }
        if new.password is not None:
            values["password_hash"] = hash_password(new.password)
        changed = {key: value for key, value in values.items() if key != "email"}
        insert = self._database.insert(people).values(**values, created_at=self._clock(), active=True)
        with self._database.write() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["email"], set_=changed))
            row = connection.execute(sa.select(people).where(people.c.email == values["email"])).one()
        if not row.active:
            raise NotAllowed("This account is closed. Ask your administrator.")
        return _person(row)

    def change_password(self, person: Person, old: str, new: str) -> None:
        """Set a new password of at least 10 characters, knowing the old one; ends other sessions."""
        self._proved(person.email, old, "change of password")
        if len(new) < 10:
            raise BadInput("The new password is too short: use at least 10 characters.")
        with self._database.write() as connection:
            connection.execute(
                sa.update(people).where(people.c.id == person.id).values(password_hash=hash_password(new))
            )
            connection.execute(sa.delete(sessions).where(sessions.c.person_id == person.id))

    def add_departments(self, new: Iterable[Department]) -> None:
        """Make departments that do not exist yet."""
        with self._database.write() as connection:
            for department in new:
                connection.execute(
                    self._database.insert(departments)
                    .values(id=department.id, name=department.name)
                    .on_conflict_do_nothing(index_elements=["id"])
                )

    def departments(self) -> list[Department]:
        """All departments by name."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(departments).order_by(departments.c.name)).all()
        return [Department(row.id, row.name) for row in rows]

    def by_email(self, email: str) -> Person | None:
        """The active person with this address."""
        with self._database.read() as connection:
            row = connection.execute(
                sa.select(people).where(people.c.email == normal_email(email), people.c.active)
            ).one_or_none()
        return None if row is None else _person(row)

    def managers_of(self, department_id: str) -> list[Person]:
        """The active managers of a department, by name."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(people)
                .where(people.c.department_id == department_id, people.c.active)
                .order_by(people.c.name)
            ).all()
        return [person for person in map(_person, rows) if person.has(Role.MANAGER)]

    def demonstration_people(self) -> list[Person]:
        """The demonstration accounts that still exist."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(people).where(people.c.demonstration, people.c.active).order_by(people.c.id)
            ).all()
        return [_person(row) for row in rows]

    def _proved(self, email: str, password: str, by: str) -> Person:
        """Whose address and password these are; SignInFailed, which is on record, when they do not fit."""
        email = normal_email(email)
        row = self._row(email)
        known = None if row is None else _person(row)
        if not self._limiter.hit(self._tries, "sign-in", email):
            # One entry in each window: a flood of tries must not fill the journal.
            if self._limiter.hit(self._refusals, "sign-in-refused", email):
                self._note(Kind.SIGN_IN, known, "refused", by=by)
            raise SignInFailed(
                f"Too many tries for this address. Wait {TRY_WINDOW_MIN} minutes and try again."
            )
        stored = row.password_hash if row is not None and row.active else None
        if not _verified(stored, password) or known is None:
            self._note(Kind.SIGN_IN, known, "failed", by=by)
            raise SignInFailed("The e-mail address or the password is not right.")
        self._limiter.clear(self._tries, "sign-in", email)
        return known

    def _row(self, email: str) -> sa.Row[Any] | None:
        """The account of this address, open or closed."""
        with self._database.read() as connection:
            return connection.execute(sa.select(people).where(people.c.email == email)).one_or_none()

    def _note(self, kind: Kind, person: Person | None, outcome: str, **data: object) -> None:
        department, person_id = (None, None) if person is None else (person.department, person.id)
        self._record(Record(uuid.uuid4().hex, kind, department, person_id, outcome=outcome, data=data))

    def _new_token(self, person_id: int, life: timedelta, kind: str) -> str:
        token = secrets.token_urlsafe(32)
        now = self._clock()
        with self._database.write() as connection:
            connection.execute(
                sa.insert(sessions).values(
                    token_sha256=_digest(kind + token),
                    person_id=person_id,
                    created_at=now,
                    expires_at=now + life,
                )
            )
        return token


def hash_password(password: str) -> str:
    """What is stored of a password: salted argon2, with its parameters."""
    return _hasher().hash(password)


def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


def _verified(stored: str | None, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    hasher = _hasher()
    if stored is None:
        hasher.hash(password)
        return False
    try:
        return hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _person(row: sa.Row[Any]) -> Person:
    return Person(row.id, row.email, row.name, row.department_id, frozenset(Role(r) for r in row.roles))


def _digest(token: str) -> str:
    # A token has 256 random bits: a plain hash is enough, and it can be looked up.
    return hashlib.sha256(token.encode()).hexdigest()


def normal_email(email: str) -> str:
    """The form in which addresses are stored and compared."""
    return email.strip().casefold()
