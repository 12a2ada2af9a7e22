import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import ConfigurationError, NotCleared
from core.knowledge.reranking import (
    INTERACTION_WEIGHT,
    CrossEncoderReranker,
    GatewayReranker,
    LateInteractionReranker,
    Reranker,
    relevance,
)
from core.knowledge.token_codes import TokenMemory, token_codes
from core.types import Chunk, DataClass, Errand, Passage

CONFIDENTIAL = DataClass.CONFIDENTIAL


def passage(number, text, score=0.0):
    chunk = Chunk(number, 1, 1, "Title", 1, "*", (), None, 0, len(text), text, f"Title\n{text}")
    return Passage(chunk, 0.0, 0.0, score)


class WordVectors:
    """A token embedder that gives each word a direction of its own, and counts what it embeds."""

    def __init__(self, dim=256):
        self.dim = dim
        self.embedded = []

    def embed_tokens(self, texts):
        self.embedded += texts
        return [np.array([self._vector(w) for w in text.split()]).reshape(-1, self.dim) for text in texts]

    def _vector(self, word):
        vector = np.random.default_rng(list(word.encode())).standard_normal(self.dim)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


def order(passages):
    return [p.chunk.id for p in passages]


@pytest.mark.parametrize(
    "reranker",
    [
        GatewayReranker(lambda question, texts, errand: 1 / 0, Errand("people")),
        CrossEncoderReranker("/nowhere"),
        LateInteractionReranker(WordVectors()),
    ],
)
def test_nothing_to_rerank_is_no_work(reranker):
    """No model is loaded or called for an empty list."""
    assert reranker.rerank("question", []) == []


def test_the_gateway_sees_the_indexed_texts_and_orders_by_relevance():
    """A rerank model reads title and text, and its relevance is the new score."""
    seen = []

    def rank(question, texts, errand):
        seen.append((question, list(texts), errand))
        return [0.1, 0.9]

    secret = replace(passage(2, "b", 4.0), chunk=replace(passage(2, "b", 4.0).chunk, data_class=CONFIDENTIAL))
    reranker = GatewayReranker(rank, Errand("people")).on_behalf(Errand("sales", 7, "t"))
    found = reranker.rerank("why", [passage(1, "a", 5.0), secret])
    assert order(found) == [2, 1]
    assert [p.score for p in found] == [0.9, 0.1]
    assert seen == [("why", ["Title\na", "Title\nb"], Errand("sales", 7, "t", CONFIDENTIAL))]


def test_the_order_stays_when_the_rerank_model_may_not_see_the_texts(caplog):
    """A question is not lost for the sake of a better order; the log says why."""

    def rank(question, texts, errand):
        raise NotCleared("No model may see it.")

    found = GatewayReranker(rank, Errand("people")).rerank(
        "why", [passage(1, "a", 5.0), passage(2, "b", 4.0)]
    )
    assert order(found) == [1, 2]
    assert "No model may see it." in caplog.text


def test_passages_below_the_depth_follow_in_their_order():
    """Only the best are looked at; nothing is lost."""

    class Backwards(Reranker):
        depth = 3

        def _scores(self, question, passages):
            return list(range(len(passages)))

    assert order(Backwards().rerank("q", [passage(i, "x") for i in range(6)])) == [2, 1, 0, 3, 4, 5]


def test_late_interaction_prefers_the_passage_that_has_the_words():
    """With equal scores, the passage whose tokens are nearest to the question's comes first."""
    passages = [passage(1, "door badge pay"), passage(2, "annual leave form"), passage(3, "annual door")]
    found = LateInteractionReranker(WordVectors()).rerank("annual leave", passages)
    assert order(found) == [2, 3, 1]
    assert found[0].score == pytest.approx(INTERACTION_WEIGHT)
    assert found[-1].score == pytest.approx(0.0)


def test_late_interaction_keeps_what_the_first_ranking_knows():
    """A clearly better first score outweighs a somewhat nearer text."""
    passages = [passage(1, "annual door", 2.0), passage(2, "annual leave", 0.0), passage(3, "pay", 0.0)]
    assert order(LateInteractionReranker(WordVectors()).rerank("annual leave", passages))[0] == 1


def test_a_passage_is_embedded_once():
    """The second question about the same chunks embeds only the question."""
    embedder = WordVectors()
    reranker = LateInteractionReranker(embedder)
    first = reranker.rerank("leave", [passage(1, "leave"), passage(2, "pay")])
    embedder.embedded.clear()
    assert reranker.rerank("leave", [passage(1, "leave"), passage(2, "pay")]) == first
    assert embedder.embedded == ["leave"]


def test_stored_codes_are_used_before_anything_is_embedded():
    """Codes that were kept when the chunk was embedded give the same ranking."""
    embedder = WordVectors()
    passages = [passage(1, "pay"), passage(2, "leave")]
    codes = {p.chunk.id: token_codes(embedder.embed_tokens([p.chunk.indexed_text])[0]) for p in passages}
    embedder.embedded.clear()
    found = LateInteractionReranker(embedder, lambda ids: {i: codes[i] for i in ids}).rerank(
        "leave", passages
    )
    assert embedder.embedded == ["leave"]
    assert found == LateInteractionReranker(WordVectors()).rerank("leave", passages)


def test_prepared_chunks_are_not_embedded_again():
    """What was prepared is at hand when it is asked for."""
    embedder = WordVectors()
    reranker = LateInteractionReranker(embedder)
    reranker.prepare({1: "Title\nleave"})
    embedder.embedded.clear()
    reranker.rerank("leave", [passage(1, "leave")])
    assert embedder.embedded == ["leave"]


def test_a_question_waits_for_few_passages_only():
    """Beyond the first few that have to be embedded, passages follow in their order."""
    embedder = WordVectors()
    reranker = LateInteractionReranker(embedder, fresh=2)
    passages = [passage(1, "pay"), passage(2, "leave"), passage(3, "leave"), passage(4, "door")]
    assert order(reranker.rerank("leave", passages)) == [2, 1, 3, 4]
    assert len(embedder.embedded) == 3
    assert order(reranker.rerank("leave", passages))[:2] == [2, 3]


def test_the_memory_is_bounded():
    """With no room to remember, each question embeds the passages again and the ranking is the same."""
    embedder = WordVectors()
    reranker = LateInteractionReranker(embedder, memory=TokenMemory(0))
    passages = [passage(1, "pay"), passage(2, "leave")]
    assert reranker.rerank("leave", passages) == reranker.rerank("leave", passages)
    assert len(embedder.embedded) == 6


def test_a_question_without_tokens_changes_no_order():
    """An empty question leaves passages as they are."""
    passages = [passage(1, "pay", 2.0), passage(2, "leave", 1.0)]
    assert LateInteractionReranker(WordVectors()).rerank("", passages) == passages


def test_a_passage_without_tokens_comes_last():
    """A text the model reads nothing of is no failure."""

    class Deaf(WordVectors):
        def embed_tokens(self, texts):
            return super().embed_tokens([text.removeprefix("Title\n") for text in texts])

    found = LateInteractionReranker(Deaf()).rerank("leave", [passage(1, ""), passage(2, "leave")])
    assert order(found) == [2, 1]


def stand_in(monkeypatch, cross_encoder):
    """Puts a class in the place of sentence-transformers' own, which takes seconds to import."""
    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(CrossEncoder=cross_encoder))


def test_a_cross_encoder_is_loaded_once_and_orders_by_its_scores(monkeypatch):
    """The model reads question and indexed text as a pair."""
    loaded = []

    class Model:
        def __init__(self, source, device):
            loaded.append((source, device))

        def predict(self, pairs, show_progress_bar):
            return np.array([float("leave" in text and question == "q") for question, text in pairs])

    stand_in(monkeypatch, Model)
    reranker = CrossEncoderReranker("some/model")
    for _ in range(2):
        assert order(reranker.rerank("q", [passage(1, "pay"), passage(2, "leave")])) == [2, 1]
    assert loaded == [("some/model", "cpu")]


def test_a_missing_cross_encoder_is_a_setting_to_correct(monkeypatch):
    """The message names the setting and the model."""

    def missing(source, device):
        raise OSError("no such model")

    stand_in(monkeypatch, missing)
    with pytest.raises(ConfigurationError, match=r"ANSWERDESK_RERANKER.*some/model"):
        CrossEncoderReranker("some/model").rerank("q", [passage(1, "text")])


def test_relevance_is_between_nothing_and_all_and_reads_the_question_once():
    """A text that says every word of the question is relevant; one without a word is not."""
    reader = WordVectors()
    scores = relevance(reader, "annual leave", ["leave is annual", "annual report", "", "canteen"])
    assert scores[0] == pytest.approx(1.0, abs=1e-5) and scores[0] > scores[1] > scores[3] >= scores[2] == 0
    assert reader.embedded.count("annual leave") == 1
    assert relevance(reader, "annual leave", []) == []
