"""Whether stored answers still stand: checked when one is about to be served, not by a sweep.

Two things must hold. Every source is still the current version of its document, with the same readers,
and this person is one of them: the statement that reads the sources says so. And nothing newer speaks to
the question: an entry remembers the last change of the index that it was checked against, and each later
one is looked at first. A process that dies anywhere leaves an entry unchecked, never wrongly served.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from core.database import Database
from core.semantic_cache.entries import Entry, Source, Vector
from core.tables import changes, chunks, documents, versions
from core.types import Person, Readership

MARGIN = 0.05
"""A new chunk is near when it is as like the question as the weakest source, or almost: it could have
been among the passages that the answer was written from."""
MOST_CHUNKS = 2_000
"""More new chunks than these are not looked at while somebody waits: that is a miss."""

# Built once: putting a statement together takes longer than SQLite needs to run it.
_LAST = sa.select(sa.func.max(changes.c.id))


class Standing(StrEnum):
    """What became of an entry."""

    GOOD = "good"
    CHANGED = "source changed"
    FORBIDDEN = "not readable"
    OVERTAKEN = "newer document"
    UNCHECKED = "too many changes"


class ChunkVectors(Protocol):
    """The embeddings of chunks, by reading group."""

    def vectors(self, groups: Collection[str], ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """The embedding of each id that is in one of these groups."""
        ...


class Freshness:
    """Judges entries against the documents as they are now."""

    def __init__(self, database: Database, vectors: ChunkVectors) -> None:
        self._database = database
        self._vectors = vectors

    def last_change(self) -> int:
        """The newest change of the index; taken before retrieval, an answer was checked against it."""
        with self._database.read() as connection:
            return connection.scalar(_LAST) or 0

    def standing(self, entry: Entry, person: Person) -> tuple[Standing, int]:
        """What became of it, just read, for this person, and the last change that this takes into account."""
        last = entry.last_change
        state = _of_sources(entry, person)
        if state is not Standing.GOOD or last <= entry.checked_change:
            return state, last
        with self._database.read() as connection:
            ids = _new_chunks(connection, entry)
        if sum(map(len, ids.values())) > MOST_CHUNKS:
            return Standing.UNCHECKED, last
        return (Standing.OVERTAKEN if self._is_near(entry, ids) else Standing.GOOD), last

    def _is_near(self, entry: Entry, ids: dict[str, list[int]]) -> bool:
        """Whether a new chunk is near; one without an embedding cannot be ruled out."""
        for group, wanted in ids.items():
            found = self._vectors.vectors([group], wanted)
            if len(found) < len(wanted):
                return True
            nearest = max(float(vector @ entry.vector) for vector in found.values())
            if nearest >= entry.weakest_cosine - MARGIN:
                return True
        return False

    def sources(
        self, versions_of: Mapping[int, int], chunk_ids: Mapping[int, Collection[int]]
    ) -> list[Source]:
        """The sources of an answer that was not retrieved just now, where all of them still stand.

        `versions_of` holds the version by document, `chunk_ids` the cited chunks by document; a document
        without one is held by its first chunk. Empty when a version is not the current one any more.
        """
        query = (
            sa.select(documents.c.id, documents.c.readers, chunks.c.id.label("chunk_id"))
            .join(chunks, chunks.c.version_id == documents.c.current_version_id)
            .where(sa.tuple_(documents.c.id, documents.c.current_version_id).in_(list(versions_of.items())))
            .order_by(chunks.c.id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all() if versions_of else []
        held: dict[int, list[Source]] = {}
        for row in rows:
            of_document = held.setdefault(row.id, [])
            if row.chunk_id in chunk_ids.get(row.id, ()) or not (of_document or chunk_ids.get(row.id)):
                of_document.append(Source(row.chunk_id, row.id, versions_of[row.id], row.readers))
        whole = len(held) == len(versions_of) and all(held.values())
        return [source for of_document in held.values() for source in of_document] if whole else []

    def weakest_cosine(self, vector: Vector, groups: Collection[str], chunk_ids: Sequence[int]) -> float:
        """How like the question the least like of these chunks is; -1 when one has no embedding."""
        found = self._vectors.vectors(groups, chunk_ids)
        if len(found) < len(set(chunk_ids)):
            return -1.0
        return min((float(each @ vector) for each in found.values()), default=-1.0)


def _of_sources(entry: Entry, person: Person) -> Standing:
    if not entry.sources or not all(source.stands for source in entry.sources):
        return Standing.CHANGED
    readable = all(Readership.from_key(source.readers).admits(person) for source in entry.sources)
    return Standing.GOOD if readable else Standing.FORBIDDEN


def _new_chunks(connection: sa.Connection, entry: Entry) -> dict[str, list[int]]:
    """By reading group, the chunks of versions that came after the entry's check and are current now.

    Those of the entry's own sources are not new to it.
    """
    own = {source.version_id for source in entry.sources}
    rows = connection.execute(
        sa.select(versions.c.readers, chunks.c.id)
        .join(changes, sa.and_(changes.c.version_id == versions.c.id, changes.c.kind == "add"))
        .join(chunks, chunks.c.version_id == versions.c.id)
        .where(changes.c.id > entry.checked_change, versions.c.state == "current", versions.c.id.not_in(own))
        .limit(MOST_CHUNKS + 1)
    ).all()
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.readers, []).append(row.id)
    return found
