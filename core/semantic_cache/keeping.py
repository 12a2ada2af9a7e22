"""Storing answers: admission, sources, and the place among those that are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.answering.answer import Answer
from core.gateway.privacy.masking import Finder
from core.knowledge.embedding import Embedder
from core.semantic_cache.admission import refusal
from core.semantic_cache.entries import CacheKey, Entry, NewEntry, Source
from core.semantic_cache.facts import signature
from core.semantic_cache.freshness import Freshness
from core.semantic_cache.lookup import Lookup
from core.semantic_cache.meaning import MeaningSearch
from core.semantic_cache.store import EntryStore, Retired
from core.semantic_cache.wording import digest, is_english, read
from core.tables import cache_entries, cache_wordings
from core.types import Passage, Readership


class Keeper:
    """Puts answers into the cache, or says why not."""

    def __init__(
        self,
        store: EntryStore,
        lookup: Lookup,
        meaning: MeaningSearch,
        freshness: Freshness,
        embedder: Embedder,
        finder: Finder,
        clock: Callable[[], datetime],
        ttl: timedelta,
        most: int,
    ) -> None:
        self._store = store
        self._lookup = lookup
        self._meaning = meaning
        self._freshness = freshness
        self._embedder = embedder
        self._finder = finder
        self._clock = clock
        self._ttl = ttl
        self._most = most

    def refusal(
        self, answer: Answer, passages: Sequence[Passage], confident: bool, flagged: bool
    ) -> str | None:
        """Why this fresh answer is not stored; None when it may be."""
        reason = refusal(answer, confident, flagged, self._finder)
        if reason is None and len(sources_of(answer, passages)) < len(_cited(answer)):
            return "not cited"
        return reason

    def put(
        self, department: str, key: CacheKey, change: int, answer: Answer, passages: Sequence[Passage]
    ) -> int:
        """Store a fresh answer that `refusal` let pass; gives its id."""
        entry = self._new(department, key, change, answer, sources_of(answer, passages), verified=False)
        return self._place(entry)

    def put_verified(
        self,
        department: str,
        key: CacheKey,
        answer: Answer,
        versions_of: Mapping[int, int],
        readers: str,
    ) -> str | None:
        """Store a reviewer's answer in place of what was stored for the same words, or say why not."""
        change = self._freshness.last_change()
        reason = refusal(answer, True, False, self._finder)
        if reason is not None:
            return reason
        chunk_ids = {
            c.document_id: {d.chunk_id for d in answer.citations if d.document_id == c.document_id}
            for c in answer.citations
        }
        wanted = {c.document_id: c.version_id for c in answer.citations} | dict(versions_of)
        sources = self._freshness.sources(wanted, chunk_ids)
        if not sources or not _cited(answer) <= {source.chunk_id for source in sources}:
            return "source changed"
        if not _admits_no_more({source.readers for source in sources}, readers):
            return "readers changed"
        self._forget(self._store.retire(_worded(key.digest, digest(answer.question)), "replaced"))
        self._place(self._new(department, key, change, answer, sources, verified=True))
        return None

    def retire(self, which: sa.ColumnElement[bool], reason: str) -> int:
        """Take entries out of use; says how many were still in it."""
        return self._forget(self._store.retire(which, reason))

    def replace(self, entry: Entry, words: str, text: str) -> int:
        """Retire the others with this digest of words and this text; says how many."""
        same = sa.and_(_worded(entry.cache_key, words), cache_entries.c.text == text)
        others = sa.and_(same, cache_entries.c.id != entry.id, ~cache_entries.c.verified)
        return self.retire(others, "replaced")

    def sweep(self) -> int:
        """Delete what could not be served any more; says how many."""
        return self._forget(self._store.sweep())

    def _new(
        self,
        department: str,
        key: CacheKey,
        change: int,
        answer: Answer,
        sources: Sequence[Source],
        verified: bool,
    ) -> NewEntry:
        vector = self._embedder.embed_query(answer.question)
        groups = {source.readers for source in sources}
        weakest = self._freshness.weakest_cosine(vector, groups, sorted(_cited(answer)))
        english = is_english(answer.question)
        return NewEntry(
            cache_key=key.digest,
            signature=signature(read(answer.question).facts) if english else "other language",
            sha256=digest(answer.question),
            question=answer.question,
            vector=vector,
            answer=answer,
            sources=tuple(sources),
            department=department,
            verified=verified,
            weakest_cosine=weakest,
            checked_change=change,
            took_ms=round(answer.seconds * 1000),
            expires_at=None if verified else self._clock() + self._ttl,
        )

    def _place(self, new: NewEntry) -> int:
        entry_id = self._store.add(new)
        self._meaning.add(new.cache_key, entry_id, new.signature, new.vector)
        if (excess := self._lookup.size() - self._most) > 0:
            # A tenth more than must go, so that not every answer has to make room.
            self._forget(self._store.evict(excess + self._most // 10))
        return entry_id

    def _forget(self, retired: Retired) -> int:
        for cache_key in {key for _, key in retired}:
            self._meaning.forget(cache_key, [entry_id for entry_id, key in retired if key == cache_key])
        return len(retired)


def sources_of(answer: Answer, passages: Sequence[Passage]) -> tuple[Source, ...]:
    """The cited chunks, as they were when they were retrieved."""
    chunks = {passage.chunk.id: passage.chunk for passage in passages}
    cited = [chunks[chunk_id] for chunk_id in sorted(_cited(answer)) if chunk_id in chunks]
    return tuple(Source(chunk.id, chunk.document_id, chunk.version_id, chunk.readers) for chunk in cited)


def _cited(answer: Answer) -> set[int]:
    """The chunks of documents: a cited answer of a person stands and falls with those beside it."""
    return {citation.chunk_id for citation in answer.citations if citation.verified is None}


def _worded(cache_key: str, sha256: str) -> sa.ColumnElement[bool]:
    words = cache_wordings.c
    return cache_entries.c.id.in_(
        sa.select(words.entry_id).where(words.cache_key == cache_key, words.sha256 == sha256)
    )


def _admits_no_more(sources: set[str], readers: str) -> bool:
    """Whether those who may read all of the sources are no more than these readers."""
    allowed = Readership.from_key(readers).departments
    open_to = [of for key in sources if (of := Readership.from_key(key).departments) is not None]
    if allowed is None:
        return True
    return bool(open_to) and frozenset.intersection(*open_to) <= allowed
