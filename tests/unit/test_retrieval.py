import numpy as np
import pytest

from core.knowledge.keyword_index import KeywordIndex
from core.knowledge.langchain_retriever import AnswerdeskRetriever
from core.knowledge.reranking import GatewayReranker
from core.knowledge.retrieval import Retriever
from core.knowledge.terms import TermAnalyzer
from core.types import Chunk, Errand, Person, Readership

FINANCE = Person(1, "f@example.org", "F", "finance", frozenset())
PEOPLE = Person(2, "p@example.org", "P", "people", frozenset())


class WordEmbedder:
    """The direction of a text is the sum of its words' directions."""

    def embed_query(self, text):
        vectors = [np.random.default_rng(list(w.encode())).standard_normal(64) for w in text.lower().split()]
        total = np.sum(vectors, axis=0) if vectors else np.ones(64)
        return (total / np.linalg.norm(total)).astype(np.float32)


class World:
    """The catalog's and the vector index's faces over chunks in memory, with what they were asked."""

    def __init__(self):
        self.known = {}
        self.stored = {}
        self.retired = set()
        self.asked_groups = set()
        self.keywords = KeywordIndex()
        self.embedder = WordEmbedder()
        self.analyse = TermAnalyzer()

    def add(self, text, readers="*", title="Title", document=None):
        i = len(self.known) + 1
        indexed = f"{title}\n{text}"
        self.known[i] = Chunk(
            i,
            i if document is None else document,
            1,
            title,
            1,
            readers,
            (),
            None,
            0,
            len(text),
            text,
            indexed,
        )
        self.stored[i] = self.embedder.embed_query(indexed)
        self.keywords.add(readers, [(i, self.analyse(indexed))])
        return i

    def readable_groups(self, person):
        groups = {chunk.readers for chunk in self.known.values()}
        return frozenset(group for group in groups if Readership.from_key(group).admits(person))

    def chunks(self, ids):
        return {i: self.known[i] for i in ids if i in self.known and i not in self.retired}

    def query(self, groups, vector, limit):
        self.asked_groups |= set(groups)
        hits = [(i, float(self.stored[i] @ vector)) for i, c in self.known.items() if c.readers in groups]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:limit]

    def vectors(self, groups, ids):
        self.asked_groups |= set(groups)
        return {i: self.stored[i] for i in ids if self.known[i].readers in groups}

    def retriever(self, reranker=None):
        return Retriever(self, self, self.keywords, self.embedder, self.analyse, reranker)


@pytest.fixture
def world():
    world = World()
    for text in ("annual leave form", "travel costs abroad", "door badge lost", "payroll calendar dates"):
        world.add(text)
    return world


def texts(retrieval):
    return [passage.chunk.text for passage in retrieval.passages]


def test_the_passage_that_answers_comes_first(world):
    """Keywords and meaning agree on the passage, and its scores say so."""
    found = world.retriever().search("lost badge", FINANCE)
    assert texts(found)[0] == "door badge lost"
    assert found.passages[0].bm25 > 0
    assert found.best_cosine == max(passage.cosine for passage in found.passages)


def test_no_more_than_the_limit_is_given(world):
    """The limit holds, and zero gives nothing."""
    assert len(world.retriever().search("leave", FINANCE, limit=2).passages) == 2
    assert world.retriever().search("leave", FINANCE, limit=0).passages == ()


def test_a_person_without_anything_to_read_finds_nothing():
    """An empty knowledge base and one that admits nobody are the same."""
    world = World()
    assert world.retriever().search("leave", FINANCE).passages == ()
    world.add("salaries", readers="people")
    assert world.retriever().search("salaries", FINANCE).passages == ()


def test_what_may_not_be_read_is_neither_asked_for_nor_felt(world):
    """Results are the very same whether or not there are documents for others."""
    before = world.retriever().search("annual leave", FINANCE)
    for _ in range(20):
        world.add("annual leave leave salary list", readers="people", title="annual leave")
    assert world.retriever().search("annual leave", FINANCE) == before
    assert world.asked_groups == {"*"}
    assert texts(world.retriever().search("salary list", PEOPLE, 1)) == ["annual leave leave salary list"]


def test_a_chunk_that_changed_hands_is_not_shown_to_who_could_read_it(world):
    """The catalog's word counts when an index is behind."""
    moved = world.add("merger plan")
    world.known[moved] = Chunk(moved, 9, 1, "T", 1, "people", (), None, 0, 1, "merger plan", "merger plan")
    world.query = lambda groups, vector, limit: [(moved, 1.0)]
    assert "merger plan" not in texts(world.retriever().search("merger plan", FINANCE))


def test_retired_chunks_do_not_take_the_place_of_current_ones(world):
    """When most candidates are not current, more are asked for."""
    for _ in range(150):
        world.retired.add(world.add("annual leave form"))
    found = world.retriever().search("annual leave form", FINANCE, limit=3)
    assert texts(found)[0] == "annual leave form"
    assert len(found.passages) == 3
    assert not {p.chunk.id for p in found.passages} & world.retired


def test_both_scores_are_exact_whoever_proposed_the_passage():
    """A passage that only the keywords propose has its true cosine, and the other way round."""
    world = World()
    for number in range(120):
        world.add(f"word{number} filler text about nothing{number % 7}")
    question = "word5 nothing3"
    vector = world.embedder.embed_query(question)
    found = world.retriever().search(question, FINANCE, limit=100)
    ids = [passage.chunk.id for passage in found.passages]
    exact = world.keywords.scores(["*"], world.analyse(question), ids)
    assert [p.bm25 for p in found.passages] == pytest.approx(exact)
    assert [p.cosine for p in found.passages] == pytest.approx(
        [float(world.stored[i] @ vector) for i in ids], abs=1e-6
    )


def test_a_title_that_says_what_is_asked_lifts_its_document(world):
    """Of two equal texts the one below the fitting title wins."""
    world.add("see the form for details", title="Parental leave")
    world.add("parental leave see the form for details", title="Other things")
    assert world.retriever().search("parental leave", FINANCE, 1).passages[0].chunk.title == "Parental leave"


def test_a_document_with_several_fitting_passages_wins_over_one_with_a_single():
    """Of two equally good passages the one whose document has more to say comes first."""
    world = World()
    alone = world.add("sabbatical rules", document=1)
    world.add("kitchen cleaning", document=1)
    company = world.add("sabbatical rules", document=2)
    world.add("sabbatical pay", document=2)
    world.add("parking lots", document=3)
    ranked = [p.chunk.id for p in world.retriever().search("sabbatical rules", FINANCE).passages]
    assert ranked.index(company) < ranked.index(alone)


def test_the_reranker_has_the_last_word(world):
    """Its order is the order of the result."""
    reranker = GatewayReranker(
        lambda question, found, errand: [float("payroll" in text) for text in found], Errand("finance")
    )
    assert texts(world.retriever(reranker).search("lost badge", FINANCE))[0] == "payroll calendar dates"


def test_a_question_of_function_words_still_gets_the_nearest(world):
    """Without a single term the embeddings decide alone."""
    found = world.retriever().search("who are you", FINANCE)
    assert len(found.passages) == 4
    assert all(passage.bm25 == 0 for passage in found.passages)


def test_langchain_gets_documents_with_their_source(world):
    """The adapter hands the same passages to a chain, for one person."""
    adapter = AnswerdeskRetriever(retriever=world.retriever(), person=FINANCE, limit=2)
    first, _ = adapter.invoke("lost badge")
    assert first.page_content == "door badge lost"
    assert first.metadata["title"] == "Title"
    assert first.metadata["chunk_id"] == 3
