"""Fits what `core/knowledge/likeness.py` makes of the signs that a sentence answers.

A logistic function. Where there is an answer, the best sentence that holds it is an example, and the best
others together are half a counterexample; where there is none, the best sentences are a whole one. Which
are best is told by the fit before, and what was learned from once stays: the fit is repeated. XQuAD gives
questions with their article and without it; the sample company gives long, colloquial questions, about
tables too, each of which counts as much as `COMPANY_WEIGHT` of XQuAD's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from core.answering.judging import head
from core.bootstrap import Desk, build
from core.knowledge.likeness import Likeness
from core.knowledge.sentence_ranking import ScoredSentence, SentenceRanker
from core.settings import Settings
from core.types import Passage
from tests.bench.answers import Asked, holds, sample_company, xquad

COMPANY_WEIGHT = 8.0
ROUNDS = 4
HARDEST = 5
"""So many wrong sentences of each question are learned from."""
START = Likeness(
    match=10, overlap=5, kind=0, amount=0, row=0, rival=0, late=0, length=0, unknown=0, unnamed=0
)
"""Which wrong sentences look best before anything is fitted."""
REFUSED = (0.8, 0.9, 0.95, 0.98)


@dataclass(frozen=True)
class Example:
    """A question's sentences: their signs, float64[sentences, signs], and which of them hold the answer."""

    name: str
    weight: float
    answerable: bool
    signs: np.ndarray
    right: np.ndarray


def run(data: Path) -> dict[str, Any]:
    """The weights, in the order of the signs, and what thresholds on the best sentence would do."""
    examples = [
        *_examples("sample_company", COMPANY_WEIGHT, sample_company),
        *_examples("qa_xquad", 1.0, lambda desk: xquad(desk, data / "qa_xquad")),
    ]
    model = fitted(examples)
    names = np.array([example.name for example in examples])
    answerable = np.array([example.answerable for example in examples])
    scores = np.array([model.predict_proba(example.signs)[:, 1].max() for example in examples])
    signs = [field.name for field in fields(Likeness)]
    result = {
        "weights": dict(zip(signs, (round(float(value), 2) for value in model.coef_[0]), strict=True)),
        "intercept": round(float(model.intercept_[0]), 2),
        "sets": {str(name): _figures(names == name, answerable, scores) for name in sorted(set(names))},
        "thresholds": _thresholds(names, answerable, scores),
    }
    for name, value in result.items():
        print(name, value)
    return result


def fitted(examples: Sequence[Example]) -> LogisticRegression:
    weights = np.array(astuple(START))
    learned: list[set[int]] = [set() for _ in examples]
    for _ in range(ROUNDS):
        for example, wrong in zip(examples, learned, strict=True):
            wrong |= set(_hardest(example, weights))
        pairs = zip(examples, learned, strict=True)
        rows = [row for example, wrong in pairs for row in _rows(example, sorted(wrong), weights)]
        signs, labels, counts = zip(*rows, strict=True)
        model = LogisticRegression(C=30, max_iter=5_000)
        model.fit(np.array(signs), labels, sample_weight=counts)
        weights = model.coef_[0]
    return model


def _hardest(example: Example, weights: np.ndarray) -> list[int]:
    """The wrong sentences that look best."""
    order = np.argsort(-(example.signs @ weights), kind="stable")
    return [int(i) for i in order if not example.right[i]][:HARDEST]


def _rows(
    example: Example, wrong: Sequence[int], weights: np.ndarray
) -> Iterator[tuple[np.ndarray, bool, float]]:
    """The signs, whether they are those of an answer, and the weight of each sentence to learn from."""
    if example.answerable:
        if not example.right.any():
            return
        best = int(np.argmax(np.where(example.right, example.signs @ weights, -np.inf)))
        yield example.signs[best], True, example.weight
    share = example.weight * (0.5 if example.answerable else 1.0)
    for i in wrong:
        yield example.signs[i], False, share / len(wrong)


def _examples(name: str, weight: float, questions: Callable[[Desk], Iterable[Asked]]) -> Iterator[Example]:
    with tempfile.TemporaryDirectory() as folder:
        desk = build(Settings(data_dir=Path(folder)))
        try:
            for asked in questions(desk):
                passages = desk.knowledge.retriever.search(asked.text, asked.person).passages
                ranked = _ranked(asked.text, passages, desk.knowledge.ranker)
                if ranked:
                    signs = np.array([astuple(sentence.likeness) for sentence in ranked])
                    right = np.array([bool(asked.gold) and holds(s.text, asked.gold) for s in ranked])
                    yield Example(name, weight, bool(asked.gold), signs, right)
        finally:
            desk.close()


def _ranked(question: str, passages: Sequence[Passage], ranker: SentenceRanker) -> list[ScoredSentence]:
    chunks = [passage.chunk for passage in passages]
    return ranker.rank(question, [chunk.text for chunk in chunks], [head(chunk) for chunk in chunks])


def _figures(of_set: np.ndarray, answerable: np.ndarray, scores: np.ndarray) -> dict[str, float | int]:
    figures: dict[str, float | int] = {"questions": int(of_set.sum())}
    if len(set(answerable[of_set])) == 2:
        figures["auroc"] = round(float(roc_auc_score(answerable[of_set], scores[of_set])), 4)
    return figures


def _thresholds(names: np.ndarray, answerable: np.ndarray, scores: np.ndarray) -> dict[str, dict[str, float]]:
    """The thresholds that refuse these shares of what XQuAD cannot answer, and what else they refuse."""
    elsewhere = scores[(names == "qa_xquad") & ~answerable]
    thresholds = np.quantile(elsewhere, REFUSED)
    return {
        f"{threshold:.3f}": {
            f"{name} {'answerable' if kind else 'unanswerable'}": round(float(np.mean(part < threshold)), 3)
            for name in sorted(set(names))
            for kind in (True, False)
            if len(part := scores[(names == name) & (answerable == kind)])
        }
        for threshold in thresholds
    }
