"""Fitting the confidence, and what a threshold on it means: wrong answers served against work for people."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.answering.confidence import ConfidenceModel, Signs
from core.errors import ConfigurationError

Floats = NDArray[np.float64]

FOLDS = 5
LEAST_DECISIONS = 50
"""From so many decisions of reviewers on, they take part in the calibration."""
DECISION_WEIGHT = 3.0
"""A decision about this company's own questions counts as much as so many public ones."""
DRIFT_DECISIONS = 20
_DRIFT_DEVIATIONS = 2.5


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer's score before calibration, in [0, 1], and whether it was right."""

    score: float
    right: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Notch:
    """What a threshold does: the shares of all questions that are answered at once and that go to a
    person, and the share of the served answers that is wrong."""

    threshold: float
    served: float
    reviewed: float
    wrong: float


NOTHING_SERVED = Notch(threshold=1.01, served=0.0, reviewed=1.0, wrong=0.0)
"""No confidence reaches it."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How recent decisions fit: the shares of right answers that were expected and that were found."""

    decisions: int
    expected: float
    found: float

    @property
    def fits(self) -> bool:
        """Whether the difference is no more than chance would bring about."""
        deviation = math.sqrt(max(self.expected * (1 - self.expected), 0.01) / self.decisions)
        return abs(self.found - self.expected) <= _DRIFT_DEVIATIONS * deviation


def fit(
    signs: Sequence[Signs], right: Sequence[bool], groups: Sequence[str]
) -> tuple[ConfidenceModel, list[Judged]]:
    """The model, and the scores that it was calibrated with: each by a model that never saw its group.

    `groups` names the document of each question, so that no document is on both sides.
    """
    from sklearn.model_selection import GroupKFold

    values = np.array([astuple(sign) for sign in signs], dtype=np.float64)
    labels = np.array(right, dtype=bool)
    scores = np.zeros(len(labels))
    for seen, unseen in GroupKFold(FOLDS).split(values, labels, list(groups)):
        model = _logistic(values[seen], labels[seen])
        scores[unseen] = [model.score(signs[i]) for i in unseen]
    judged = [Judged(float(score), bool(label)) for score, label in zip(scores, labels, strict=True)]
    return recalibrated(_logistic(values, labels), judged), judged


def read_outcomes(path: Path) -> list[Judged]:
    """The outcomes that the shipped model was calibrated with; raises ConfigurationError."""
    try:
        pairs = json.loads(path.read_text(encoding="utf-8"))["outcomes"]
        return [Judged(float(score), bool(right)) for score, right in pairs]
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ConfigurationError(f"{path.name} cannot be used: {exc}. Fit it again.") from exc


def recalibrated(model: ConfidenceModel, judged: Sequence[Judged]) -> ConfidenceModel:
    """The model with its line straightened anew by these outcomes."""
    from sklearn.isotonic import isotonic_regression

    # One outcome beyond each end: the line reaches over all scores and promises no certainty.
    ends = [Judged(0.0, False), Judged(1.0, True)]
    ordered = sorted([*ends, *judged], key=lambda one: one.score)
    heights = isotonic_regression(
        np.array([float(one.right) for one in ordered]),
        sample_weight=np.array([one.weight for one in ordered]),
        y_min=0.0,
        y_max=1.0,
    )
    return replace(model, knots=tuple(_centres(ordered, heights)))


def with_decisions(
    model: ConfidenceModel, shipped: Sequence[Judged], decisions: Sequence[Judged]
) -> ConfidenceModel:
    """The model calibrated by reviewers' decisions too, once there are enough of them.

    The shipped outcomes stay in: people see only the doubtful answers, which say nothing of the rest.
    """
    if len(decisions) < LEAST_DECISIONS:
        return model
    return recalibrated(model, [*shipped, *(replace(d, weight=DECISION_WEIGHT) for d in decisions)])


def notches(probabilities: Sequence[float], right: Sequence[bool]) -> list[Notch]:
    """What each threshold, ascending, would have done with these answers."""
    chances, labels = np.array(probabilities), np.array(right, dtype=bool)
    found = []
    for threshold in np.round(np.arange(0.0, 1.0, 0.01), 2):
        served = chances >= threshold
        share = float(served.mean()) if len(chances) else 0.0
        wrong = float((~labels[served]).mean()) if served.any() else 0.0
        found.append(Notch(float(threshold), share, 1 - share, wrong))
    return found


def threshold_for(accepted_wrong: float, curve: Sequence[Notch]) -> Notch:
    """The lowest threshold from which on no more than this share of the served answers is wrong.

    Where even the surest answers are wrong more often, every answer goes to a person.
    """
    fitting = NOTHING_SERVED
    for notch in reversed(curve):
        if notch.wrong > accepted_wrong:
            break
        fitting = notch
    return fitting


def drift(decisions: Sequence[tuple[float, bool]]) -> Drift | None:
    """Recent decisions, each with the confidence of its draft; None while they are too few to tell."""
    if len(decisions) < DRIFT_DECISIONS:
        return None
    expected = sum(confidence for confidence, _ in decisions) / len(decisions)
    found = sum(right for _, right in decisions) / len(decisions)
    return Drift(len(decisions), expected, found)


def calibration_error(probabilities: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """The expected calibration error over bins of equal width (Guo et al., 2017)."""
    chances, labels = np.array(probabilities), np.array(right, dtype=float)
    bin_of = np.clip((chances * bins).astype(int), 0, bins - 1)
    gaps = (
        float((bin_of == b).mean() * abs(chances[bin_of == b].mean() - labels[bin_of == b].mean()))
        for b in range(bins)
        if (bin_of == b).any()
    )
    return sum(gaps)


def _logistic(values: Floats, labels: NDArray[np.bool_]) -> ConfidenceModel:
    from sklearn.linear_model import LogisticRegression

    known = ~np.isnan(values)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    # A sign that is not known counts as the mean, so it speaks neither for an answer nor against it.
    filled = np.where(known, values, mean)
    deviation = filled.std(axis=0) + 1e-9
    fitted = LogisticRegression(C=1.0, max_iter=2_000).fit((filled - mean) / deviation, labels)
    weights = fitted.coef_[0] / deviation
    intercept = float(fitted.intercept_[0] - weights @ mean)
    straight = ((0.0, 0.0), (1.0, 1.0))
    return ConfidenceModel(Signs(*map(float, weights)), intercept, straight, Signs(*map(float, mean)))


def _centres(ordered: Sequence[Judged], heights: Floats) -> Iterator[tuple[float, float]]:
    """A knot in the middle of each step, so that a higher score is never worth the same.

    Oron and Flournoy: Centered Isotonic Regression, 2017.
    """
    for height in np.unique(heights):
        step = [one for one, own in zip(ordered, heights, strict=True) if own == height]
        total = sum(one.weight for one in step)
        centre = sum(one.score * one.weight for one in step) / total
        yield round(centre, 4), round(float(height), 4)
