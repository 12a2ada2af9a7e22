"""Who may see which tasks: reviewers, and only where they may read every source.

A task keeps the narrowest readership of its sources as they were. A document whose readers have
changed since is judged by its readers of today as well, in the same statement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from core.errors import NotAllowed
from core.tables import documents, review_sources, review_tasks
from core.types import Person, Readership, Role

REVIEWERS = frozenset({Role.REVIEWER, Role.ADMINISTRATOR})


class Groups(Protocol):
    """Knows the reading groups of documents."""

    def readable_groups(self, person: Person) -> frozenset[str]:
        """The reading groups, among those in use, that admit this person."""
        ...


def narrowest(keys: Iterable[str]) -> str:
    """The readership that every one of these reading groups admits; everyone, for none."""
    readership = Readership.everyone()
    for key in keys:
        other = Readership.from_key(key)
        if readership.departments is None:
            readership = other
        elif other.departments is not None:
            readership = Readership(readership.departments & other.departments)
    return readership.key


@dataclass(frozen=True, slots=True)
class View:
    """What one person may see, as conditions for statements about tasks.

    `groups` are taken before a transaction begins: a second connection within it could wait for ever.
    """

    person: Person
    groups: frozenset[str]

    def admitted(self, readers: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """Whether a readership's key admits the person, for a key that may no longer be in use."""
        key = sa.literal("+") + readers + "+"
        # Not LIKE: on SQLite that takes capital letters for small ones.
        named = sa.func.replace(key, f"+{self.person.department}+", "") != key
        return (readers == Readership.everyone().key) | named

    def closed(self, document_id: sa.ColumnElement[int]) -> sa.Exists:
        """Whether the document has been closed to the person; one that is gone has not."""
        return (
            sa.select(documents.c.id)
            .where(documents.c.id == document_id, documents.c.readers.not_in(sorted(self.groups)))
            .exists()
        )

    def readable(self) -> sa.ColumnElement[bool]:
        """Whether the person may read all sources of a task: as they were, and as they are now."""
        source = sa.select(review_sources.c.task_id).where(review_sources.c.task_id == review_tasks.c.id)
        return sa.and_(
            self.admitted(review_tasks.c.readers),
            ~source.where(self.closed(review_sources.c.document_id)).exists(),
        )

    def reviewable(self) -> sa.ColumnElement[bool]:
        """Whether a task is for this reviewer's eyes: readable, and not a question of their own."""
        others = review_tasks.c.asker_id.is_(None) | (review_tasks.c.asker_id != self.person.id)
        return sa.and_(self.readable(), others)


class Access:
    """Makes views. The only place where the queue asks who may read what."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups

    def of(self, person: Person) -> View:
        """The view of anybody."""
        return View(person, self._groups.readable_groups(person))

    def of_reviewer(self, person: Person) -> View:
        """The view of a reviewer; raises NotAllowed for anybody who does not review."""
        if not person.roles & REVIEWERS:
            raise NotAllowed("Only reviewers may see the questions that wait.")
        return self.of(person)


def alive(tasks: sa.FromClause = review_tasks) -> sa.ColumnElement[bool]:
    """Open, and somebody still waits: a question goes with the conversation that its asker deletes.

    `tasks` is the table of tasks or an alias of it.
    """
    return sa.and_(
        tasks.c.state == "open",
        tasks.c.reply_id.is_not(None) | (tasks.c.kind == "stale"),
    )
