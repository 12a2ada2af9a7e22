import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from core.knowledge.keyword_index import KeywordIndex
from core.knowledge.terms import TermAnalyzer

DATASETS = Path(os.environ.get("ANSWERDESK_DATASETS", Path(__file__).parents[3] / "shared" / "datasets"))
WORDS = ["leave", "travel", "form", "pay", "door", "badge"]
bags = st.lists(st.sampled_from(WORDS), max_size=6)
corpora = st.lists(st.tuples(st.sampled_from(["*", "finance", "people"]), bags), min_size=1, max_size=25)


def index_of(corpus, **options):
    index = KeywordIndex(**options)
    for chunk_id, (group, terms) in enumerate(corpus):
        index.add(group, [(chunk_id, terms)])
    return index


def reference(corpus, groups, terms):
    """What rank-bm25 gives for the chunks of these groups, by id."""
    ids = [i for i, (group, _) in enumerate(corpus) if group in groups]
    texts = [corpus[i][1] for i in ids]
    if not any(texts):
        return dict.fromkeys(ids, 0.0)
    return dict(zip(ids, BM25Okapi(texts).get_scores(terms).tolist(), strict=True))


def zipf_corpus(size, seed=0):
    rng = np.random.default_rng(seed)
    ranks = np.minimum(rng.zipf(1.3, (size, 40)), 3000)
    return [("*", [f"w{rank}" for rank in row]) for row in ranks]


@given(corpora, bags, st.sets(st.sampled_from(["*", "finance", "people"])))
def test_scores_are_those_of_rank_bm25_over_the_readable_chunks(corpus, terms, groups):
    """For any corpus, question and set of groups, every score is rank-bm25's over these groups."""
    index = index_of(corpus, merge_below=3)
    expected = reference(corpus, groups, terms)
    assert index.scores(groups, terms, list(expected)) == pytest.approx(list(expected.values()), abs=1e-9)
    for chunk_id, score in index.search(groups, terms, 100):
        assert score == pytest.approx(expected[chunk_id], abs=1e-9)


@given(corpora, bags)
def test_a_group_that_may_not_be_read_changes_nothing(corpus, terms):
    """Results with a hidden group in the index are the very same as without it."""
    hidden = index_of([*corpus, *(("secret", bag) for _, bag in corpus)])
    groups = ["*", "finance", "people"]
    assert hidden.search(groups, terms, 10) == index_of(corpus).search(groups, terms, 10)
    assert hidden.rarity(groups, terms) == index_of(corpus).rarity(groups, terms)


@given(corpora, st.sets(st.integers(0, 24)), bags)
def test_what_was_removed_leaves_no_trace(corpus, gone, terms):
    """After a removal the scores are those of an index that never had the chunks."""
    index = index_of(corpus, merge_below=3)
    index.remove(gone)
    fresh = KeywordIndex()
    for chunk_id, (group, bag) in enumerate(corpus):
        if chunk_id not in gone:
            fresh.add(group, [(chunk_id, bag)])
    groups = ["*", "finance", "people"]
    # Sums are added up in another order: equal but for the last bit.
    assert dict(index.search(groups, terms, 30)) == pytest.approx(dict(fresh.search(groups, terms, 30)))
    assert len(index) == len(fresh)


def test_the_top_20_of_a_large_corpus_are_those_of_rank_bm25():
    """Merged segments and the cut at 20 give the scores that rank-bm25 sorts to."""
    corpus = zipf_corpus(3000)
    index = KeywordIndex(merge_below=200, max_segment=1500)
    for start in range(0, 3000, 70):
        index.add("*", [(i, corpus[i][1]) for i in range(start, min(start + 70, 3000))])
    bm25 = BM25Okapi([terms for _, terms in corpus])
    for question in (["w9", "w40", "w200"], ["w1", "w77"], ["w2000", "w3", "w3"]):
        scores = bm25.get_scores(question)
        found = index.search("*", question, 20)
        assert [score for _, score in found] == pytest.approx(
            sorted(scores, reverse=True)[: len(found)], abs=1e-6
        )
        assert all(scores[i] == pytest.approx(score, abs=1e-6) for i, score in found)


def test_a_handbooks_top_20_are_those_of_rank_bm25():
    """Over a real handbook's pages and links, scores equal rank-bm25's to a millionth."""
    links = DATASETS / "handbook_linkqa" / "gsa_tts.jsonl"
    if not links.is_file():
        pytest.skip(f"the handbook is not in {DATASETS}")
    analyse = TermAnalyzer()
    pages = sorted((DATASETS / "handbook_gsa_tts" / "docs").rglob("*.md"))
    corpus = [analyse(page.read_text("utf-8")) for page in pages]
    index, bm25 = KeywordIndex(), BM25Okapi(corpus)
    index.add("*", list(enumerate(corpus)))
    for line in links.read_text("utf-8").splitlines():
        terms = analyse(json.loads(line)["query"])
        scores, found = bm25.get_scores(terms), index.search(["*"], terms, 20)
        best = sorted(scores, reverse=True)[: len(found)]
        assert [score for _, score in found] == pytest.approx(best, abs=1e-6)
        assert [scores[i] for i, _ in found] == pytest.approx(best, abs=1e-6)


def test_equal_scores_are_ordered_by_id():
    """The order of the results does not depend on the order of adding."""
    index = KeywordIndex()
    for chunk_id in (5, 3, 9, 1):
        index.add("*", [(chunk_id, ["leave"])])
    index.add("*", [(i, ["other"]) for i in range(20, 40)])
    assert [i for i, _ in index.search(["*"], ["leave"], 3)] == [1, 3, 5]


def test_a_chunk_is_found_even_when_its_score_is_not_positive():
    """In a tiny corpus a word's weight is zero or less, and still it is a match."""
    index = index_of([("*", ["leave"]), ("*", ["travel"])])
    assert [i for i, _ in index.search(["*"], ["leave"], 5)] == [0]


def test_an_empty_index_and_unknown_words_find_nothing():
    """Nothing raises where there is nothing to find."""
    index = KeywordIndex()
    assert index.search(["*"], ["leave"], 5) == []
    assert index.scores(["*"], ["leave"], [1]) == [0.0]
    index.add("*", [(1, [])])
    index.remove([77])
    assert index.search(["*", "finance"], ["leave"], 5) == []
    assert index.search(["*"], [], 5) == []
    assert len(index) == 1


def test_adding_an_id_again_moves_it():
    """A chunk that changes its readership is in its new group only."""
    index = index_of([("finance", ["leave"]), ("finance", ["pay"])])
    index.add("*", [(0, ["travel"])])
    assert index.search(["finance"], ["leave"], 5) == []
    assert [i for i, _ in index.search(["*"], ["travel"], 5)] == [0]
    assert len(index) == 2


def test_rare_terms_weigh_more_than_common_ones():
    """Rarity is positive and falls with the number of chunks that hold the term."""
    index = index_of([("*", ["leave", "pay"]), ("*", ["leave"]), ("*", ["leave"])])
    rarity = index.rarity(["*"], ["leave", "pay", "unknown"])
    assert 0 < rarity["leave"] < rarity["pay"] < rarity["unknown"]


def test_few_statistics_are_kept():
    """More combinations of groups than are kept still give right answers."""
    index = index_of([(f"group{i}", ["leave", f"w{i}"]) for i in range(6)], max_views=2)
    for i in range(6):
        assert [found for found, _ in index.search([f"group{i}"], [f"w{i}"], 5)] == [i]


def test_segments_stay_few_when_documents_come_one_by_one():
    """A thousand small additions do not make a query slower and slower."""
    index = KeywordIndex(merge_below=10)
    for i in range(1000):
        index.add("*", [(i, [WORDS[i % 6], f"w{i}"])])
    assert len(index._snapshot.groups["*"]) <= 10
    assert index.search(["*"], ["w500"], 1)[0][0] == 500


def test_queries_see_whole_documents_while_others_write():
    """A document's chunks appear and vanish together, and no query fails meanwhile."""
    index = KeywordIndex(merge_below=20)
    index.add("*", [(i, ["stays", f"w{i}"]) for i in range(10)])
    done = threading.Event()

    def write(offset):
        for round_ in range(60):
            ids = [offset + 1000 * round_ + i for i in range(3)]
            index.add("*", [(i, ["comes", "stays"]) for i in ids])
            index.remove(ids)

    def read():
        counts = set()
        while not done.is_set():
            counts.add(len(index.search(["*"], ["comes"], 100)) % 3)
            assert len(index.search(["*"], ["w7"], 5)) == 1
        return counts

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        writers = [pool.submit(write, 10_000 + 100 * n) for n in range(2)]
        for writer in writers:
            writer.result()
        done.set()
        assert all(reader.result() <= {0} for reader in readers)
    assert len(index) == 10
