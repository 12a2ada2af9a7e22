"""What is known of an answer before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from core.answering.confidence import Signs, log_odds
from core.answering.signs import signs_of
from core.knowledge.terms import TermAnalyzer
from core.types import Passage
from tests.fakes import passage

QUESTION = "How many days of leave does Norway give?"


@dataclass(frozen=True)
class Sentence:
    passage: int
    score: float
    start: int = 0
    text: str = "Five days."
    near: tuple[float, ...] = (0.5, 0.5)


def two_documents() -> list[Passage]:
    return [
        passage("Leave: five days.", chunk_id=1, document_id=1, bm25=3.0, cosine=0.8, score=1.5),
        passage("Six days.", chunk_id=2, document_id=1, bm25=2.0, cosine=0.7, score=1.2),
        passage("A desk in Norway.", chunk_id=3, document_id=2, bm25=4.0, cosine=0.2, score=0.5),
    ]


def signs(
    ranked: Sequence[Sentence], question: str = QUESTION, passages: Sequence[Passage] | None = None
) -> Signs:
    found = signs_of(question, passages or two_documents(), ranked, TermAnalyzer())
    assert found is not None
    return found


def test_the_best_document_is_compared_with_the_next() -> None:
    found = signs([Sentence(0, 0.9), Sentence(1, 0.8), Sentence(2, 0.1)])

    assert found.evidence == pytest.approx(log_odds(0.9))
    assert found.rival == pytest.approx(log_odds(0.1))
    assert found.margin == pytest.approx(1.0)
    assert found.agreement == 0.0


def test_without_passages_there_are_no_signs() -> None:
    assert signs_of(QUESTION, [], [], TermAnalyzer()) is None
    assert signs_of(QUESTION, two_documents(), [], TermAnalyzer()) is None


def test_the_cited_passage_is_placed_among_the_others() -> None:
    first, third = signs([Sentence(0, 0.9)]), signs([Sentence(2, 0.9)])

    assert (first.late, third.late) == (0.0, pytest.approx(2 / 3))
    assert (first.words_first, third.words_first) == (0.0, 1.0)


def test_a_name_that_the_cited_passage_lacks_is_told() -> None:
    """That another passage holds it does not help."""
    first, third = signs([Sentence(0, 0.9)]), signs([Sentence(2, 0.9)])

    assert (first.names, first.unnamed) == (1.0, 1.0)
    assert (third.names, third.unnamed) == (1.0, 0.0)


def test_a_question_without_names_lacks_none() -> None:
    found = signs([Sentence(0, 0.9)], "How many days?")

    assert (found.names, found.unnamed) == (0.0, 0.0)


def test_what_the_cited_passage_holds_of_the_question_is_compared_with_other_documents() -> None:
    """The other passage of the same document is no rival."""
    found = signs([Sentence(0, 0.9)], "Which days of leave?")

    assert found.gain == pytest.approx(1.0)
    assert (signs([Sentence(2, 0.9)], "Which days of leave?").gain or 0.0) < 0


def test_the_nearness_of_the_best_sentence_is_its_mean_over_the_question() -> None:
    assert signs([Sentence(0, 0.9, near=(0.2, 0.8))]).match == pytest.approx(0.5)
    assert signs([Sentence(0, 0.9, near=())]).match == 0.0


def test_the_best_sentence_that_is_not_quoted_is_weighed_against_the_best() -> None:
    """Sentences of half the best one's probability and more stand beside it, three at most."""
    two = [Sentence(0, 0.8), Sentence(0, 0.2, start=20, text="It is so.")]
    four = [Sentence(0, 0.8 - 0.1 * n, start=20 * n, text=f"Rule {n} is so.") for n in range(4)]

    assert signs(two).left_out == pytest.approx(0.25)
    assert signs(four).left_out == pytest.approx(0.5 / 0.8)
    assert signs(two[:1]).left_out == 0.0


def test_what_only_the_rest_of_the_passage_says_of_the_question_is_told() -> None:
    """What another passage says of it does not count."""
    ranked = [
        Sentence(0, 0.9, near=(0.5, 0.2)),
        Sentence(0, 0.1, start=20, text="A fifth of it in June.", near=(0.3, 0.6)),
        Sentence(2, 0.1, text="A desk.", near=(0.9, 0.9)),
    ]

    assert signs(ranked).unsaid == pytest.approx((0.0 + 0.4) / 2)
    assert signs(ranked[:1]).unsaid == 0.0
