"""Streams and pairs of questions through the rules of the semantic cache, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.semantic_cache.entries import Vector
from core.semantic_cache.facts import signature
from core.semantic_cache.geometry import GROWTH, Geometry, fitted
from core.semantic_cache.lookup import SAME_FACTS
from core.semantic_cache.meaning import NEIGHBOURS
from core.semantic_cache.sameness import Signs, compatible, signs
from core.semantic_cache.wording import digest, read

Score = Callable[[Signs], float]


@dataclass(frozen=True)
class Question:
    """A question of a data set; those of one `group` have the same answer, one `fold` is not split."""

    text: str
    group: str
    fold: str
    vector: Vector
    facts: str

    @classmethod
    def of(cls, text: str, group: str, fold: str, vector: Vector) -> Question:
        return cls(text, group, fold, vector, signature(read(text).facts))


@dataclass
class Shelf:
    """Stored questions, with the embeddings in one growing matrix."""

    stored: list[Question] = field(default_factory=list)
    _matrix: NDArray[np.float32] = field(default_factory=lambda: np.zeros((64, 384), np.float32))

    def add(self, question: Question) -> None:
        if len(self.stored) == len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.zeros_like(self._matrix)])
        self._matrix[len(self.stored)] = question.vector
        self.stored.append(question)

    @property
    def vectors(self) -> NDArray[np.float32]:
        return self._matrix[: len(self.stored)]


class Naive:
    """The nearest stored question, from a cosine on."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._shelf = Shelf()

    def ask(self, question: Question) -> Question | None:
        """The stored question that is taken for the same; otherwise this one is stored."""
        cosines = self._shelf.vectors @ question.vector
        if len(cosines) and cosines.max() >= self._threshold:
            return self._shelf.stored[int(cosines.argmax())]
        self._shelf.add(question)
        return None


class Ours:
    """Exact words, then meaning: the steps of `MeaningSearch`, by the same functions."""

    def __init__(self, threshold: float, score: Score) -> None:
        self._threshold = threshold
        self._score = score
        self._shelf = Shelf()
        self._worded: dict[str, Question] = {}
        self._by_facts: dict[str, list[int]] = {}
        self._geometry: Geometry | None = None

    def ask(self, question: Question) -> Question | None:
        """The stored question that is taken for the same; otherwise this one is stored."""
        words = digest(question.text)
        found = self._worded.get(words) or self._alike(question)
        self._worded[words] = found or question
        if found is None:
            self._by_facts.setdefault(question.facts, []).append(len(self._shelf.stored))
            self._shelf.add(question)
            if self._geometry is None or len(self._shelf.stored) >= self._geometry.size * GROWTH:
                self._geometry = fitted(self._shelf.vectors)
        return found

    def _alike(self, question: Question) -> Question | None:
        if self._geometry is None:
            return None
        ranked = score_all(question, [self._shelf.stored[i] for i in self._near(question)], self._geometry)
        scored = [(self._score(found), other) for found, other in ranked]
        best = max(scored, key=lambda pair: pair[0], default=None)
        return best[1] if best is not None and best[0] >= self._threshold else None

    def _near(self, question: Question) -> Sequence[int]:
        places = np.array(self._by_facts.get(question.facts, []), dtype=int)
        if question.facts:
            return places[::-1][:SAME_FACTS].tolist()
        cosines = self._shelf.vectors[places] @ question.vector
        return places[np.argsort(-cosines)[:NEIGHBOURS]].tolist()


def score_all(
    question: Question, others: Sequence[Question], geometry: Geometry
) -> list[tuple[Signs, Question]]:
    """The signs of those that are compatible."""
    alike = [
        (found, other) for other in others if (found := _by_words(question.text, other.text)) is not None
    ]
    if not alike:
        return []
    placed = geometry.placed(np.stack([question.vector, *(other.vector for _, other in alike)]))
    return [
        (found._replace(nearness=float(near)), other)
        for (found, other), near in zip(alike, placed[1:] @ placed[0], strict=True)
    ]


@lru_cache(maxsize=500_000)
def _by_words(one: str, other: str) -> Signs | None:
    """What does not depend on the geometry: kept, because every notch of the dial asks for it again."""
    mine, theirs = read(one), read(other)
    return signs(mine, theirs, 0.0) if compatible(mine, theirs) else None


@dataclass(frozen=True)
class Rates:
    """Shares in percent of requests, and recall and precision of reuse in [0, 1]."""

    hit: float
    wrong: float
    recall: float
    precision: float

    def shown(self) -> dict[str, float]:
        return {
            "hit": round(self.hit, 2),
            "wrong": round(self.wrong, 2),
            "recall": round(self.recall, 4),
            "precision": round(self.precision, 4),
        }


def rates(outcomes: Sequence[tuple[bool, bool, bool]]) -> Rates:
    """From (reused, right, could have been reused) of each request."""
    reused = [(right, could) for hit, right, could in outcomes if hit]
    right = sum(each for each, _ in reused)
    count, possible = max(1, len(outcomes)), max(1, sum(could for _, _, could in outcomes))
    return Rates(
        100 * len(reused) / count,
        100 * (len(reused) - right) / count,
        right / possible,
        right / max(1, len(reused)),
    )


def replayed(questions: Sequence[Question], cache: Naive | Ours) -> Rates:
    """A stream in its order; right is a hit in the same group."""
    seen: set[str] = set()
    outcomes = []
    for question in questions:
        found = cache.ask(question)
        right = found is not None and found.group == question.group
        outcomes.append((found is not None, right, question.group in seen))
        seen.add(question.group)
    return rates(outcomes)
