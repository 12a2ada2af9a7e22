"""How well the embedded checker tells supported sentences from others.

BEGIN: responses that people labelled as attributable to a passage or not. What is fitted is measured on
passages that it was not fitted on (five folds, a passage in one fold only); the shipped weights are those
of all rows, and their figure is printed beside it. Corruptions: sentences of the sample company's documents
with a number, name, date, negation or unit changed, against the untouched and the differently worded ones.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import GroupKFold

from core.answering.checks.sources import SourceReader
from core.answering.checks.support import SUPPORTED_FROM, Signs, SupportChecker
from core.knowledge.terms import TermAnalyzer
from tests.bench.corruptions import Example, company_examples, passage_of

FOLDS = 5


def run(data: Path) -> dict[str, Any]:
    """Figures of both parts; the weights to ship are printed."""
    figures: dict[str, Any] = {}
    if (data / "ground_begin").is_dir():
        figures |= begin(data / "ground_begin" / "begin_dev.jsonl")
    figures |= corruptions(company_examples())
    return figures


def begin(path: Path) -> dict[str, Any]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    labels = np.array([row["label"] == "Fully attributable" for row in rows])
    groups = np.array([row["knowledge"] for row in rows])
    analyse = TermAnalyzer()
    checker, reader = SupportChecker(analyse), SourceReader(analyse)
    signs, shipped, capped = [], [], []
    started = time.perf_counter()
    for row in rows:
        passage = passage_of(row["knowledge"])
        examination = checker.examine(row["response"], [passage])
        shipped.append(examination.score)
        capped.append((examination.quoted, examination.sound))
        signs.append(astuple(checker.signs(row["response"], [reader.read(passage)])))
    milliseconds = (time.perf_counter() - started) / len(rows) * 1000
    held_out = np.zeros(len(rows))
    for train, test in GroupKFold(FOLDS).split(signs, labels, groups):
        held_out[test] = _as_shipped(_fitted(np.array(signs)[train], labels[train]), signs, capped, test)
    whole = _fitted(np.array(signs), labels)
    names = [field.name for field in fields(Signs)]
    print("weights", dict(zip(names, np.round(whole.coef_[0], 2).tolist(), strict=True)), end=" ")
    print("intercept", round(float(whole.intercept_[0]), 2))
    figures = {
        "auroc": round(float(roc_auc_score(labels, held_out)), 4),
        "balanced_accuracy": round(float(balanced_accuracy_score(labels, held_out >= SUPPORTED_FROM)), 4),
        "auroc_in_sample": round(float(roc_auc_score(labels, shipped)), 4),
        "served_unattributable": round(float(np.mean(held_out[~labels] >= SUPPORTED_FROM)), 4),
        "withheld_attributable": round(float(np.mean(held_out[labels] < SUPPORTED_FROM)), 4),
        "ms_per_sentence": round(milliseconds, 2),
    }
    for source in sorted({row["source"] for row in rows}):
        of = np.array([row["source"] == source for row in rows])
        print(f"{source:4} rows {of.sum():5} auroc {roc_auc_score(labels[of], held_out[of]):.4f}")
    return figures


def _fitted(signs: np.ndarray, labels: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=5_000, class_weight="balanced").fit(signs, labels)


def _as_shipped(
    model: LogisticRegression, signs: Sequence[Any], capped: Sequence[tuple[bool, bool]], rows: np.ndarray
) -> np.ndarray:
    """Scores as the checker gives them with this model: 1 for quotations, little for wrong facts."""
    from core.answering.checks.support import SCORE_OF_A_CONFLICT

    scores = model.predict_proba(np.array(signs)[rows])[:, 1]
    for place, row in enumerate(rows):
        quoted, sound = capped[row]
        if quoted:
            scores[place] = 1.0
        elif not sound:
            scores[place] = min(scores[place], SCORE_OF_A_CONFLICT)
    return scores


def corruptions(examples: Sequence[Example]) -> dict[str, Any]:
    checker = SupportChecker(TermAnalyzer())
    caught: defaultdict[str, list[bool]] = defaultdict(list)
    quoted_ms: list[float] = []
    for example in examples:
        started = time.perf_counter()
        seen = checker.examine(example.sentence, [example.passage])
        quoted_ms.append((time.perf_counter() - started) * 1000)
        caught[example.kind].append(not seen.sound or seen.score < SUPPORTED_FROM)
        if example.corrupted != caught[example.kind][-1]:
            print(f"{'missed' if example.corrupted else 'false alarm'} {example.kind}: {example.sentence}")
    for kind, values in caught.items():
        print(f"{kind:12} {len(values):4} withheld {np.mean(values):.3f}")
    corrupted = [v for e, v in _paired(examples, caught) if e.corrupted]
    worded = [v for e, v in _paired(examples, caught) if e.kind == "reworded"]
    untouched = [v for e, v in _paired(examples, caught) if e.kind == "untouched"]
    return {
        "corrupted": len(corrupted),
        "corrupted_caught": round(float(np.mean(corrupted)), 4),
        "uncorrupted_withheld": round(float(np.mean(untouched)), 4),
        "reworded_withheld": round(float(np.mean(worded)), 4),
        "p95_ms_per_sentence": round(float(np.percentile(quoted_ms, 95)), 2),
    }


def _paired(examples: Sequence[Example], caught: dict[str, list[bool]]) -> list[tuple[Example, bool]]:
    taken: Counter[str] = Counter()
    pairs = []
    for example in examples:
        pairs.append((example, caught[example.kind][taken[example.kind]]))
        taken[example.kind] += 1
    return pairs
