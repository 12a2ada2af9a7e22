"""How sure an answer is: one calibrated probability that it is right.

    P(right) = P(the passages answer the question) x P(it is supported)

The first factor is a logistic function of a few signs, made straight by isotonic regression (Zadrozny
and Elkan: Transforming Classifier Scores into Accurate Multiclass Probability Estimates, 2002); it is
fitted by `python -m tests.bench confidence` and ships as `data/confidence.json`. The second factor is
what the checks found of the weakest sentence, and 1 for sentences that are quoted word for word.
"""

from __future__ import annotations

import bisect
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

from core.errors import ConfigurationError
from core.types import Passage

_FARTHEST = 7.0
"""Log-odds beyond which a probability tells nothing more."""


class RankedSentence(Protocol):
    """A sentence of the passage at index `passage`, with the probability that it answers."""

    @property
    def passage(self) -> int:
        """The passage's index."""
        ...

    @property
    def score(self) -> float:
        """In [0, 1]."""
        ...


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of an answer before it is written, so that a doubtful one is never shown.

    `evidence` is the log-odds that the best sentence of the passages answers, `rival` those of the best
    one in another document. `margin` is by how much the best passage's score beats the best one of
    another document, `agreement` is 1 where keywords and embeddings have the same document first.
    """

    evidence: float
    rival: float
    margin: float
    agreement: float


def signs_of(passages: Sequence[Passage], ranked: Sequence[RankedSentence]) -> Signs | None:
    """The signs of an answer from these passages; `ranked` are their sentences, best first.

    None where there is nothing to judge by.
    """
    if not passages or not ranked:
        return None
    document = passages[ranked[0].passage].chunk.document_id
    others = (s.score for s in ranked if passages[s.passage].chunk.document_id != document)
    first = passages[0]
    next_score = max(
        (p.score for p in passages if p.chunk.document_id != first.chunk.document_id), default=0.0
    )
    by_words = max(passages, key=lambda passage: passage.bm25)
    by_meaning = max(passages, key=lambda passage: passage.cosine)
    return Signs(
        evidence=log_odds(ranked[0].score),
        rival=log_odds(max(others, default=0.0)),
        margin=first.score - next_score,
        agreement=float(by_words.chunk.document_id == by_meaning.chunk.document_id),
    )


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """The fitted function; `knots` are (score, probability), both ascending, joined by straight lines."""

    weights: Signs
    intercept: float
    knots: tuple[tuple[float, float], ...]

    def score(self, signs: Signs) -> float:
        """The logistic function's value before it is made straight, in (0, 1)."""
        pairs = zip(_values(self.weights), _values(signs), strict=True)
        return 1 / (1 + math.exp(-self.intercept - sum(weight * sign for weight, sign in pairs)))

    def probability(self, signs: Signs | None, support: float = 1.0) -> float:
        """That an answer with these signs is right, in [0, 1]; 0 without signs."""
        return 0.0 if signs is None else straightened(self.score(signs), self.knots) * support

    def to_json(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return {"weights": asdict(self.weights), "intercept": self.intercept, "knots": self.knots}


def straightened(score: float, knots: Sequence[tuple[float, float]]) -> float:
    """The value at `score` of the broken line through the knots, level beyond its ends."""
    at = bisect.bisect_left(knots, (score, -1.0))
    if at == 0:
        return knots[0][1]
    if at == len(knots):
        return knots[-1][1]
    (left, low), (right, high) = knots[at - 1], knots[at]
    if right == left:
        return high
    # Rounding must not carry a value past the next knot: a higher score is never worth less.
    return min(high, low + (high - low) * (score - left) / (right - left))


def read_model(path: Path) -> ConfidenceModel:
    """The model in a file that `to_json` was written to; raises ConfigurationError with the reason."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        names = {field.name for field in fields(Signs)}
        if set(data["weights"]) != names:
            raise ValueError(f"the weights are not those of {', '.join(sorted(names))}")
        knots = tuple((float(score), float(probability)) for score, probability in data["knots"])
        if not knots:
            raise ValueError("there are no knots")
        return ConfidenceModel(Signs(**data["weights"]), float(data["intercept"]), knots)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ConfigurationError(f"{path.name} cannot be used: {exc}. Fit it again.") from exc


def log_odds(probability: float) -> float:
    """The logarithm of p / (1 - p), within ±7."""
    if probability <= 0:
        return -_FARTHEST
    if probability >= 1:
        return _FARTHEST
    return max(-_FARTHEST, min(_FARTHEST, math.log(probability / (1 - probability))))


def _values(signs: Signs) -> tuple[float, ...]:
    return tuple(getattr(signs, field.name) for field in fields(signs))
