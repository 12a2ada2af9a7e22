"""Accounts as administrators see them, and what a new one must have."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.errors import BadInput
from core.identity import normal_email
from core.tables import api_keys, departments, people
from core.types import Role

NAME_CHARS = 200
EMAIL_CHARS = 320
DEPARTMENT_CHARS = 64

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_NO_ID = re.compile(r"[^a-z0-9]+")
# Without those that are read for one another: 0 and o, 1 and l and i.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Account:
    """One person's account; `own_password` is False for people of an identity provider."""

    id: int
    email: str
    name: str
    department: str
    department_name: str
    roles: frozenset[Role]
    active: bool
    demonstration: bool
    own_password: bool
    created_at: datetime

    def matches(self, search: str) -> bool:
        """Whether name, address or department has each word of the search."""
        text = f"{self.name} {self.email} {self.department_name}".casefold()
        return all(word in text for word in search.casefold().split())


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an administrator says about a new person."""

    name: str
    email: str
    department: str
    roles: frozenset[Role] = frozenset()

    def columns(self) -> dict[str, Any]:
        """As the table has them."""
        return {
            "name": self.name,
            "email": self.email,
            "department_id": self.department,
            "roles": sorted(self.roles | {Role.EMPLOYEE}),
            "active": True,
            "demonstration": False,
        }


def checked(new: NewAccount) -> NewAccount:
    """The account with tidy name and address; raises BadInput."""
    name, email = " ".join(new.name.split()), normal_email(new.email)
    if not name or len(name) > NAME_CHARS:
        raise BadInput("Give the person's name.")
    if not _EMAIL.fullmatch(email) or len(email) > EMAIL_CHARS:
        raise BadInput("This is not a whole e-mail address, such as name@company.example.")
    return replace(new, name=name, email=email)


def department_id(name: str) -> str:
    """`people-and-culture` for `People & culture`: letters, digits and hyphens. Raises BadInput."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    made = _NO_ID.sub("-", "".join(c for c in plain if not unicodedata.combining(c))).strip("-")
    if not made or len(made) > DEPARTMENT_CHARS or len(name) > NAME_CHARS:
        raise BadInput("Give the department a short name with letters or digits from a to z.")
    return made


def first_password() -> str:
    """Sixteen random letters and digits in four groups: 79 bits, and easy to read out."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def accounts(connection: sa.Connection) -> Iterator[Account]:
    """All of them, the open ones first and by name, but for those that belong to keys of applications."""
    query = sa.select(people, departments.c.name.label("department_name")).join(departments)
    query = query.where(people.c.id.not_in(sa.select(api_keys.c.person_id)))
    rows = connection.execute(query).all()
    return iter(sorted(map(account, rows), key=lambda one: (not one.active, one.name.casefold(), one.id)))


def account(row: sa.Row[Any]) -> Account:
    """A row of `people`, with its department's name where that was read too."""
    return Account(
        row.id,
        row.email,
        row.name,
        row.department_id,
        getattr(row, "department_name", row.department_id),
        frozenset(Role(role) for role in row.roles),
        row.active,
        row.demonstration,
        row.password_hash is not None,
        row.created_at,
    )
