"""How long the cache takes with 100,000 entries: the app's database, Chroma and embedded model.

The stored questions are made up: frames with drawn words, half of them with facts, so that hits go both
ways. Their vectors are those of 500 really embedded ones, moved a little at random: embedding all of them
would take an hour. What is asked is really embedded.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from core.answering.answer import Answer, Outcome
from core.answering.citations import Citation
from core.building.threads import one_core_each
from core.database import Database
from core.knowledge.embedding import Embedder
from core.knowledge.vector_index import ChromaStore, VectorIndex
from core.semantic_cache.cache import SemanticCache
from core.semantic_cache.entries import CacheKey, Vector
from core.semantic_cache.facts import signature
from core.semantic_cache.recalled import CacheRules, Candidate
from core.semantic_cache.wording import digest, read
from core.tables import cache_entries, cache_sources, cache_wordings, departments, documents
from core.types import Person
from tests.fakes import ShapeFinder

ENTRIES = 100_000
ASKED = 200
EMBEDDED = 500
KEY = CacheKey("bench", "1", "embedded")
READER = Person(1, "bench@example.org", "Bench", "people", frozenset())
ROWS = 5_000
FRAMES = (
    ("What is the {0} limit for {1} in the {2} office?", "Which {0} limit holds for {1} in the {2} office?"),
    ("How do I request {1} for the {2} {0} team?", "How can I request {1} for the {2} {0} team?"),
    ("Who approves {0} {1} above {3} euros in {2}?", "Above {3} euros, who approves {0} {1} in {2}?"),
    (
        "How many {0} days does {1} take after {3} years in {2}?",
        "After {3} years in {2}, how many {0} days does {1} take?",
    ),
)


def speed(embedder: Embedder) -> dict[str, Any]:
    """Milliseconds of hits by meaning, exact hits and misses."""
    one_core_each()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database, store = Database(f"sqlite:///{folder / 'bench.sqlite'}"), ChromaStore(folder / "chroma")
        database.migrate()
        questions = VectorIndex(store, embedder.name, "questions-")
        rng = random.Random(3)
        asked = list(_fill(database, questions, embedder, rng))
        cache = SemanticCache(
            database,
            questions,
            questions,
            embedder,
            ShapeFinder(),
            lambda: datetime.now(UTC),
            rng,
            CacheRules(entries=2 * ENTRIES, threshold=0.65),
        )
        times = _timed(cache, embedder, rng.sample(asked, ASKED + 1), rng)
        cache.close()
        store.close()
        database.close()
    for label, value in times.items():
        print(f"  {label} {value:,}")
    return times


def _timed(
    cache: SemanticCache, embedder: Embedder, asked: list[tuple[str, str]], rng: random.Random
) -> dict[str, Any]:
    cache.recall(READER, KEY, asked.pop()[1])  # opens the collection and fits the geometry
    hits, exact, misses, embedded = [], [], [], []
    for stored, reworded in asked:
        seconds, found = _clocked(lambda q=reworded: cache.recall(READER, KEY, q))
        if isinstance(found, Candidate) and found.how == "meaning":
            hits.append(seconds)
        seconds, found = _clocked(lambda q=stored: cache.recall(READER, KEY, q))
        exact.append(seconds)
        # What no lookup by meaning can be faster than, on this machine at this moment.
        seconds, _ = _clocked(lambda q=f"{reworded} Now": embedder.embed_query(q))
        embedded.append(seconds)
        strange = f"Why does the {_word(rng)} {_word(rng)} {_word(rng)}?"
        seconds, found = _clocked(lambda q=strange: cache.recall(READER, KEY, q))
        if not isinstance(found, Candidate):
            misses.append(seconds)
    return {
        "hit_p50_ms": _ms(hits, 50),
        "hit_p95_ms": _ms(hits, 95),
        "miss_p50_ms": _ms(misses, 50),
        "exact_p50_ms": _ms(exact, 50),
        "embed_p50_ms": _ms(embedded, 50),
        "hits_timed": len(hits),
        "entries": ENTRIES,
    }


def _clocked(work: Callable[[], object]) -> tuple[float, object]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def _ms(seconds: list[float], percentile: int) -> float:
    return round(float(np.percentile(seconds, percentile)) * 1000, 2)


def _word(rng: random.Random) -> str:
    return "".join(rng.choice(("ba", "ke", "lo", "mi", "ru", "ta", "ve", "zo", "ni", "sa")) for _ in range(3))


def _fill(
    database: Database, questions: VectorIndex, embedder: Embedder, rng: random.Random
) -> Iterator[tuple[str, str]]:
    """Stores the entries; yields those that were really embedded, each with another wording."""
    version_id = _one_document(database)
    words = [_word(rng) for _ in range(3_000)]
    noise = np.random.default_rng(5)
    base: Vector | None = None
    for start in range(0, ENTRIES, ROWS):
        drawn = [_pair(rng, words) for _ in range(ROWS)]
        if base is None:
            base = embedder.embed_texts([stored for stored, _ in drawn[:EMBEDDED]])
        real = len(base) if start == 0 else 0
        chosen = base[noise.integers(len(base), size=ROWS)]
        vectors = chosen + noise.normal(scale=0.02, size=chosen.shape).astype(np.float32)
        vectors[:real] = base[:real]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        without = _store(database, start + 1, version_id, [stored for stored, _ in drawn], vectors)
        questions.upsert(KEY.digest, [start + 1 + i for i in without], vectors[without])
        yield from drawn[:real]


def _pair(rng: random.Random, words: list[str]) -> tuple[str, str]:
    stored, reworded = rng.choice(FRAMES)
    slots = [*rng.sample(words, 3), str(rng.randint(2, 400))]
    return stored.format(*slots), reworded.format(*slots)


def _one_document(database: Database) -> int:
    now = datetime.now(UTC)
    with database.write() as connection:
        connection.execute(sa.insert(departments).values(id="people", name="People"))
        document = connection.execute(
            sa.insert(documents)
            .values(name="d", department_id="people", readers="*", origin="upload", created_at=now)
            .returning(documents.c.id)
        ).scalar_one()
        connection.execute(sa.update(documents).values(current_version_id=1))
    return int(document)


def _store(
    database: Database, first_id: int, version_id: int, texts: list[str], vectors: Vector
) -> list[int]:
    """Write entries as `EntryStore` does, but many at once; gives the places of those without facts."""
    now = datetime.now(UTC)
    citation = Citation(1, 1, version_id, 1, 1, "d", (), None, 0, 10)
    answer = Answer(Outcome.ANSWERED, "An answer of a common length. " * 8, (citation,), "", 0.9)
    facts = [signature(read.__wrapped__(text).facts) for text in texts]
    rows = [
        {
            "id": first_id + i,
            "cache_key": KEY.digest,
            "signature": facts[i],
            "question": text,
            "vector": vectors[i].tobytes(),
            "text": answer.text,
            "answer": replace(answer, question=text).to_json(),
            "department": "people",
            "verified": False,
            "created_at": now,
            "weakest_cosine": 0.5,
            "checked_change": 0,
            "cost_microusd": 100,
            "tokens": 100,
            "took_ms": 900,
            "uses": 0,
            "last_used_at": now,
        }
        for i, text in enumerate(texts)
    ]
    ids = [row["id"] for row in rows]
    source = {"chunk_id": 1, "document_id": version_id, "version_id": 1, "readers": "*"}
    wordings = [
        {"cache_key": KEY.digest, "sha256": digest(text), "entry_id": entry_id}
        for text, entry_id in zip(texts, ids, strict=True)
    ]
    with database.write() as connection:
        connection.execute(sa.insert(cache_entries), rows)
        connection.execute(sa.insert(cache_sources), [{"entry_id": i, **source} for i in ids])
        connection.execute(sa.insert(cache_wordings), wordings)
    return [i for i, found in enumerate(facts) if not found]
