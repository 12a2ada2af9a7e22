"""How long a question takes among 10,000 and 100,000 chunks, and what that needs of memory.

The database, Chroma, the keyword index and the retriever are the app's own. Texts are made up with
the word distribution of natural language (Zipf and Mandelbrot), vectors lie in clusters. Each
question is really embedded, so that its time counts, and then looked for with a made-up vector.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import sqlalchemy as sa

from core.database import Database
from core.knowledge.catalog import Catalog
from core.knowledge.embedding import SentenceTransformerEmbedder, local_embedder
from core.knowledge.keyword_follower import KeywordFollower
from core.knowledge.keyword_index import KeywordIndex
from core.knowledge.retrieval import Retriever
from core.knowledge.terms import TermAnalyzer
from core.knowledge.vector_index import ChromaStore, VectorIndex
from core.knowledge.versions import Draft, Versions
from core.tables import departments
from core.types import ChunkSpan, LoadedDocument, Person

GROUPS = ("*", "finance", "finance+people", "people", "engineering")
READER = Person(1, "bench@example.org", "Bench", "finance", frozenset())
CHUNKS_PER_DOCUMENT = 20
DOCUMENTS_AT_ONCE = 200
WORDS_PER_CHUNK = 100
WORDS_PER_QUESTION = 8
VOCABULARY = 50_000
CLUSTERS = 500
DIM = 384
QUESTIONS = 200


def run(data: Path) -> dict[str, Any]:
    """The figures at 100,000 chunks, and those at 10,000 under `at_10000`; `data` is not used."""
    embedder = local_embedder("embedded", threads=1)
    embedder.embed_query("warm up")
    small, large = measured(10_000, embedder), measured(100_000, embedder)
    for figures in (small, large):
        print("  ".join(f"{name} {value:,}" for name, value in figures.items()))
    return {**large, "at_10000": small}


def measured(chunks: int, embedder: SentenceTransformerEmbedder) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made_up = MadeUp(np.random.default_rng(7))
        fill(folder, made_up, chunks)
        before_mb = resident_mb()
        began = time.perf_counter()
        database, store, keywords = Database(url(folder)), ChromaStore(folder / "chroma"), KeywordIndex()
        KeywordFollower(database, keywords).load()
        vectors = VectorIndex(store, embedder.name)
        asking = MadeUpVectors(embedder, made_up)
        retriever = Retriever(Catalog(database), vectors, keywords, asking, TermAnalyzer())
        retriever.search("warm up", READER)
        open_s = time.perf_counter() - began
        times = [timed(retriever, made_up.question()) for _ in range(QUESTIONS)]
        used_mb = resident_mb() - before_mb
        store.close()
        database.close()
    p50, p95 = np.percentile(times, [50, 95]) * 1000
    return {
        "chunks": chunks,
        "p50_ms": round(float(p50), 2),
        "p95_ms": round(float(p95), 2),
        "rss_mb": round(resident_mb(), 1),
        "index_mb": round(used_mb, 1),
        "open_s": round(open_s, 2),
    }


class MadeUp:
    """Made-up texts and vectors."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        weights = 1 / (np.arange(VOCABULARY) + 10.0)
        self._weights = weights / weights.sum()
        self._centres = rng.standard_normal((CLUSTERS, DIM))

    def words(self, count: int) -> str:
        return " ".join(f"w{number}" for number in self._rng.choice(VOCABULARY, count, p=self._weights))

    def question(self) -> str:
        return self.words(WORDS_PER_QUESTION)

    def vectors(self, count: int) -> np.ndarray:
        centres = self._centres[self._rng.integers(CLUSTERS, size=count)]
        vectors = centres + self._rng.standard_normal((count, DIM))
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


class MadeUpVectors:
    """Takes as long as the real embedder, and gives a vector among the made-up ones."""

    def __init__(self, embedder: SentenceTransformerEmbedder, made_up: MadeUp) -> None:
        self._embedder = embedder
        self._made_up = made_up

    def embed_query(self, text: str) -> np.ndarray:
        self._embedder.embed_query(text)
        return self._made_up.vectors(1)[0]


def fill(folder: Path, made_up: MadeUp, chunks: int) -> None:
    database, store = Database(url(folder)), ChromaStore(folder / "chroma")
    database.migrate()
    with database.write() as connection:
        connection.execute(sa.insert(departments), [{"id": "finance", "name": "Finance"}])
    versions = Versions(database, "all-MiniLM-L6-v2", lambda: datetime.now(UTC))
    vectors = VectorIndex(store, "all-MiniLM-L6-v2")
    for batch in batches(made_up, chunks // CHUNKS_PER_DOCUMENT):
        staged = [each for each in versions.stage(batch) if each is not None]
        for group in GROUPS:
            ids = [chunk_id for each in staged if each.readers == group for chunk_id in each.chunk_ids]
            vectors.upsert(group, ids, made_up.vectors(len(ids)))
        versions.swap(staged)
    store.close()
    database.close()


def batches(made_up: MadeUp, documents: int) -> Iterator[list[Draft]]:
    for start in range(0, documents, DOCUMENTS_AT_ONCE):
        yield [draft(made_up, number) for number in range(start, min(start + DOCUMENTS_AT_ONCE, documents))]


def draft(made_up: MadeUp, number: int) -> Draft:
    texts = [made_up.words(WORDS_PER_CHUNK) for _ in range(CHUNKS_PER_DOCUMENT)]
    title = made_up.words(3)
    ends = np.cumsum([len(text) + 1 for text in texts]).tolist()
    spans = [
        ChunkSpan((), None, end - 1 - len(text), end - 1, text, f"{title}\n{text}")
        for text, end in zip(texts, ends, strict=True)
    ]
    text = "\n".join(texts)
    return Draft(
        name=f"document-{number}.txt",
        content=b"",
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        loaded=LoadedDocument(title, text, (), None),
        spans=spans,
        # The made-up words are their own terms.
        terms=[span.indexed_text.split() for span in spans],
        readers=GROUPS[number % len(GROUPS)],
        department="finance",
        origin="folder",
        owner_id=None,
        created_by=None,
    )


def timed(retriever: Retriever, question: str) -> float:
    before = time.perf_counter()
    retriever.search(question, READER)
    return time.perf_counter() - before


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'bench.sqlite'}"


def resident_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6
