"""Fits what `core/knowledge/sentence_ranking.py` makes of a sentence's likenesses to a question.

A logistic function of `match`, `cosine` and `overlap`: does this sentence answer? Where there is an
answer, the best sentence that holds it is an example; where there is none, the best sentence is a counter
example. XQuAD gives questions with their article, without their article, and without the passages that
hold the answer; the sample company gives long, colloquial questions, about tables too, and each of those
counts as much as `COMPANY_WEIGHT` of XQuAD's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from core.answering.evidence import head
from core.bootstrap import Desk, build
from core.knowledge.sentence_ranking import ScoredSentence, SentenceRanker
from core.knowledge.terms import TermAnalyzer
from core.settings import Settings
from core.types import Passage
from tests.bench.answers import Asked, holds, sample_company, xquad

COMPANY_WEIGHT = 8.0
REFUSED = (0.8, 0.9, 0.95, 0.98)

Row = tuple[str, float, bool, list[float]]
"""Set, weight, whether it can be answered, and the three likenesses."""


def run(data: Path) -> dict[str, Any]:
    """The coefficients, in the order match, cosine, overlap, and what thresholds on them would do."""
    rows = [
        *_rows("sample_company", COMPANY_WEIGHT, sample_company, near=False),
        *_rows("qa_xquad", 1.0, lambda desk: xquad(desk, data / "qa_xquad"), near=True),
    ]
    names, weights, answerable, likenesses = zip(*rows, strict=True)
    features = np.array(likenesses)
    model = LogisticRegression(C=30, max_iter=5_000).fit(features, answerable, sample_weight=weights)
    scores = model.predict_proba(features)[:, 1]
    sets = sorted(set(names))
    figures = {
        name: _figures(np.array([n == name for n in names]), np.array(answerable), scores) for name in sets
    }
    result = {
        "coefficients": [round(float(value), 2) for value in model.coef_[0]],
        "intercept": round(float(model.intercept_[0]), 2),
        "sets": figures,
        "thresholds": _thresholds(np.array(names), np.array(answerable), scores),
    }
    for name, value in result.items():
        print(name, value)
    return result


def _rows(
    name: str, weight: float, questions: Callable[[Desk], Iterable[Asked]], near: bool
) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        desk = build(Settings(data_dir=Path(folder)))
        ranker = SentenceRanker(desk.embedder, TermAnalyzer())
        try:
            for asked in questions(desk):
                passages = desk.knowledge.retriever.search(asked.text, asked.person).passages
                ranked = _ranked(asked.text, passages, ranker)
                holding = [s for s in ranked if not asked.gold or holds(s.text, asked.gold)]
                yield from _row(name, weight, bool(asked.gold), holding)
                if near and asked.gold:
                    left = [p for p in passages if not holds(p.chunk.text, asked.gold)]
                    yield from _row(f"{name}, near", weight, False, _ranked(asked.text, left, ranker))
        finally:
            desk.close()


def _ranked(question: str, passages: Sequence[Passage], ranker: SentenceRanker) -> list[ScoredSentence]:
    chunks = [passage.chunk for passage in passages]
    return ranker.rank(question, [chunk.text for chunk in chunks], [head(chunk) for chunk in chunks])


def _row(name: str, weight: float, answerable: bool, ranked: Sequence[ScoredSentence]) -> Iterator[Row]:
    if ranked:
        best = ranked[0]
        yield name, weight, answerable, [best.match, best.cosine, best.overlap]


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
