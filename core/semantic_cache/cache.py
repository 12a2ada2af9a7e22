"""Answers given again: recall before a model is asked, remember afterwards."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import sqlalchemy as sa

from core.answering.answer import Answer
from core.database import Database
from core.errors import NotAllowed
from core.gateway.privacy.masking import Finder
from core.knowledge.embedding import Embedder
from core.knowledge.vector_index import VectorIndex
from core.semantic_cache import sameness
from core.semantic_cache.admission import refusal
from core.semantic_cache.audiences import is_about_oneself
from core.semantic_cache.dial import DEFAULT, DIAL
from core.semantic_cache.entries import CacheKey, Entry, NewEntry, Source, Vector
from core.semantic_cache.facts import signature
from core.semantic_cache.flight import Flights
from core.semantic_cache.freshness import ChunkVectors, Freshness, Standing
from core.semantic_cache.geometry import GROWTH, MOST, Geometry, fitted
from core.semantic_cache.ledger import FALSE_HIT, Figures, Ledger
from core.semantic_cache.store import EntryStore
from core.semantic_cache.verifier import confirmed
from core.semantic_cache.wording import Wording, digest, is_english, read
from core.tables import cache_entries, cache_sources
from core.types import Passage, Person, Role

log = logging.getLogger(__name__)

NEIGHBOURS = 32
PAGE = 5_000


@dataclass(frozen=True, slots=True)
class CacheRules:
    """`threshold` is a notch of the dial; `ttl` of unverified answers, `shadow_rate` in [0, 1].

    `entries` are kept at most; an embedding may take `embed_wait_s`, a twin question `flight_wait_s`.
    """

    threshold: float = DIAL[DEFAULT].threshold
    ttl: timedelta = timedelta(days=30)
    entries: int = 100_000
    shadow_rate: float = 0.01
    embed_wait_s: float = 2.0
    flight_wait_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that may be given again: at once when `exact`, otherwise after `confirm`."""

    entry: Entry
    how: Literal["exact", "meaning"]
    score: float


@dataclass(frozen=True, slots=True)
class Miss:
    """Why nothing can be given again; also what `remember` needs to know of the moment of asking."""

    reason: str
    change: int


class SemanticCache:
    """Recalls and remembers; safe for many threads and processes. Faults are misses, never exceptions."""

    def __init__(
        self,
        database: Database,
        questions: VectorIndex,
        chunk_vectors: ChunkVectors,
        embedder: Embedder,
        finder: Finder,
        clock: Callable[[], datetime],
        rng: random.Random,
        rules: CacheRules | None = None,
    ) -> None:
        self.rules = rules or CacheRules()
        self._store = EntryStore(database, clock)
        self._ledger = Ledger(database, clock)
        self._freshness = Freshness(database, chunk_vectors)
        self._questions = questions
        self._embedder = embedder
        self._finder = finder
        self._clock = clock
        self._rng = rng
        self._flights = Flights(self.rules.flight_wait_s)
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="cache-embed")
        self._geometries: dict[str, Geometry] = {}
        self._lock = threading.Lock()

    def flight(self, person: Person, key: CacheKey, question: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """`with flight(...) as first:` one model call for those of a department who ask the same at once."""
        return self._flights.of(f"{person.department}\n{key.digest}\n{digest(question)}")

    def recall(self, person: Person, key: CacheKey, question: str) -> Candidate | Miss:
        """The stored answer to this stand-alone question that this person may have now."""
        change = 0
        try:
            change = self._freshness.last_change()
            if is_about_oneself(question):
                return Miss("about oneself", change)
            exact = self._store.worded(key.digest, digest(question))
            if (entry := self._first_good(exact, person)) is not None:
                return Candidate(entry, "exact", 1.0)
            if not is_english(question):
                return Miss("other language", change)
            return self._by_meaning(person, key, question, change)
        except TimeoutError:
            return Miss("embedder slow", change)
        except Exception:
            log.exception("the semantic cache failed; the question is answered afresh")
            self._questions.forget(key.digest)
            return Miss("fault", change)

    def confirm(self, candidate: Candidate, passages: Sequence[Passage]) -> bool:
        """Whether what the question retrieves bears the candidate out; the very same words need not."""
        return candidate.how == "exact" or confirmed(candidate.entry, passages)

    def served(self, candidate: Candidate) -> None:
        """Count a hit, and what it saved."""
        self._safely(lambda: self._store.used(candidate.entry.id))
        self._safely(lambda: self._ledger.count(f"hit {candidate.how}", candidate.entry))

    def missed(self, reason: str) -> None:
        """Count a miss."""
        self._safely(lambda: self._ledger.count(f"miss {reason}"[:32]))

    def remember(
        self,
        person: Person,
        key: CacheKey,
        miss: Miss,
        answer: Answer,
        passages: Sequence[Passage],
        *,
        confident: bool,
        flagged: bool = False,
        verified: bool = False,
    ) -> str | None:
        """Store an answer, or say why not. `miss` is from before its passages were retrieved.

        What came in between is looked at when it is served for the first time.
        """
        try:
            reason = refusal(answer, confident, flagged, self._finder)
            sources = _sources(answer, passages)
            if reason is None and miss.change == 0 and miss.reason == "fault":
                reason = "fault"
            if reason is None and len(sources) < len({c.chunk_id for c in answer.citations}):
                reason = "not cited"
            if reason is None:
                self._put(person, key, miss, answer, sources, verified)
            return reason
        except Exception:
            log.exception("an answer could not be stored in the semantic cache")
            return "fault"

    def add_alias(self, candidate: Candidate, question: str) -> None:
        """The same question, as the judge or the second look found: its words lead there next time."""
        self._safely(lambda: self._store.add_alias(candidate.entry, digest(question)))

    def not_my_question(self, person: Person, entry_id: int) -> None:
        """Retire an entry that was served to this person for another question; counts as a false hit."""
        entry = next(iter(self._store.among([entry_id])), None)
        if entry is None:
            return
        if self._freshness.standing(entry, person)[0] is Standing.FORBIDDEN:
            raise NotAllowed("This answer was not yours to read.")
        if self._retire(cache_entries.c.id == entry_id, FALSE_HIT):
            self._safely(lambda: self._ledger.count(FALSE_HIT))

    def shadow_due(self) -> bool:
        """Whether this hit is to be answered again in the background."""
        return self._rng.random() < self.rules.shadow_rate

    def shadowed(self, agreed: bool) -> None:
        """Count what a shadow answer said."""
        self._safely(lambda: self._ledger.count("shadow agreed" if agreed else "shadow disagreed"))

    def purge(
        self,
        actor: Person,
        *,
        document_id: int | None = None,
        department: str | None = None,
        entry_id: int | None = None,
    ) -> int:
        """Retire all entries that cite a document, were asked for by a department, or one; says how many."""
        if not actor.has(Role.ADMINISTRATOR):
            raise NotAllowed("Only an administrator may empty the cache.")
        citing = sa.select(cache_sources.c.entry_id).where(cache_sources.c.document_id == document_id)
        wanted = [
            condition
            for given, condition in (
                (document_id, cache_entries.c.id.in_(citing)),
                (department, cache_entries.c.department == department),
                (entry_id, cache_entries.c.id == entry_id),
            )
            if given is not None
        ]
        return len(self._retire(sa.and_(*wanted), "purged")) if wanted else 0

    def figures(self, since: datetime) -> Figures:
        """What the cache did since then."""
        return self._ledger.figures(since, self._store.size())

    def repair(self, key: CacheKey) -> int:
        """Fill the Chroma collection of a key from the database; gives the number of its entries."""
        after, count = 0, 0
        self._questions.forget(key.digest)
        while True:
            ids, vectors = self._store.without_facts(key.digest, after, PAGE)
            if not ids:
                return count
            self._questions.upsert(key.digest, ids, vectors)
            after, count = ids[-1], count + len(ids)

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _by_meaning(self, person: Person, key: CacheKey, question: str, change: int) -> Candidate | Miss:
        vector = self._pool.submit(self._embedder.embed_query, question).result(self.rules.embed_wait_s)
        wording = read(question)
        ranked = self._ranked(key.digest, wording, vector)
        good = [(score, entry) for score, entry in ranked if score >= self.rules.threshold]
        for score, entry in good:
            if self._first_good([entry], person) is not None:
                return Candidate(entry, "meaning", score)
        return Miss("not servable" if good else "no like" if ranked else "nothing near", change)

    def _ranked(self, cache_key: str, wording: Wording, vector: Vector) -> list[tuple[float, Entry]]:
        """The entries with the same facts, the most alike first."""
        found = signature(wording.facts)
        if found:
            entries = self._store.with_signature(cache_key, found)
        else:
            near = self._questions.query([cache_key], vector, NEIGHBOURS)
            entries = self._store.among([entry_id for entry_id, _ in near])
        geometry = self._geometry(cache_key)
        placed = geometry.placed(vector[None, :])[0]
        ranked = []
        for entry in entries:
            stored = read(entry.question)
            if entry.vector is not None and sameness.compatible(wording, stored):
                nearness = float(geometry.placed(entry.vector[None, :])[0] @ placed)
                ranked.append((sameness.score(sameness.signs(wording, stored, nearness)), entry))
        return sorted(ranked, key=lambda pair: -pair[0])

    def _first_good(self, entries: Sequence[Entry], person: Person) -> Entry | None:
        for entry in entries:
            standing, change = self._freshness.standing(entry, person)
            if standing is Standing.GOOD:
                if change > entry.checked_change:
                    self._store.checked(entry.id, change)
                return entry
            if standing in (Standing.CHANGED, Standing.OVERTAKEN):
                self._retire(cache_entries.c.id == entry.id, standing.value)
        return None

    def _put(
        self,
        person: Person,
        key: CacheKey,
        miss: Miss,
        answer: Answer,
        sources: tuple[Source, ...],
        verified: bool,
    ) -> None:
        english = is_english(answer.question)
        vector = self._embedder.embed_query(answer.question)
        groups = {source.readers for source in sources}
        weakest = self._freshness.weakest_cosine(vector, groups, [source.chunk_id for source in sources])
        found = signature(read(answer.question).facts) if english else "other language"
        new = NewEntry(
            cache_key=key.digest,
            signature=found,
            sha256=digest(answer.question),
            question=answer.question,
            vector=vector,
            answer=answer,
            sources=sources,
            department=person.department,
            verified=verified,
            weakest_cosine=weakest,
            checked_change=miss.change,
            took_ms=round(answer.seconds * 1000),
            expires_at=None if verified else self._clock() + self.rules.ttl,
        )
        entry_id = self._store.add(new)
        if not found:
            self._questions.upsert(key.digest, [entry_id], vector[None, :])
        self._refit(key.digest)
        self._forget(self._store.evict(self.rules.entries))

    def _geometry(self, cache_key: str) -> Geometry:
        geometry = self._geometries.get(cache_key)
        return geometry if geometry is not None else self._fit(cache_key)

    def _refit(self, cache_key: str) -> None:
        """After the answer is given, so that nobody waits for it."""
        known = self._geometries.get(cache_key)
        if known is None or min(MOST, self._store.size(cache_key)) >= known.size * GROWTH:
            self._fit(cache_key)

    def _fit(self, cache_key: str) -> Geometry:
        vectors = self._store.newest_vectors(cache_key, MOST)
        geometry = fitted(vectors) if len(vectors) else fitted(self._nothing())
        if len(vectors):
            with self._lock:
                self._geometries[cache_key] = geometry
        return geometry

    def _nothing(self) -> Vector:
        return self._embedder.embed_query("nothing")[None, :]

    def _retire(self, which: sa.ColumnElement[bool], reason: str) -> list[int]:
        ids = self._store.retire(which, reason)
        self._forget(ids)
        return ids

    def _forget(self, ids: Sequence[int]) -> None:
        """Entries that are retired are not served whatever Chroma holds: it is only kept small."""
        for cache_key in list(self._geometries) if ids else ():
            self._safely(partial(self._questions.delete, cache_key, ids))

    def _safely(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            log.exception("the semantic cache could not note something")


def _sources(answer: Answer, passages: Sequence[Passage]) -> tuple[Source, ...]:
    """The cited chunks, as they were when they were retrieved."""
    cited = {citation.chunk_id for citation in answer.citations}
    chunks = {passage.chunk.id: passage.chunk for passage in passages}
    return tuple(
        Source(chunk.id, chunk.document_id, chunk.version_id, chunk.readers)
        for chunk in chunks.values()
        if chunk.id in cited
    )
