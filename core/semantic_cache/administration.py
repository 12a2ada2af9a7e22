"""What an administrator sees of the cache and may do to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.database import Database
from core.errors import NotAllowed
from core.semantic_cache.keeping import Keeper
from core.semantic_cache.ledger import Figures, Ledger
from core.semantic_cache.lookup import Lookup
from core.semantic_cache.store import FALSE_HIT
from core.tables import cache_entries, cache_sources
from core.types import Person, Role

_E = cache_entries.c


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry in a list. `retired_at` is None while it may be served."""

    id: int
    question: str
    department: str
    verified: bool
    uses: int
    created_at: datetime
    last_used_at: datetime
    retired_at: datetime | None


class CacheAdministration:
    """Figures for those who may see spending, lists and purges for administrators."""

    def __init__(self, database: Database, keeper: Keeper, lookup: Lookup, ledger: Ledger) -> None:
        self._database = database
        self._keeper = keeper
        self._lookup = lookup
        self._ledger = ledger

    def figures(self, actor: Person, since: datetime) -> Figures:
        """What the cache did from the day of `since` on. Raises NotAllowed."""
        if not (actor.has(Role.ADMINISTRATOR) or actor.has(Role.MANAGER)):
            raise NotAllowed("Only managers and administrators see what the cache saved.")
        return self._ledger.figures(since, self._lookup.size())

    def most_used(self, actor: Person, limit: int = 20) -> list[EntryLine]:
        """The entries that were given again most often. Raises NotAllowed."""
        return self._lines(actor, _E.retired_at.is_(None), [_E.uses.desc(), _E.id.desc()], limit)

    def false_hits(self, actor: Person, limit: int = 20) -> list[EntryLine]:
        """The entries that were reported lately, the newest first. Raises NotAllowed."""
        return self._lines(actor, _E.retired_reason == FALSE_HIT, [_E.retired_at.desc(), _E.id.desc()], limit)

    def purge(
        self,
        actor: Person,
        *,
        document_id: int | None = None,
        department: str | None = None,
        entry_id: int | None = None,
    ) -> int:
        """Delete the entries that meet all that is given: rest on a document, were asked for by a
        department, are this one; says how many. With nothing given, none. Raises NotAllowed.
        """
        _must_administer(actor)
        using = sa.select(cache_sources.c.entry_id).where(cache_sources.c.document_id == document_id)
        wanted: list[sa.ColumnElement[bool]] = []
        if document_id is not None:
            wanted.append(_E.id.in_(using))
        if department is not None:
            wanted.append(_E.department == department)
        if entry_id is not None:
            wanted.append(_E.id == entry_id)
        return self._keeper.retire(sa.and_(*wanted), "purged") if wanted else 0

    def sweep(self) -> int:
        """Delete what could not be served any more, as after a document's deletion; says how many."""
        return self._keeper.sweep()

    def resting_on(self, document_id: int) -> int:
        """How many entries hold something of a document: the proof of a deletion."""
        query = sa.select(sa.func.count(cache_sources.c.entry_id.distinct()))
        with self._database.read() as connection:
            return connection.scalar(query.where(cache_sources.c.document_id == document_id)) or 0

    def _lines(
        self,
        actor: Person,
        which: sa.ColumnElement[bool],
        order: list[sa.UnaryExpression[int]],
        limit: int,
    ) -> list[EntryLine]:
        _must_administer(actor)
        columns = [_E[name] for name in EntryLine.__slots__]
        query = sa.select(*columns).where(which).order_by(*order).limit(limit)
        with self._database.read() as connection:
            return [EntryLine(*row) for row in connection.execute(query)]


def _must_administer(actor: Person) -> None:
    if not actor.has(Role.ADMINISTRATOR):
        raise NotAllowed("Only an administrator may look into the cache or empty it.")
