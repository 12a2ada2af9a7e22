"""The small index of verified answers scores as the index of the documents would."""

from __future__ import annotations

import numpy as np
import pytest

from core.knowledge.keyword_index import KeywordIndex
from core.knowledge.retrieval import Query
from core.review.verified_index import Row, VerifiedIndex
from core.types import Person, Readership
from tests.fakes import HashEmbedder

TEXTS = ["annual leave carry over five days", "lost badge desk", "leave form", "travel costs of five days"]
ASKED = "leave days over over"
ADA, BO = (Person(n, f"{n}@x", str(n), of, frozenset()) for n, of in ((1, "people"), (2, "sales")))


def row(number: int, text: str, readers: str = "*") -> Row:
    return Row(number, readers, HashEmbedder().embed_query(text), text.split())


def query(question: str) -> Query:
    """With the statistics of the texts as documents."""
    documents = KeywordIndex()
    documents.add("*", [(number, text.split()) for number, text in enumerate(TEXTS)])
    asked = question.split()
    statistics = documents.statistics({"*"}, set(asked))
    return Query(HashEmbedder().embed_query(question), asked, statistics)


def test_an_answer_has_the_score_that_a_document_of_its_words_has() -> None:
    documents, index = KeywordIndex(), VerifiedIndex()
    documents.add("*", [(number, text.split()) for number, text in enumerate(TEXTS)])
    index.change([row(number, text) for number, text in enumerate(TEXTS)], ())
    scored = index.scored(ADA, query(ASKED))
    expected = documents.scores({"*"}, ASKED.split(), scored.ids.tolist())
    assert scored.bm25.tolist() == pytest.approx(expected)
    assert scored.cosines[0] == pytest.approx(
        float(HashEmbedder().embed_query(TEXTS[0]) @ HashEmbedder().embed_query(ASKED))
    )


def test_a_word_that_no_document_has_counts_most() -> None:
    weights = query("vacation badge").statistics.weights
    assert weights["vacation"] > weights["badge"] > 0


def test_a_group_that_does_not_admit_a_person_is_not_looked_at() -> None:
    index, asked = VerifiedIndex(), query("leave")
    index.change([row(1, "leave form")], ())
    alone = index.scored(BO, asked)
    index.change([row(2, "leave leave", Readership.of(["people"]).key), row(3, "leave", "")], ())
    assert sorted(index.scored(ADA, asked).ids.tolist()) == [1, 2]
    for mine, before in zip(index.scored(BO, asked), alone, strict=True):
        assert np.array_equal(mine, before)


def test_what_is_taken_out_is_gone_with_its_words() -> None:
    index, asked = VerifiedIndex(), query("badge form")
    index.change([row(1, "badge form"), row(2, "form")], ())
    index.change([row(3, "badge")], {1, 99})
    assert index.ids() == {2, 3}
    scored = index.scored(ADA, asked)
    assert scored.ids.tolist() == [2, 3] and (scored.bm25 > 0).all()
    index.change([], {2, 3})
    assert not len(index.scored(ADA, asked).ids)
