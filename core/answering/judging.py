"""Before a model is asked: how likely the passages answer, and how likely the answer will be right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.answering.confidence import Signs
from core.answering.dial import DialSetting
from core.answering.signs import Analyse, RankedSentence, signs_of
from core.types import Chunk, Passage

NOTHING_BELOW = 0.1
"""Low on purpose: a language model reads more out of passages than a likeness can tell."""


CLOSE = 0.01
"""Two sentences whose probabilities differ by less answer equally well."""


class Ranker(Protocol):
    """Ranks the sentences of passages."""

    def rank(
        self, question: str, texts: Sequence[str], heads: Sequence[str] = ()
    ) -> Sequence[RankedSentence]:
        """The sentences, best first."""
        ...


@dataclass(frozen=True, slots=True)
class Judgement:
    """`evidence` is the probability that the best sentence answers; `expected` the confidence of an
    answer whose every sentence is supported; `score` that before calibration, None without signs."""

    evidence: float
    expected: float
    threshold: float
    signs: Signs | None = None
    score: float | None = None

    @property
    def nothing(self) -> bool:
        """Whether there is so little that no model needs to be asked."""
        return self.evidence < NOTHING_BELOW

    def confidence(self, support: float) -> float:
        """That the answer is right, in [0, 1], now that its weakest sentence's support is known."""
        return self.expected * support

    def admits(self, confidence: float) -> bool:
        """Whether an answer of this confidence is given at once."""
        return confidence >= self.threshold


class Judge:
    """Judges passages by the dial as it stands at that moment; `analyse` gives the terms of a text."""

    def __init__(self, ranker: Ranker, dial: Callable[[], DialSetting], analyse: Analyse) -> None:
        self._ranker = ranker
        self._dial = dial
        self._analyse = analyse

    def __call__(self, question: str, passages: Sequence[Passage]) -> Judgement:
        """What these passages are worth for the question; without passages, nothing."""
        setting = self._dial()
        chunks = [passage.chunk for passage in passages]
        ranked = self._ranker.rank(question, [chunk.text for chunk in chunks], [head(c) for c in chunks])
        signs = signs_of(question, passages, ranked, self._analyse)
        if signs is None:
            return Judgement(0.0, 0.0, setting.threshold)
        return Judgement(
            ranked[0].score,
            setting.model.probability(signs),
            setting.threshold,
            signs,
            setting.model.score(signs),
        )


def best_sentences(ranker: Ranker, question: str, passages: Sequence[Passage]) -> list[str]:
    """Those sentences that answer best: the first, and what comes next to it."""
    chunks = [passage.chunk for passage in passages]
    ranked = ranker.rank(question, [chunk.text for chunk in chunks], [head(c) for c in chunks])
    return [sentence.text for sentence in ranked if sentence.score >= ranked[0].score - CLOSE]


def head(chunk: Chunk) -> str:
    """Title and headings above a chunk's text, as the embedded model reads them in a prompt."""
    return "\n".join(filter(None, [chunk.title, " > ".join(chunk.heading_path)]))
