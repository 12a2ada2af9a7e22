"""The cache as administrators see it: what it did, the dial of its thresholds, and what empties it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.errors import BadInput
from core.journal.entries import Record
from core.operations.acts import Act, admit, record
from core.operations.cache_dial import CacheDial
from core.semantic_cache.administration import EntryLine
from core.semantic_cache.dial import DIAL, Notch
from core.semantic_cache.ledger import Figures
from core.types import Person

LISTED = 20


class Administration(Protocol):
    """What the cache itself offers to administrators."""

    def figures(self, actor: Person, since: datetime) -> Figures:
        """What the cache did from the day of `since` on."""
        ...

    def most_used(self, actor: Person, limit: int = ...) -> list[EntryLine]:
        """The entries that were given again most often."""
        ...

    def false_hits(self, actor: Person, limit: int = ...) -> list[EntryLine]:
        """The entries that were reported, the newest first."""
        ...

    def purge(
        self,
        actor: Person,
        *,
        document_id: int | None = ...,
        department: str | None = ...,
        entry_id: int | None = ...,
    ) -> int:
        """Retire the entries that meet all that is given; says how many."""
        ...


@dataclass(frozen=True, slots=True)
class Dial:
    """The notches by their names, the most careful first, and the one that is in force."""

    notches: dict[str, Notch]
    chosen: str


class CacheOperations:
    """`clock` gives the time in UTC. Every method raises NotAllowed for all but administrators."""

    def __init__(
        self,
        administration: Administration,
        dial: CacheDial,
        clock: Callable[[], datetime],
        note: Callable[[Record], object],
        new_trace_id: Callable[[], str],
    ) -> None:
        self._administration = administration
        self._dial = dial
        self._clock = clock
        self._note = note
        self._new_trace_id = new_trace_id

    def figures(self, actor: Person, days: int) -> Figures:
        """What the cache did today and in the days before, `days` in all."""
        admit(actor)
        return self._administration.figures(actor, self._clock() - timedelta(days=days - 1))

    def most_used(self, actor: Person) -> list[EntryLine]:
        """The entries that were given again most often, at most 20."""
        admit(actor)
        return self._administration.most_used(actor, LISTED)

    def reported(self, actor: Person) -> list[EntryLine]:
        """The entries that somebody got for another question, the newest first, at most 20."""
        admit(actor)
        return self._administration.false_hits(actor, LISTED)

    def dial(self, actor: Person) -> Dial:
        """Where the dial stands, and where it could."""
        admit(actor)
        notches = sorted(DIAL.items(), key=lambda item: -item[1].threshold)
        return Dial(dict(notches), self._dial.notch())

    def turn(self, actor: Person, notch: str) -> None:
        """Put another notch in force, in every process; BadInput for what is none."""
        admit(actor)
        self._dial.turn(actor, notch)

    def purge(
        self,
        actor: Person,
        *,
        document_id: int | None = None,
        department: str | None = None,
        entry_id: int | None = None,
    ) -> int:
        """Retire all entries that rest on a document, were asked for by a department, or one; says how many.

        Raises BadInput unless exactly one is named.
        """
        admit(actor)
        named = {"document": document_id, "for_department": department, "entry": entry_id}
        named = {key: value for key, value in named.items() if value is not None}
        if len(named) != 1:
            raise BadInput("Choose a document, a department or an entry.")
        number = self._administration.purge(
            actor, document_id=document_id, department=department, entry_id=entry_id
        )
        self._note(record(actor, Act.CACHE_PURGED, self._new_trace_id(), **named, entries=number))
        return number
