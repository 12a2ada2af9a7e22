"""Streams of questions through the rules of the semantic cache, insert on miss."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.semantic_cache.geometry import GROWTH, Geometry, fitted
from core.semantic_cache.sameness import compatible, score, signs
from core.semantic_cache.wording import Wording, digest

NEIGHBOURS = 16


@dataclass(frozen=True)
class Question:
    text: str
    group: str
    vector: np.ndarray
    wording: Wording


@dataclass
class Stream:
    """The meaning tier in memory, by the same functions as the cache itself; `threshold` is a notch."""

    threshold: float
    stored: list[Question] = field(default_factory=list)
    _exact: dict[str, Question] = field(default_factory=dict)
    _vectors: list[np.ndarray] = field(default_factory=list)
    _matrix: np.ndarray | None = None
    _geometry: Geometry | None = None
    _placed: np.ndarray | None = None

    def ask(self, question: Question) -> Question | None:
        """The stored question that is the same; otherwise this one is stored."""
        key = digest(question.text)
        found = self._exact.get(key) or self._by_meaning(question)
        if found is None:
            self._exact[key] = question
            self.stored.append(question)
            if self._geometry is None or len(self.stored) >= self._geometry.size * GROWTH:
                self._fit()
        return found

    def _fit(self) -> None:
        self._geometry = fitted(np.stack([q.vector for q in self.stored]))

    def _by_meaning(self, question: Question) -> Question | None:
        if self._geometry is None:
            return None
        best, best_score = None, self.threshold
        matrix = np.stack([q.vector for q in self.stored]) if self.stored else np.zeros((0, 384))
        cosines = matrix @ question.vector
        near = (
            [i for i in np.argsort(-cosines) if compatible(question.wording, self.stored[i].wording)]
            if len(cosines) < 200
            else self._near(cosines, question)
        )
        asked = self._geometry.placed(question.vector[None, :])[0]
        for i in near[:NEIGHBOURS]:
            other = self.stored[i]
            nearness = float(self._geometry.placed(other.vector[None, :])[0] @ asked)
            value = score(signs(question.wording, other.wording, nearness))
            if value >= best_score:
                best, best_score = other, value
        return best
