"""How alike questions are: by meaning, where there is an embedder, and by the words that they share."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from core.errors import ModelError, RateLimited
from core.knowledge.embedding import Embedder, clearance_of, on_behalf
from core.review.store import Store, insert_new
from core.tables import verified_vectors
from core.types import DataClass, Errand

log = logging.getLogger(__name__)

Vector = NDArray[np.float32]

MEANING_WEIGHT = 2 / 3
"""What meaning counts beside words: paraphrases share few words, but numbers and names are words."""
EMBEDDED_AT_ONCE = 64
KEPT = 20_000
_WORD = re.compile(r"\w+")


class Known(NamedTuple):
    """A verified question; `data_class` is how sensitive it is."""

    id: int
    question: str
    data_class: DataClass


class Likeness(NamedTuple):
    """`cosine` in [-1, 1], `words` Dice's coefficient in [0, 1], `likeness` both together in [0, 1]."""

    likeness: float
    cosine: float
    words: float


class Meaning:
    """Compares questions. The vectors of verified questions are kept in the database.

    Safe for many threads. What the embedder may not see, or cannot read now, is compared by words.
    """

    def __init__(self, store: Store, embedder: Embedder | None = None) -> None:
        self._store = store
        self._embedder = embedder
        self._vectors: dict[int, Vector] = {}
        self._lock = threading.Lock()

    def compared(self, question: str, known: Sequence[Known], errand: Errand) -> list[Likeness]:
        """How alike the question is to each of these."""
        words = shared_words(question, [each.question for each in known])
        cosines = self._cosines(question, known, errand)
        return [
            Likeness(shared, 0.0, shared)
            if cosine is None
            else Likeness(MEANING_WEIGHT * max(0.0, cosine) + (1 - MEANING_WEIGHT) * shared, cosine, shared)
            for shared, cosine in zip(words, cosines, strict=True)
        ]

    def embed(self, known: Sequence[Known], errand: Errand) -> Mapping[int, Vector]:
        """The vectors of these questions; at most 64 that have none yet are read by the embedder."""
        if self._embedder is None:
            return {}
        cleared = [each for each in known if each.data_class <= clearance_of(self._embedder)]
        found = self._kept([each.id for each in cleared])
        missing = [each for each in cleared if each.id not in found][:EMBEDDED_AT_ONCE]
        if missing:
            texts = [each.question for each in missing]
            vectors = on_behalf(self._embedder, errand).embed_texts(texts)
            found |= self._keep({each.id: vector for each, vector in zip(missing, vectors, strict=True)})
        return found

    def _cosines(self, question: str, known: Sequence[Known], errand: Errand) -> list[float | None]:
        if self._embedder is None or not known:
            return [None] * len(known)
        try:
            vectors = self.embed(known, errand)
            asked = on_behalf(self._embedder, errand).embed_query(question)
        except (ModelError, RateLimited) as exc:
            log.warning("verified questions are compared by their words: %s", exc)
            return [None] * len(known)
        return [float(vectors[each.id] @ asked) if each.id in vectors else None for each in known]

    def _kept(self, ids: Sequence[int]) -> dict[int, Vector]:
        with self._lock:
            found = {each: self._vectors[each] for each in ids if each in self._vectors}
        unknown = [each for each in ids if each not in found]
        if not unknown or self._embedder is None:
            return found
        query = sa.select(verified_vectors.c.verified_id, verified_vectors.c.vector).where(
            verified_vectors.c.verified_id.in_(unknown),
            verified_vectors.c.embedding == self._embedder.name,
        )
        with self._store.read() as connection:
            read = {
                row.verified_id: np.frombuffer(row.vector, np.float32) for row in connection.execute(query)
            }
        self._hold(read)
        return found | read

    def _keep(self, vectors: dict[int, Vector]) -> dict[int, Vector]:
        name = self._embedder.name if self._embedder else ""
        rows = [
            {"verified_id": each, "embedding": name, "vector": vector.astype(np.float32).tobytes()}
            for each, vector in vectors.items()
        ]
        with self._store.write() as connection:
            insert_new(connection, verified_vectors, rows)
        self._hold(vectors)
        return vectors

    def _hold(self, vectors: Mapping[int, Vector]) -> None:
        with self._lock:
            if len(self._vectors) + len(vectors) > KEPT:
                self._vectors.clear()
            self._vectors.update(vectors)


def shared_words(question: str, others: Sequence[str]) -> list[float]:
    """Dice's coefficient of the sets of words."""
    words = set(_WORD.findall(question.casefold()))
    sets = [set(_WORD.findall(other.casefold())) for other in others]
    return [2 * len(words & other) / max(1, len(words) + len(other)) for other in sets]
