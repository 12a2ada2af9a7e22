"""A small company with a semantic cache and documents, without a model: for contract tests."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.dialects import postgresql, sqlite

from core.answering.answer import Answer, Outcome
from core.answering.citations import Citation
from core.database import Database
from core.knowledge.vector_index import ChromaStore, VectorIndex
from core.knowledge.versions import Draft, Versions
from core.semantic_cache.cache import SemanticCache
from core.semantic_cache.entries import CacheKey
from core.semantic_cache.recalled import CacheRules, Candidate, Miss
from core.tables import departments
from core.types import Chunk, ChunkSpan, LoadedDocument, Passage, Person, Role, Section
from tests.fakes import Clock, HashEmbedder, ShapeFinder

Vectors = NDArray[np.float32]
KEY = CacheKey("scripted", "prompts-1", "hashed-words")
QUESTION = "How many days of annual leave may be carried over?"
ALIKE = "How many annual leave days may be carried over?"


class MemoryVectors:
    """The embeddings of chunks, as the vector index gives them."""

    def __init__(self) -> None:
        self.stored: dict[str, dict[int, Vectors]] = {}

    def vectors(self, groups: Collection[str], ids: Sequence[int]) -> dict[int, Vectors]:
        return {i: vector for group in groups for i, vector in self.stored.get(group, {}).items() if i in ids}


class House:
    """Documents and the cache over one database; `inline` work of the background is done at once."""

    def __init__(
        self,
        database: Database,
        store: ChromaStore,
        prefix: str,
        clock: Clock,
        rules: CacheRules | None = None,
        embedder: HashEmbedder | None = None,
        judge: Callable[[Answer, Answer], bool] | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self.embedder = embedder or HashEmbedder()
        self.versions = Versions(database, "hashed-words", clock)
        self.chunk_vectors = MemoryVectors()
        self.questions = VectorIndex(store, "hashed-words", prefix)
        more = {} if judge is None else {"judge": judge}
        self.cache = SemanticCache(
            database,
            self.questions,
            self.chunk_vectors,
            self.embedder,
            ShapeFinder(),
            clock,
            random.Random(7),
            rules,
            in_background=lambda work: work(),
            **more,
        )
        self.ids = iter(range(1, 1_000))
        dialect = sqlite if database.is_sqlite else postgresql
        with database.write() as connection:
            values = [{"id": name, "name": name.title()} for name in ("people", "sales")]
            connection.execute(dialect.insert(departments).values(values).on_conflict_do_nothing())

    def person(self, department: str = "people", *roles: Role) -> Person:
        number = next(self.ids)
        return Person(number, f"p{number}@fennwick.example", f"P{number}", department, frozenset(roles))

    def document(self, name: str, text: str, readers: str = "*") -> Passage:
        """Store a document, or its next version, with the vector of its one chunk; gives its passage."""
        loaded = LoadedDocument(name, text, (Section((), None, 0, len(text)),), None)
        span = ChunkSpan((), None, 0, len(text), text, text)
        # The same text for other readers is another version as well.
        digest = hashlib.sha256(f"{readers}{text}".encode()).hexdigest()
        kind = (readers, "people", "upload", None, None)
        [staged] = self.versions.stage([Draft(name, b"", digest, loaded, [span], [text.split()], *kind)])
        assert staged is not None
        chunk_id = staged.chunk_ids[0]
        self.chunk_vectors.stored.setdefault(readers, {})[chunk_id] = self.embedder.embed_query(text)
        self.versions.swap([staged])
        place = (staged.document_id, staged.version_id, name, staged.number, readers, (), None)
        return Passage(Chunk(chunk_id, *place, 0, len(text), text, text), 4.0, 0.8, 0.7)

    def ask(self, person: Person, question: str = QUESTION, key: CacheKey = KEY) -> Candidate | Miss:
        return self.cache.recall(person, key, question)

    def is_served(
        self, person: Person, question: str = QUESTION, *passages: Passage, key: CacheKey = KEY
    ) -> bool:
        """Whether the question is answered from the cache, with these passages retrieved for it."""
        found = self.ask(person, question, key)
        if not isinstance(found, Candidate):
            return False
        return found.at_once(person.department) or self.cache.confirm(found, passages)

    def miss(self, person: Person, question: str = QUESTION, key: CacheKey = KEY) -> Miss:
        found = self.ask(person, question, key)
        assert isinstance(found, Miss), found
        return found

    def answered(
        self,
        person: Person,
        *passages: Passage,
        question: str = QUESTION,
        text: str = "Up to five days may be carried over [1].",
        key: CacheKey = KEY,
        **how: bool,
    ) -> str | None:
        """Ask, miss, answer from these passages and remember; gives why it was not stored."""
        miss = self.miss(person, question, key)
        answer = drafted(question, text, *passages)
        return self.cache.remember(person, key, miss, answer, passages, **{"confident": True, **how})


def drafted(question: str, text: str, *passages: Passage) -> Answer:
    """An answer that cites all passages and cost something."""
    citations = tuple(cite(number, passage) for number, passage in enumerate(passages, 1))
    answer = Answer(Outcome.ANSWERED, text, citations, question, 0.9, "scripted", "fake")
    return replace(answer, prompt_tokens=900, completion_tokens=100, cost_microusd=2_100, seconds=1.5)


def cite(number: int, passage: Passage) -> Citation:
    chunk = passage.chunk
    place = (chunk.version_id, chunk.version, chunk.title, chunk.heading_path, chunk.page)
    return Citation(number, chunk.id, chunk.document_id, *place, chunk.start, chunk.end)
