"""Keyword search: the scores of rank-bm25, served from inverted sparse matrices.

The source of the scores is `BM25Okapi` of rank-bm25 (Trotman, Puurula, Burgess: Improvements to BM25
and Language Models Examined, 2014), including its floor under the weight of very common words.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
from scipy import sparse

IntArray = npt.NDArray[np.int64]
SmallIntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float64]

K1 = 1.5
B = 0.75
EPSILON = 0.25


@dataclass(frozen=True, eq=False, slots=True)
class _Segment:
    """An immutable part of one reading group.

    ids: int64[chunks], ascending; lengths: int32[chunks], in terms. `terms` (int32[columns]) are the
    vocabulary numbers present, ascending; the postings of column j are `starts[j]` to `starts[j + 1]`
    of `rows` (positions in `ids`) and `counts`.
    """

    ids: IntArray
    lengths: SmallIntArray
    terms: SmallIntArray
    starts: IntArray
    rows: SmallIntArray
    counts: SmallIntArray

    def __len__(self) -> int:
        return len(self.ids)

    def columns(self) -> SmallIntArray:
        """The vocabulary number of each posting, int32[postings]."""
        return np.repeat(self.terms, np.diff(self.starts))

    def without(self, ids: IntArray) -> _Segment | None:
        """The segment less these ids: itself when it holds none of them, None when nothing is left."""
        keep = ~np.isin(self.ids, ids)
        if keep.all():
            return self
        if not keep.any():
            return None
        held = keep[self.rows]
        renumbered = (np.cumsum(keep) - 1).astype(np.int32)
        return _segment(
            self.ids[keep],
            self.lengths[keep],
            self.columns()[held],
            renumbered[self.rows[held]],
            self.counts[held],
        )


def _segment(
    ids: IntArray, lengths: SmallIntArray, columns: SmallIntArray, rows: SmallIntArray, counts: SmallIntArray
) -> _Segment:
    """Sort chunks by id and postings by column, from parallel arrays of postings in any order."""
    order = np.argsort(ids, kind="stable")
    position = np.empty(len(ids), dtype=np.int32)
    position[order] = np.arange(len(ids), dtype=np.int32)
    width = int(columns.max()) + 1 if len(columns) else 0
    matrix = sparse.csc_matrix((counts, (position[rows], columns)), shape=(len(ids), width), dtype=np.int32)
    terms = np.flatnonzero(np.diff(matrix.indptr)).astype(np.int32)
    starts = np.append(matrix.indptr[terms], matrix.nnz).astype(np.int64)
    return _Segment(
        ids[order], lengths[order], terms, starts, matrix.indices.astype(np.int32, copy=False), matrix.data
    )


def _merged(segments: Sequence[_Segment]) -> _Segment:
    if len(segments) == 1:
        return segments[0]
    offsets = np.cumsum([0] + [len(segment) for segment in segments[:-1]])
    return _segment(
        np.concatenate([segment.ids for segment in segments]),
        np.concatenate([segment.lengths for segment in segments]),
        np.concatenate([segment.columns() for segment in segments]),
        np.concatenate(
            [segment.rows + np.int32(offset) for segment, offset in zip(segments, offsets, strict=True)]
        ),
        np.concatenate([segment.counts for segment in segments]),
    )


class _View:
    """The segments some groups may read, with the statistics of these chunks and no others."""

    def __init__(self, segments: tuple[_Segment, ...]) -> None:
        self.segments = segments
        chunks = sum(len(segment) for segment in segments)
        length = sum(int(segment.lengths.sum()) for segment in segments)
        mean_length = length / chunks if length else 1.0
        self.chunks = chunks
        self.mean_length = mean_length
        self.norms = [_norms(segment, mean_length) for segment in segments]
        self.frequency = _frequency(segments)
        self.weights = _weights(self.frequency, chunks)

    def in_chunks(self, term: int | None) -> float:
        """How many chunks hold the term."""
        known = term is not None and term < len(self.frequency)
        return float(self.frequency[term]) if known else 0.0

    def scores(self, terms: Sequence[int]) -> list[tuple[_Segment, FloatArray, npt.NDArray[np.bool_]]]:
        """For each segment the score of every chunk, and which chunks hold any of the terms."""
        wanted = [term for term in terms if term < len(self.weights)]
        return [
            (segment, *_score(segment, norms, wanted, self.weights))
            for segment, norms in zip(self.segments, self.norms, strict=True)
        ]


class _Snapshot:
    """All groups at one moment, and the views of them that somebody has asked for since."""

    def __init__(
        self, groups: Mapping[str, tuple[_Segment, ...]], views: Mapping[frozenset[str], _View]
    ) -> None:
        self.groups = groups
        self.views = {key: view for key, view in views.items() if view.segments == self.segments(key)}

    def segments(self, groups: frozenset[str]) -> tuple[_Segment, ...]:
        """The segments of these groups, in an order that depends on the groups alone."""
        return tuple(chain.from_iterable(self.groups.get(group, ()) for group in sorted(groups)))


def _frequency(segments: Sequence[_Segment]) -> FloatArray:
    """In how many chunks each vocabulary number is, float64[vocabulary]."""
    if not segments:
        return np.zeros(0)
    return np.bincount(
        np.concatenate([segment.terms for segment in segments]),
        np.concatenate([np.diff(segment.starts) for segment in segments]),
    ).astype(np.float64, copy=False)


def _weights(frequency: FloatArray, chunks: int) -> FloatArray:
    """The weight of each vocabulary number, float64[vocabulary], as rank-bm25 floors it."""
    if not len(frequency):
        return frequency
    weights = np.zeros(len(frequency))
    present = frequency > 0
    weights[present] = np.log(chunks - frequency[present] + 0.5) - np.log(frequency[present] + 0.5)
    floor = EPSILON * weights[present].mean()
    weights[weights < 0] = floor
    return weights


def _norms(segment: _Segment, mean_length: float) -> FloatArray:
    """How much each chunk's length dampens its counts, float64[chunks]."""
    return np.asarray(K1 * (1 - B + B * segment.lengths / mean_length), dtype=np.float64)


def _score(
    segment: _Segment, norms: FloatArray, terms: Sequence[int], weights: FloatArray
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    columns = np.searchsorted(segment.terms, terms)
    found = [
        (int(segment.starts[column]), int(segment.starts[column + 1]), weights[term])
        for column, term in zip(columns, terms, strict=True)
        if column < len(segment.terms) and segment.terms[column] == term
    ]
    touched = np.zeros(len(segment), dtype=np.bool_)
    if not found:
        return np.zeros(len(segment)), touched
    rows = np.concatenate([segment.rows[start:end] for start, end, _ in found])
    counts = np.concatenate([segment.counts[start:end] for start, end, _ in found])
    weight = np.repeat([weight for _, _, weight in found], [end - start for start, end, _ in found])
    touched[rows] = True
    parts = weight * (counts * (K1 + 1) / (counts + norms[rows]))
    scores = np.bincount(rows, parts, len(segment))
    return scores.astype(np.float64, copy=False), touched


def _best(ids: IntArray, scores: FloatArray, limit: int) -> tuple[IntArray, FloatArray]:
    """The `limit` best, best first, equal scores by id."""
    if len(scores) > limit:
        # Everything that ties with the last place stays, so that ids decide between equals.
        threshold = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        keep = np.flatnonzero(scores >= threshold)
        ids, scores = ids[keep], scores[keep]
    order = np.lexsort((ids, -scores))[:limit]
    return ids[order], scores[order]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What BM25 knows of a collection: the weight of each term asked for, and the mean length in terms."""

    weights: Mapping[str, float]
    mean_length: float

    def score(self, term: str, count: int, length: int) -> float:
        """What a term adds that a text of so many terms holds `count` times."""
        norm = K1 * (1 - B + B * length / self.mean_length)
        return self.weights[term] * count * (K1 + 1) / (count + norm)


class KeywordIndex:
    """BM25 over chunks in reading groups, for any number of threads.

    Writers take turns and publish a new set of immutable segments in one assignment; a query reads
    whatever is published when it starts and never waits. All statistics are those of the groups a
    query names, so a chunk in any other group changes nothing. `merge_below` is the size in chunks
    under which the segments of a group are always merged; `max_segment` the size that merging does
    not go beyond; the statistics of at most `max_views` combinations of groups are kept.
    """

    def __init__(self, merge_below: int = 1_000, max_segment: int = 50_000, max_views: int = 64) -> None:
        self._merge_below = merge_below
        self._max_segment = max_segment
        self._max_views = max_views
        self._writing = threading.Lock()
        self._vocabulary: dict[str, int] = {}
        self._snapshot = _Snapshot({}, {})

    def __len__(self) -> int:
        return sum(len(segment) for segments in self._snapshot.groups.values() for segment in segments)

    def add(self, group: str, items: Sequence[tuple[int, Sequence[str]]]) -> None:
        """Put chunks, each an id and its terms, into a group; an id known already is replaced."""
        if not items:
            return
        latest = dict(items)
        with self._writing:
            segment = self._built(latest)
            groups = _removed(self._snapshot.groups, segment.ids)
            groups[group] = self._compacted((*groups.get(group, ()), segment))
            self._publish(groups)

    def remove(self, ids: Collection[int]) -> None:
        """Forget these chunks, in whatever group they are; unknown ids are no error."""
        if not ids:
            return
        with self._writing:
            unwanted = np.fromiter(ids, dtype=np.int64, count=len(ids))
            self._publish(_removed(self._snapshot.groups, unwanted))

    def search(self, groups: Collection[str], terms: Sequence[str], limit: int) -> list[tuple[int, float]]:
        """The chunks of these groups that hold any of the terms: (id, score), best first, ties by id.

        A score may be zero or negative in a very small collection. A repeated term counts each time.
        """
        if limit < 1:
            return []
        found = [
            _best(segment.ids[touched], scores[touched], limit)
            for segment, scores, touched in self._scored(groups, terms)
            if touched.any()
        ]
        if not found:
            return []
        ids, scores = _best(
            np.concatenate([ids for ids, _ in found]), np.concatenate([scores for _, scores in found]), limit
        )
        return list(zip(ids.tolist(), scores.tolist(), strict=True))

    def scores(self, groups: Collection[str], terms: Sequence[str], ids: Sequence[int]) -> list[float]:
        """The exact score of each id, in the order given; 0 for one that is not in these groups."""
        result = np.zeros(len(ids))
        wanted = np.fromiter(ids, dtype=np.int64, count=len(ids))
        if not len(wanted):
            return []
        for segment, scores, _ in self._scored(groups, terms):
            position = np.minimum(np.searchsorted(segment.ids, wanted), len(segment) - 1)
            held = segment.ids[position] == wanted
            result[held] = scores[position[held]]
        return [float(score) for score in result]

    def rarity(self, groups: Collection[str], terms: Collection[str]) -> dict[str, float]:
        """How rare each term is in these groups: above 0, and highest for a term that is in no chunk.

        Unlike the weight in the scores it needs no floor, so it also orders very common terms.
        """
        view = self._view(frozenset(groups))
        found = {term: view.in_chunks(self._vocabulary.get(term)) for term in terms}
        return {
            term: math.log1p((view.chunks - count + 0.5) / (count + 0.5)) for term, count in found.items()
        }

    def statistics(self, groups: Collection[str], terms: Collection[str]) -> Statistics:
        """The weights that these terms have in the scores of these groups, for texts that stand in none.

        A term that no chunk of them holds weighs what the formula gives for none.
        """
        view = self._view(frozenset(groups))
        unknown = math.log(view.chunks + 0.5) - math.log(0.5)
        numbers = {term: self._vocabulary.get(term) for term in terms}
        weights = {
            term: float(view.weights[number]) if number is not None and view.in_chunks(number) else unknown
            for term, number in numbers.items()
        }
        return Statistics(weights, view.mean_length)

    def _scored(
        self, groups: Collection[str], terms: Sequence[str]
    ) -> list[tuple[_Segment, FloatArray, npt.NDArray[np.bool_]]]:
        numbers = (self._vocabulary.get(term) for term in terms)
        return self._view(frozenset(groups)).scores([number for number in numbers if number is not None])

    def _view(self, groups: frozenset[str]) -> _View:
        snapshot = self._snapshot
        view = snapshot.views.get(groups)
        if view is None:
            view = _View(snapshot.segments(groups))
            if len(snapshot.views) >= self._max_views:
                snapshot.views = {}
            snapshot.views[groups] = view
        return view

    def _publish(self, groups: Mapping[str, tuple[_Segment, ...]]) -> None:
        # A copy, because queries put views into the dictionary at any time.
        self._snapshot = _Snapshot(groups, dict(self._snapshot.views))

    def _built(self, items: Mapping[int, Sequence[str]]) -> _Segment:
        bags = [Counter(terms) for terms in items.values()]
        number = self._vocabulary
        columns = [number.setdefault(term, len(number)) for bag in bags for term in bag]
        return _segment(
            np.fromiter(items, dtype=np.int64, count=len(items)),
            np.array([bag.total() for bag in bags], dtype=np.int32),
            np.array(columns, dtype=np.int32),
            np.repeat(np.arange(len(bags), dtype=np.int32), [len(bag) for bag in bags]),
            np.fromiter(
                chain.from_iterable(bag.values() for bag in bags), dtype=np.int32, count=len(columns)
            ),
        )

    def _compacted(self, segments: tuple[_Segment, ...]) -> tuple[_Segment, ...]:
        """Merge the newest segments while the one before them is small or no larger than they are."""
        first = len(segments) - 1
        size = len(segments[first])
        while first > 0:
            before = len(segments[first - 1])
            if before > max(size, self._merge_below) or before + size > self._max_segment:
                break
            first -= 1
            size += before
        return (*segments[:first], _merged(segments[first:]))


def _removed(groups: Mapping[str, tuple[_Segment, ...]], ids: IntArray) -> dict[str, tuple[_Segment, ...]]:
    left = {group: _left(segments, ids) for group, segments in groups.items()}
    return {group: segments for group, segments in left.items() if segments}


def _left(segments: Iterable[_Segment], ids: IntArray) -> tuple[_Segment, ...]:
    kept = (segment.without(ids) for segment in segments)
    return tuple(segment for segment in kept if segment is not None)
