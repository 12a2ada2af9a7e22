"""Who may see which spending."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from core.errors import NotAllowed
from core.gateway.money import Scope
from core.types import Person, Role


@dataclass(frozen=True, slots=True)
class View:
    """What one reader sees: `department` is None for all of them.

    `own` is the reader's own department: people are named for it alone.
    """

    department: str | None
    own: str

    @classmethod
    def of(cls, person: Person) -> View:
        """All departments for an administrator, their own for a manager; others raise NotAllowed."""
        if person.has(Role.ADMINISTRATOR):
            return cls(None, person.department)
        if person.has(Role.MANAGER):
            return cls(person.department, person.department)
        raise NotAllowed("Only managers and administrators may see what is spent.")

    def admits(self, scope: Scope) -> bool:
        """Whether the reader may see this budget: what a provider gets says what others spend."""
        return self.department is None or scope == Scope.department(self.department)

    def among(self, column: sa.ColumnElement[str] | sa.Column[str]) -> list[sa.ColumnElement[bool]]:
        """The conditions on a column of departments."""
        return [] if self.department is None else [column == self.department]
