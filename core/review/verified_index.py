"""Verified answers in memory, one small index for each reading group: exact scores, nothing estimated."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.knowledge.retrieval import Query
from core.types import Person, Readership

Vector = NDArray[np.float32]
Ids = NDArray[np.int64]
Scores = NDArray[np.float64]


class Row(NamedTuple):
    """A verified answer as it is indexed: `readers` is its reading group, `vector` float32[dim]."""

    id: int
    readers: str
    vector: Vector
    terms: Sequence[str]


class Scored(NamedTuple):
    """All that a person may read: `ids` int64[n], and both scores of each, float64[n]."""

    ids: Ids
    cosines: Scores
    bm25: Scores


@dataclass(slots=True)
class _Group:
    rows: dict[int, tuple[Vector, tuple[str, ...]]] = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)
    postings: dict[str, dict[int, int]] = field(default_factory=dict)
    built: tuple[Ids, NDArray[np.float32]] | None = None

    def add(self, row: Row) -> None:
        counts = Counter(row.terms)
        self.rows[row.id] = row.vector, tuple(counts)
        self.lengths[row.id] = len(row.terms)
        for term, count in counts.items():
            self.postings.setdefault(term, {})[row.id] = count
        self.built = None

    def remove(self, row_id: int) -> None:
        known = self.rows.pop(row_id, None)
        if known is None:
            return
        for term in known[1]:
            del self.postings[term][row_id]
        del self.lengths[row_id]
        self.built = None

    def scored(self, query: Query) -> Scored:
        if self.built is None:
            # In the order of their ids, which both scores rely on.
            order = sorted(self.rows)
            self.built = np.array(order, dtype=np.int64), np.stack([self.rows[i][0] for i in order])
        ids, vectors = self.built
        found = self._bm25(query)
        bm25 = np.zeros(len(ids))
        bm25[np.isin(ids, np.fromiter(found, np.int64, len(found)))] = [found[i] for i in sorted(found)]
        return Scored(ids, (vectors @ query.vector).astype(np.float64), bm25)

    def _bm25(self, query: Query) -> dict[int, float]:
        """A repeated term counts each time, as it does for the documents."""
        found: dict[int, float] = {}
        for term, times in Counter(query.terms).items():
            for row_id, count in self.postings.get(term, {}).items():
                added = times * query.statistics.score(term, count, self.lengths[row_id])
                found[row_id] = found.get(row_id, 0.0) + added
        return found


class VerifiedIndex:
    """What has been indexed, by reading group; any number of threads, which take turns."""

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = {}
        self._group_of: dict[int, str] = {}
        self._lock = threading.Lock()

    def ids(self) -> set[int]:
        """All that are in it."""
        with self._lock:
            return set(self._group_of)

    def change(self, added: Iterable[Row], removed: Collection[int]) -> None:
        """Take rows in and others out, in one step."""
        with self._lock:
            for row_id in removed:
                group = self._group_of.pop(row_id, None)
                if group is not None:
                    self._groups[group].remove(row_id)
            for row in added:
                self._groups.setdefault(row.readers, _Group()).add(row)
                self._group_of[row.id] = row.readers

    def scored(self, person: Person, query: Query) -> Scored:
        """Every row of the groups that admit this person; the others are not looked at."""
        with self._lock:
            admitted = [
                group.scored(query)
                for readers, group in sorted(self._groups.items())
                if group.rows and Readership.from_key(readers).admits(person)
            ]
        if not admitted:
            return Scored(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
        return Scored(*(np.concatenate(parts) for parts in zip(*admitted, strict=True)))
