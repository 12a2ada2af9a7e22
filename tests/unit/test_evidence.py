"""Evidence is what the best sentence is worth."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from core.answering.evidence import NOTHING_BELOW, Evidence, assess
from core.types import Chunk, Passage


@dataclass(frozen=True)
class Scored:
    score: float


class Ranker:
    """Gives what it is told to and remembers what it was asked."""

    def __init__(self, *scores: float) -> None:
        self.scores = scores
        self.asked: list[tuple[str, list[str], list[str]]] = []

    def rank(self, question: str, texts: Sequence[str], heads: Sequence[str] = ()) -> Sequence[Scored]:
        self.asked.append((question, list(texts), list(heads)))
        return [Scored(score) for score in self.scores]


def passage(text: str, *heading_path: str) -> Passage:
    chunk = Chunk(1, 1, 1, "Leave", 1, "*", heading_path, None, 0, len(text), text, f"Leave\n{text}")
    return Passage(chunk, bm25=1.0, cosine=0.5, score=1.0)


def test_the_best_sentence_decides() -> None:
    """Weaker sentences beside it neither add nor take away."""
    assert assess("How many?", [passage("26 days.")], Ranker(0.8, 0.1)).probability == 0.8


def test_no_passages_are_no_evidence() -> None:
    """Nothing was found, or nothing in it can be quoted."""
    evidence = assess("How many?", [], Ranker())
    assert evidence.probability == 0.0
    assert evidence.nothing


def test_the_ranker_reads_passages_below_their_headings() -> None:
    """Title and heading path are given as the embedded model gives them, so one ranking serves both."""
    ranker = Ranker(0.5)
    assess("How many?", [passage("26 days.", "Days", "Ireland"), passage("None.")], ranker)
    assert ranker.asked == [("How many?", ["26 days.", "None."], ["Leave\nDays > Ireland", "Leave"])]


@pytest.mark.parametrize(("above", "nothing"), [(-0.01, True), (0.0, False), (0.3, False)])
def test_little_evidence_is_still_worth_a_model(above: float, nothing: bool) -> None:
    """Only below the low threshold is no model asked."""
    assert Evidence(NOTHING_BELOW + above).nothing is nothing
