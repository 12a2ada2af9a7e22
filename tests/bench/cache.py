"""When a stored answer is given again: hits and wrong ones on every `cache_*` set, and how long they take.

Streams are replayed in their order, a question is stored when it is missed; hits and wrong hits are in
percent of requests. Of pairs the first question is stored and the second asked. There are no documents in
these sets, so the second look, whether the new question retrieves what the stored answer cites, is left
out: it can only take hits away, right and wrong ones. `held_out` chooses the threshold on one half of the
intents or templates and measures on the other half, both ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.knowledge.embedding import local_embedder
from core.semantic_cache.dial import DEFAULT, DIAL
from core.semantic_cache.geometry import fitted
from core.semantic_cache.sameness import score
from core.semantic_cache.wording import normalised
from tests.bench.cache_sets import PairSet, StreamSet, sets_in
from tests.bench.cache_speed import speed
from tests.bench.cache_streams import Naive, Ours, Question, Rates, Score, rates, replayed, score_all

NAIVE = (0.90, 0.96)
WRONG_PERCENT = 0.5


def run(data: Path) -> dict[str, Any]:
    """The figures of every set, then those of time; the dial and the held-out figures are printed."""
    embedder = local_embedder("embedded", threads=2)
    sets = {}
    for each in sets_in(data, embedder):
        measured = _of_stream(each) if isinstance(each, StreamSet) else _of_pairs(each)
        sets[each.name] = {name: figures.shown() for name, figures in measured.items()}
        _print(each.name, measured)
        if isinstance(each, StreamSet):
            _print_dial(each)
    print("No set has documents: what the second look by retrieval takes away is not in these figures.")
    return {"sets": sets, **speed(embedder)}


def _of_stream(given: StreamSet) -> dict[str, Rates]:
    naive = {f"naive_{at:.2f}": replayed(given.questions, Naive(at)) for at in NAIVE}
    return naive | {"ours": replayed(given.questions, Ours(DIAL[DEFAULT].threshold, score))}


def _of_pairs(given: PairSet) -> dict[str, Rates]:
    figures = {}
    for at in NAIVE:
        reused = [float(one.vector @ other.vector) >= at for one, other, _ in given.pairs]
        figures[f"naive_{at:.2f}"] = _pair_rates(given, reused)
    geometry = fitted(np.stack([one.vector for one, _, _ in given.pairs]))
    reused = []
    for one, other, _ in given.pairs:
        found = score_all(other, [one], geometry)
        same_words = normalised(one.text) == normalised(other.text)
        reused.append(same_words or any(score(signs) >= DIAL[DEFAULT].threshold for signs, _ in found))
    return figures | {"ours": _pair_rates(given, reused)}


def _pair_rates(given: PairSet, reused: Sequence[bool]) -> Rates:
    labels = [label for _, _, label in given.pairs]
    return rates([(hit, label, label) for hit, label in zip(reused, labels, strict=True)])


def _print(name: str, measured: dict[str, Rates]) -> None:
    print(name)
    for rule, each in measured.items():
        print(
            f"  {rule:10}  hit {each.hit:5.1f} %  wrong {each.wrong:5.2f} %  "
            f"recall {each.recall:.3f}  precision {each.precision:.3f}"
        )


def _print_dial(given: StreamSet) -> None:
    for name, notch in DIAL.items():
        each = replayed(given.questions, Ours(notch.threshold, score))
        print(f"  dial {name:8} {notch.threshold:.2f}  hit {each.hit:5.1f} %  wrong {each.wrong:5.2f} %")
    both = halves(given.questions)
    for chosen_on, measured_on in (both, both[::-1]):
        threshold = DIAL[chosen(chosen_on, score)].threshold
        each = replayed(measured_on, Ours(threshold, score))
        print(f"  held out at {threshold:.2f}  hit {each.hit:5.1f} %  wrong {each.wrong:5.2f} %")


def halves(questions: Sequence[Question]) -> tuple[list[Question], list[Question]]:
    """The questions of one half of the folds, and those of the other."""
    folds = sorted({question.fold for question in questions})
    first = set(np.random.default_rng(4).permutation(folds)[: len(folds) // 2].tolist())
    return (
        [question for question in questions if question.fold in first],
        [question for question in questions if question.fold not in first],
    )


def chosen(questions: Sequence[Question], by: Score) -> str:
    """The notch with the most hits at no more wrong ones than are allowed; the most careful where none is."""
    good = []
    for name, notch in DIAL.items():
        each = replayed(questions, Ours(notch.threshold, by))
        if each.wrong <= WRONG_PERCENT:
            good.append((each.hit, notch.threshold, name))
    return max(good)[2] if good else max(DIAL, key=lambda name: DIAL[name].threshold)
