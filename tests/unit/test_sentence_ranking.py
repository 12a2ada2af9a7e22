"""Sentences are ranked by what they say about the question, headings left out."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from core.knowledge.sentence_ranking import SentenceRanker, quotable
from core.knowledge.sentences import sentence_spans
from core.knowledge.terms import TermAnalyzer
from tests.fakes import HashEmbedder

LEAVE = "You have 26 days of leave. The canteen opens at noon."
CARDS = "A virtual card has a limit of EUR 800. Badges are made by the reception."


class SentenceOnlyEmbedder:
    """An embedder that shows no word pieces, like one behind the gateway."""

    name = "sentences"
    max_tokens = 256

    def __init__(self) -> None:
        self._inner = HashEmbedder()
        self.embed_query = self._inner.embed_query
        self.embed_texts = self._inner.embed_texts
        self.count_tokens = self._inner.count_tokens


class CountingEmbedder(HashEmbedder):
    """Remembers which texts were read piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def embed_tokens(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        self.read.extend(texts)
        return super().embed_tokens(texts)


def quoted(text: str, head: str = "") -> list[str]:
    return [text[s[0] : s[1]] for s in quotable(text, head, sentence_spans(text)) if s is not None]


@pytest.mark.parametrize("embedder", [HashEmbedder(), SentenceOnlyEmbedder()])
def test_the_sentence_about_the_question_is_best(embedder: HashEmbedder) -> None:
    """With and without word pieces, and its span is where it stands in its passage."""
    best = SentenceRanker(embedder, TermAnalyzer()).rank("What limit has a virtual card?", [LEAVE, CARDS])[0]
    assert (best.passage, best.text) == (1, "A virtual card has a limit of EUR 800.")
    assert CARDS[best.start : best.end] == best.text


def test_all_sentences_are_ranked_with_falling_scores() -> None:
    """Every quotable sentence of every passage is there once."""
    ranked = SentenceRanker(HashEmbedder(), TermAnalyzer()).rank("leave days", [LEAVE, CARDS])
    assert len(ranked) == 4
    assert [s.score for s in ranked] == sorted((s.score for s in ranked), reverse=True)


def test_a_sentence_is_near_to_each_piece_of_the_question_that_it_holds() -> None:
    """Their mean is the sentence's match."""
    best = SentenceRanker(HashEmbedder(), TermAnalyzer()).rank("virtual elephant", [CARDS])[0]
    held, lacking = best.near
    assert held > lacking
    assert best.likeness.match == pytest.approx((held + lacking) / 2)


def test_overlap_counts_rare_terms_more_and_reads_the_headings() -> None:
    """A term that every sentence holds says little; one in the title above counts for all below it."""
    rank = SentenceRanker(HashEmbedder(), TermAnalyzer()).rank
    rare, common = rank("leave denmark", ["The leave starts soon, Denmark. The leave is granted."])
    assert rare.likeness.overlap == pytest.approx(1.0)
    assert common.likeness.overlap < 0.5
    assert all(
        s.likeness.overlap == pytest.approx(1.0) for s in rank("denmark", [LEAVE], ["Travel to Denmark"])
    )


def test_a_question_without_terms_overlaps_with_nothing() -> None:
    """Stop words alone are not an error."""
    ranked = SentenceRanker(HashEmbedder(), TermAnalyzer()).rank("why is it so?", [LEAVE])
    assert {s.likeness.overlap for s in ranked} == {0.0}


@pytest.mark.parametrize("texts", [[], [""], ["  \n "]])
def test_nothing_to_rank_is_an_empty_ranking(texts: list[str]) -> None:
    """No passages, or passages without words."""
    assert SentenceRanker(HashEmbedder(), TermAnalyzer()).rank("Why?", texts) == []


def test_the_same_request_and_the_same_passages_are_read_once() -> None:
    """A second ranking costs nothing; another question reads only itself."""
    embedder = CountingEmbedder()
    ranker = SentenceRanker(embedder, TermAnalyzer())
    first = ranker.rank("How many days?", [LEAVE], ["Leave"])
    assert ranker.rank("How many days?", [LEAVE], ["Leave"]) == first
    ranker.rank("Which card?", [LEAVE, CARDS], ["Leave", "Cards"])
    assert embedder.read == [f"Leave\n{LEAVE}", "How many days?", f"Cards\n{CARDS}", "Which card?"]


def test_what_is_remembered_is_bounded() -> None:
    """The passage used longest ago is read again."""
    embedder = CountingEmbedder()
    ranker = SentenceRanker(embedder, TermAnalyzer(), rankings=1, passages=1)
    for text in (LEAVE, CARDS, LEAVE):
        ranker.rank("days", [text])
    assert embedder.read.count(LEAVE) == 2


def test_sentences_beyond_the_window_of_the_embedder_are_left_out() -> None:
    """What the model cannot read is not ranked by chance."""
    embedder = HashEmbedder()
    embedder.embed_tokens = (
        lambda texts: [  # type: ignore[method-assign]
            tokens[:254] for tokens in HashEmbedder.embed_tokens(embedder, texts)
        ]
    )
    text = " ".join(f"Word word word word word word word number {i}." for i in range(60))
    ranked = SentenceRanker(embedder, TermAnalyzer()).rank("word", [text])
    assert 20 <= len(ranked) < 40


def test_headings_greetings_and_lead_ins_are_not_quoted() -> None:
    """A heading is not a sentence, whether it is known from the path or seen from its form."""
    text = (
        "3. Asking for leave\n\nLeave policy 2026\n\nLeave is requested in the portal.\n\n"
        "Three things to note:\n- One or two days\n* Write to us.\n\nKind regards Tomas"
    )
    assert quoted(text, "Leave policy 2026") == [
        "Leave is requested in the portal.",
        "One or two days",
        "Write to us.",
    ]


def test_rows_and_lines_with_numbers_are_quoted() -> None:
    """A table row is a sentence, and so is a line with a value in it."""
    text = "Plan: Plus; Response: 1 hour\nMaximum pressure 10 bar"
    assert quoted(text) == ["Plan: Plus; Response: 1 hour", "Maximum pressure 10 bar"]


def test_the_kind_the_amount_and_the_place_of_an_answer_count() -> None:
    """Of two rows alike the one whose range holds the amount wins; of two equal ones the earlier passage."""
    rows = "Claim: EUR 1 to EUR 500; Approver: team lead\nClaim: EUR 501 to EUR 900; Approver: team lead"
    ranked = SentenceRanker(HashEmbedder(), TermAnalyzer()).rank(
        "A claim of 600 euro, who is the approver?", [rows, rows]
    )
    assert [(s.passage, s.likeness.amount) for s in ranked] == [(0, 1), (1, 1), (0, -1), (1, -1)]
    assert {(s.likeness.kind, s.likeness.row) for s in ranked} == {(1, 1)}


def test_many_threads_may_rank_at_once() -> None:
    """They get what one would get."""
    ranker = SentenceRanker(HashEmbedder(), TermAnalyzer(), rankings=2, passages=2)
    questions = [f"days {i % 5}" for i in range(40)]
    alone = [SentenceRanker(HashEmbedder(), TermAnalyzer()).rank(q, [LEAVE, CARDS]) for q in questions]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda q: ranker.rank(q, [LEAVE, CARDS]), questions)) == alone
