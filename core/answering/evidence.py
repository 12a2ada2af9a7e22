"""Is there an answer in the passages? Asked before a model is, so that none is asked in vain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.types import Chunk, Passage

NOTHING_BELOW = 0.1
"""Low on purpose: a language model reads more out of passages than a likeness can tell."""


class Scored(Protocol):
    """A sentence with the probability that it answers the question."""

    @property
    def score(self) -> float:
        """In [0, 1]."""
        ...


class Ranker(Protocol):
    """Ranks the sentences of passages."""

    def rank(self, question: str, texts: Sequence[str], heads: Sequence[str] = ()) -> Sequence[Scored]:
        """The sentences, best first."""
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the passages are worth for a question; `probability` in [0, 1] is that they answer it."""

    probability: float

    @property
    def nothing(self) -> bool:
        """Whether it is so little that no model needs to be asked."""
        return self.probability < NOTHING_BELOW


def assess(question: str, passages: Sequence[Passage], ranker: Ranker) -> Evidence:
    """The evidence is that of the best sentence; without passages there is none."""
    chunks = [passage.chunk for passage in passages]
    ranked = ranker.rank(question, [chunk.text for chunk in chunks], [head(chunk) for chunk in chunks])
    return Evidence(ranked[0].score if ranked else 0.0)


def head(chunk: Chunk) -> str:
    """Title and headings above a chunk's text, as the embedded model reads them in a prompt."""
    return "\n".join(filter(None, [chunk.title, " > ".join(chunk.heading_path)]))
