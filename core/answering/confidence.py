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
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError

_FARTHEST = 7.0
"""Log-odds beyond which a probability tells nothing more."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of an answer before it is written, so that a doubtful one is never shown.

    `evidence` is the log-odds that the best sentence of the passages answers, `rival` those of the best
    one in another document. `margin` is by how much the best passage's score beats the best one of
    another document, `agreement` is 1 where keywords and embeddings have the same document first.

    The rest is None in records that are older than it, and then counts as it is on average. Of the best
    sentence, `match` is the late interaction with the question, in [-1, 1]. Of its passage, `late` rises
    with its index from 0 to 1, `words_first` is 1 where no other has more of the keywords, and `gain` is
    by how much its share of the question's terms beats that of other documents, in [-1, 1]. `names` is 1
    where the question names something, `unnamed` the share of these names that the passage lacks. Of the
    sentences that would be quoted, `left_out` compares the best one beside them with the best of them, in
    [0, 1], and `unsaid` is by how much their passage comes nearer to the question than they do.
    """

    evidence: float
    rival: float
    margin: float
    agreement: float
    match: float | None = None
    late: float | None = None
    words_first: float | None = None
    gain: float | None = None
    names: float | None = None
    unnamed: float | None = None
    left_out: float | None = None
    unsaid: float | None = None


_NONE = Signs(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """The fitted function; `knots` are (score, probability), both ascending, joined by straight lines.

    A sign that is not known counts as in `typical`, the means of those that the weights were fitted to.
    """

    weights: Signs
    intercept: float
    knots: tuple[tuple[float, float], ...]
    typical: Signs = _NONE

    def score(self, signs: Signs) -> float:
        """The logistic function's value before it is made straight, in (0, 1)."""
        terms = zip(astuple(self.weights), astuple(signs), astuple(self.typical), strict=True)
        total = sum((weight or 0.0) * _first(sign, usual, 0.0) for weight, sign, usual in terms)
        return 1 / (1 + math.exp(-self.intercept - total))

    def probability(self, signs: Signs | None, support: float = 1.0) -> float:
        """That an answer with these signs is right, in [0, 1]; 0 without signs."""
        return 0.0 if signs is None else straightened(self.score(signs), self.knots) * support

    def to_json(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return {
            "weights": asdict(self.weights),
            "typical": asdict(self.typical),
            "intercept": self.intercept,
            "knots": self.knots,
        }


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
        weights, typical = _signs(data["weights"]), _signs(data.get("typical", asdict(_NONE)))
        knots = tuple((float(score), float(probability)) for score, probability in data["knots"])
        if not knots:
            raise ValueError("there are no knots")
        return ConfidenceModel(weights, float(data["intercept"]), knots, typical)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ConfigurationError(f"{path.name} cannot be used: {exc}. Fit it again.") from exc


def log_odds(probability: float) -> float:
    """The logarithm of p / (1 - p), within ±7."""
    if probability <= 0:
        return -_FARTHEST
    if probability >= 1:
        return _FARTHEST
    return max(-_FARTHEST, min(_FARTHEST, math.log(probability / (1 - probability))))


def _signs(data: Mapping[str, Any]) -> Signs:
    """Signs of a file, which may be older than some of them; raises TypeError for any other name."""
    values: dict[str, Any] = {name: None if value is None else float(value) for name, value in data.items()}
    return Signs(**values)


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)
