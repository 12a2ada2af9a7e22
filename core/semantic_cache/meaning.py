"""Finding stored questions that mean the same: by equal facts, or else by nearness in Chroma."""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout

import numpy as np

from core.knowledge.embedding import Embedder
from core.knowledge.vector_index import VectorIndex
from core.semantic_cache import sameness
from core.semantic_cache.entries import StoredQuestion, Vector
from core.semantic_cache.facts import signature
from core.semantic_cache.geometry import GROWTH, MOST, Geometry, fitted
from core.semantic_cache.lookup import Lookup
from core.semantic_cache.wording import read

log = logging.getLogger(__name__)

NEIGHBOURS = 32
PAGE = 5_000
_THREADS = 4

InBackground = Callable[[Callable[[], object]], object]
"""Runs work later, in a thread of its own."""


class MeaningSearch:
    """Ranks stored questions by sameness. Chroma holds those without facts, the database all."""

    def __init__(
        self,
        lookup: Lookup,
        questions: VectorIndex,
        embedder: Embedder,
        embed_wait_s: float,
        in_background: InBackground,
    ) -> None:
        self._lookup = lookup
        self._questions = questions
        self._embedder = embedder
        self._embed_wait_s = embed_wait_s
        self._in_background = in_background
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="cache-embed")
        self._lock = threading.Lock()
        self._geometries: dict[str, Geometry] = {}
        self._seen: set[str] = set()

    def ranked(self, cache_key: str, question: str, least: float) -> Iterator[tuple[float, int]]:
        """Scores of at least this with the entries' ids, the most alike first.

        Words are read more slowly than vectors are compared, so the nearest are read first, and no more
        than are asked for. Raises TimeoutError when the question cannot be embedded in time.
        """
        vector = self._embedded(question)
        self._look_after(cache_key, vector)
        wording = read(question)
        questions = self._near(cache_key, signature(wording.facts), vector)
        best: list[tuple[float, int]] = []
        for nearness, each in self._nearest(cache_key, vector, questions):
            bound = sameness.at_most(nearness)
            while best and -best[0][0] >= bound:
                yield _popped(best)
            if bound < least:
                break
            stored = read(each.text)
            if sameness.compatible(wording, stored):
                score = sameness.score(sameness.signs(wording, stored, nearness))
                if score >= least:
                    heapq.heappush(best, (-score, -each.id))
        while best:
            yield _popped(best)

    def _nearest(
        self, cache_key: str, vector: Vector, questions: Sequence[StoredQuestion]
    ) -> list[tuple[float, StoredQuestion]]:
        """With their cosines in the geometry of the cache, the nearest first."""
        if not questions:
            return []
        placed = self._geometry(cache_key).placed(np.stack([vector, *(each.vector for each in questions)]))
        return sorted(
            zip((placed[1:] @ placed[0]).tolist(), questions, strict=True), key=lambda pair: -pair[0]
        )

    def add(self, cache_key: str, entry_id: int, facts: str, vector: Vector) -> None:
        """Make a stored question findable; `facts` is its signature."""
        if not facts:
            try:
                self._questions.upsert(cache_key, [entry_id], vector[None, :])
            except Exception:
                log.exception("a question of the cache could not be put into Chroma")
                self._distrust(cache_key, vector)
        self._refit(cache_key)

    def forget(self, cache_key: str, ids: Collection[int]) -> None:
        """Entries that are retired are not served whatever Chroma holds: it is only kept small."""
        try:
            self._questions.delete(cache_key, list(ids))
        except Exception:
            log.exception("questions of the cache could not be deleted from Chroma")

    def repair(self, cache_key: str) -> int:
        """Fill the Chroma collection of a key anew from the database; gives the number of its entries."""
        count, (ids, vectors) = 0, self._lookup.without_facts(cache_key, 0, PAGE)
        self._questions.drop(cache_key)
        while ids:
            self._questions.upsert(cache_key, ids, vectors)
            count += len(ids)
            ids, vectors = self._lookup.without_facts(cache_key, ids[-1], PAGE)
        log.info("%d questions of the cache were put into Chroma again", count)
        return count

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _near(self, cache_key: str, facts: str, vector: Vector) -> list[StoredQuestion]:
        if facts:
            return self._lookup.with_signature(cache_key, facts)
        try:
            near = self._questions.query([cache_key], vector, NEIGHBOURS)
        except Exception:
            self._distrust(cache_key, vector)
            raise
        return self._lookup.questions([entry_id for entry_id, _ in near])

    def _embedded(self, question: str) -> Vector:
        future = self._pool.submit(self._embedder.embed_query, question)
        try:
            return future.result(self._embed_wait_s)
        except FutureTimeout:
            future.cancel()
            raise

    def _look_after(self, cache_key: str, vector: Vector) -> None:
        """The first question of each key in this process has its collection looked at."""
        with self._lock:
            known = cache_key in self._seen
            self._seen.add(cache_key)
        if not known:
            self._in_background(lambda: self._check(cache_key, vector))

    def _distrust(self, cache_key: str, vector: Vector) -> None:
        self._questions.forget(cache_key)
        self._in_background(lambda: self._check(cache_key, vector))

    def _check(self, cache_key: str, vector: Vector) -> None:
        """Repair the collection when it holds too little or does not answer; nobody waits for it."""
        try:
            if not self._is_sound(cache_key, vector):
                self.repair(cache_key)
        except Exception:
            log.exception("a collection of the cache could not be repaired")

    def _is_sound(self, cache_key: str, vector: Vector) -> bool:
        try:
            self._questions.query([cache_key], vector, 1)
            return self._questions.count(cache_key) >= self._lookup.size(cache_key, "")
        except Exception:
            log.exception("a collection of the cache does not answer")
            return False

    def _geometry(self, cache_key: str) -> Geometry:
        return self._geometries.get(cache_key) or self._fit(cache_key)

    def _refit(self, cache_key: str) -> None:
        known = self._geometries.get(cache_key)
        if known is None or min(MOST, self._lookup.size(cache_key)) >= known.size * GROWTH:
            self._fit(cache_key)

    def _fit(self, cache_key: str) -> Geometry:
        geometry = fitted(self._lookup.newest_vectors(cache_key, MOST))
        if geometry.size:
            with self._lock:
                self._geometries[cache_key] = geometry
        return geometry


def _popped(best: list[tuple[float, int]]) -> tuple[float, int]:
    score, entry_id = heapq.heappop(best)
    return -score, -entry_id
