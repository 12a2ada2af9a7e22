"""What those who keep documents may know of how they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.database import Database
from core.errors import NotAllowed
from core.reports.citing import stale_answers, times_cited
from core.reports.unanswered import Unanswered, unanswered
from core.tables import documents
from core.types import Person, Role

DAYS = 90
"""So far back answers are counted."""
RECENT_DAYS = 30
"""So far back questions without an answer are shown."""


@dataclass(frozen=True, slots=True)
class Use:
    """How a document is used: answers of the last DAYS days that cite it, and stale verified answers."""

    cited: int
    stale: int


class DocumentUse:
    """For document owners and administrators; everybody else gets NotAllowed.

    `analyse` gives the terms of a text, `clock` the time in UTC.
    """

    def __init__(
        self,
        database: Database,
        analyse: Callable[[str], Iterable[str]],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._analyse = analyse
        self._clock = clock

    def of_documents(self, actor: Person) -> dict[int, Use]:
        """By id, the documents that this person manages."""
        _admit(actor)
        managed = sa.select(documents.c.id)
        if not actor.has(Role.ADMINISTRATOR):
            managed = managed.where(documents.c.department_id == actor.department)
        with self._database.read() as connection:
            cited = times_cited(connection, self._clock() - timedelta(days=DAYS))
            stale = stale_answers(connection)
            ids = list(connection.scalars(managed))
        return {each: Use(cited.get(each, 0), stale.get(each, 0)) for each in ids}

    def unanswered(self, actor: Person, limit: int = 20) -> list[Unanswered]:
        """Recent questions that found nothing, grouped and masked, without anybody's name."""
        _admit(actor)
        with self._database.read() as connection:
            since = self._clock() - timedelta(days=RECENT_DAYS)
            return unanswered(connection, since, self._analyse)[:limit]


def _admit(actor: Person) -> None:
    if not (actor.has(Role.OWNER) or actor.has(Role.ADMINISTRATOR)):
        raise NotAllowed("Only document owners and administrators may see how documents are used.")
