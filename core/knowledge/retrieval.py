"""From a question to the passages that may answer it, out of what the person may read.

Keywords and embeddings each propose candidates; every candidate then gets both scores exactly, the
evidence of its document and of its title, and the best go to the reranker. What people have answered is
scored by the statistics of the documents and ranked among their passages.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.knowledge.embedding import on_behalf
from core.knowledge.keyword_index import KeywordIndex, Statistics
from core.knowledge.quantities import identifiers
from core.knowledge.reranking import Reranker
from core.knowledge.superseded import Superseded
from core.table_rows import has_row_about
from core.types import Chunk, Errand, Passage, Person

Vector = NDArray[np.float32]
Scores = NDArray[np.float64]

DEPTH = 50
"""How many candidates keywords and embeddings propose each."""
TITLE_WEIGHT = 0.75
"""What a title that says just what the question asks is worth, the best of all other evidence being 1."""
ROW_WEIGHT = 1.0
"""What a table row about the very code that the question names is worth: many texts mention a code."""


class ReadableChunks(Protocol):
    """Knows who may read what, and the chunks of current document versions."""

    def readable_groups(self, person: Person) -> frozenset[str]:
        """The keys of the reading groups that admit the person."""
        ...

    def chunks(self, ids: Collection[int]) -> dict[int, Chunk]:
        """The chunks of current versions among these ids."""
        ...


class Vectors(Protocol):
    """The embeddings of chunks, by reading group."""

    def query(self, groups: Collection[str], vector: Vector, limit: int) -> list[tuple[int, float]]:
        """The nearest chunks of these groups: (id, cosine), best first."""
        ...

    def vectors(self, groups: Collection[str], ids: Sequence[int]) -> dict[int, Vector]:
        """The embedding of each id that is in one of these groups, float32[dim] of length one."""
        ...


class QueryEmbedder(Protocol):
    """Embeds a question."""

    def embed_query(self, text: str) -> Vector:
        """float32[dim], of length one."""
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """A question in the forms that a source besides the documents is asked with.

    `terms` are those of the index, `statistics` what the documents that its asker may read say of each:
    a score made with them depends on nothing else that is stored.
    """

    vector: Vector
    terms: Sequence[str]
    statistics: Statistics


class MoreSources(Protocol):
    """Sources besides the documents: what people have answered."""

    def candidates(self, person: Person, query: Query) -> Sequence[Passage]:
        """What the person may read and might answer, with both scores; `score` is not made yet."""
        ...


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found, best first. `best_cosine` is the highest of all candidates, 0 without any."""

    passages: tuple[Passage, ...]
    best_cosine: float


@dataclass(frozen=True, slots=True)
class _Question:
    """A question in all the forms that the indexes ask for, and what it may be answered from."""

    groups: frozenset[str]
    vector: Vector
    terms: Sequence[str]
    codes: frozenset[str]


class Retriever:
    """Searches what a person may read.

    `analyse` gives a text's terms as they are in the keyword index. Nothing of a group that does not
    admit the person is asked for, and each chunk's group is checked again before it is shown. With
    `superseded` a document that says that another is in force in its place gives way to it.
    """

    def __init__(
        self,
        catalog: ReadableChunks,
        vectors: Vectors,
        keywords: KeywordIndex,
        embedder: QueryEmbedder,
        analyse: Callable[[str], Sequence[str]],
        reranker: Reranker | None = None,
        more: MoreSources | None = None,
        superseded: Superseded | None = None,
    ) -> None:
        self._catalog = catalog
        self._vectors = vectors
        self._keywords = keywords
        self._embedder = embedder
        self._analyse = analyse
        self._reranker = reranker
        self._more = more
        self._superseded = superseded

    def beside(self, more: MoreSources) -> Retriever:
        """The same retriever, with these sources beside the documents."""
        parts = (self._catalog, self._vectors, self._keywords, self._embedder, self._analyse)
        return Retriever(*parts, self._reranker, more, self._superseded)

    def search(
        self, question: str, person: Person, limit: int = 8, errand: Errand | None = None
    ) -> Retrieval:
        """At most `limit` passages that this person may read, best first.

        Behind them stand the sources of those among them that are people's answers.

        `errand` is what the question is searched for, where that is more than the person's own.
        Raises what the gateway raises where the embedding model is behind it.
        """
        errand = errand or Errand(person.department, person.id)
        groups = self._catalog.readable_groups(person)
        if not groups or limit < 1:
            return Retrieval((), 0.0)
        vector = on_behalf(self._embedder, errand).embed_query(question)
        asked = _Question(groups, vector, self._analyse(question), identifiers(question))
        candidates = self._candidates(asked, limit) + self._answers(asked, person)
        if not candidates:
            return Retrieval((), 0.0)
        ranked = self._ranked(asked, candidates)
        best_cosine = max(passage.cosine for passage in ranked)
        if self._reranker is not None:
            ranked = self._reranker.on_behalf(errand).rerank(question, ranked)
        first = ranked[:limit]
        if self._superseded is not None:
            first = self._superseded.without(ranked, asked.terms, limit)
        return Retrieval((*first, *_behind(first, ranked)), best_cosine)

    def _answers(self, asked: _Question, person: Person) -> list[_Candidate]:
        if self._more is None:
            return []
        statistics = self._keywords.statistics(asked.groups, frozenset(asked.terms))
        found = self._more.candidates(person, Query(asked.vector, asked.terms, statistics))
        return [_Candidate(passage.chunk, passage.bm25, passage.cosine) for passage in found]

    def _candidates(self, asked: _Question, limit: int) -> list[_Candidate]:
        """The union of what both indexes propose, deeper when too much of it is not current."""
        depth = max(DEPTH, limit)
        while True:
            cosines = dict(self._vectors.query(asked.groups, asked.vector, depth))
            keyword_scores = dict(self._keywords.search(asked.groups, asked.terms, depth))
            found = self._catalog.chunks(sorted(cosines.keys() | keyword_scores.keys()))
            chunks = [chunk for chunk in found.values() if chunk.readers in asked.groups]
            exhausted = len(cosines) < depth and len(keyword_scores) < depth
            if len(chunks) >= limit or exhausted:
                return self._completed(asked, chunks, cosines, keyword_scores)
            depth *= 4

    def _completed(
        self,
        asked: _Question,
        chunks: Sequence[Chunk],
        cosines: Mapping[int, float],
        keyword_scores: Mapping[int, float],
    ) -> list[_Candidate]:
        """Each chunk with both scores, those that only one index proposed asked for exactly.

        A missing score taken as zero would punish what the other index ranks just below its cut.
        """
        unseen = [chunk.id for chunk in chunks if chunk.id not in cosines]
        vectors = self._vectors.vectors(asked.groups, unseen) if unseen else {}
        cosines = {**cosines, **{i: float(vector @ asked.vector) for i, vector in vectors.items()}}
        unscored = [chunk.id for chunk in chunks if chunk.id not in keyword_scores]
        exact = self._keywords.scores(asked.groups, asked.terms, unscored)
        keyword_scores = {**keyword_scores, **dict(zip(unscored, exact, strict=True))}
        return [
            _Candidate(chunk, keyword_scores[chunk.id], cosines.get(chunk.id, 0.0))
            for chunk in sorted(chunks, key=lambda chunk: chunk.id)
        ]

    def _ranked(self, asked: _Question, candidates: Sequence[_Candidate]) -> list[Passage]:
        keyword = _scaled([candidate.bm25 for candidate in candidates])
        meaning = _scaled([candidate.cosine for candidate in candidates])
        own = (keyword + meaning) / 2
        document = _document_evidence([candidate.chunk.document_id for candidate in candidates], own)
        title = self._title_evidence(asked, [candidate.chunk.title for candidate in candidates])
        row = np.array([has_row_about(candidate.chunk.text, asked.codes) for candidate in candidates])
        scores = (own + document) / 2 + TITLE_WEIGHT * title + ROW_WEIGHT * row
        passages = [
            Passage(candidate.chunk, candidate.bm25, candidate.cosine, float(score))
            for candidate, score in zip(candidates, scores, strict=True)
        ]
        return sorted(passages, key=lambda passage: -passage.score)

    def _title_evidence(self, asked: _Question, titles: Sequence[str]) -> Scores:
        """How far each title says just what the question asks, in [0, 1].

        The Dice coefficient of both sets of terms, each term weighing as much as it is rare.
        """
        question = frozenset(asked.terms)
        terms = {title: frozenset(self._analyse(title)) for title in set(titles)}
        rarity = self._keywords.rarity(asked.groups, question.union(*terms.values()))

        def weight(of: Iterable[str]) -> float:
            return math.fsum(rarity[term] for term in of)

        found = {
            title: 2 * weight(question & words) / max(weight(question) + weight(words), 1e-9)
            for title, words in terms.items()
        }
        return np.array([found[title] for title in titles])


@dataclass(frozen=True, slots=True)
class _Candidate:
    chunk: Chunk
    bm25: float
    cosine: float


def _behind(first: Sequence[Passage], ranked: Sequence[Passage]) -> list[Passage]:
    """What the answers of people among the first rest on, where it is not among them itself."""
    shown = {passage.chunk.id for passage in first}
    known = {passage.chunk.id: passage for passage in ranked}
    sources = {
        source.id: source
        for passage in first
        if passage.chunk.verified
        for source in passage.chunk.verified.sources
        if source.id not in shown
    }
    # Not ranked above what was: they come last, and no score of theirs says otherwise.
    last = [known.get(i, Passage(source, 0.0, 0.0, first[-1].score)) for i, source in sources.items()]
    return [replace(passage, score=min(passage.score, first[-1].score)) for passage in last]


def _scaled(values: Sequence[float] | Scores) -> Scores:
    """Stretched to [0, 1]; all zero when the values are all the same."""
    array = np.asarray(values, dtype=np.float64)
    spread = array.max() - array.min()
    return (array - array.min()) / spread if spread > 0 else np.zeros(len(array))


def _document_evidence(documents: Sequence[int], scores: Scores) -> Scores:
    """For each candidate what its whole document shows, in [0, 1].

    A document that the question is about has several good passages: the best counts in full, the
    second half, the third a third.
    """
    totals: dict[int, float] = {}
    seen: dict[int, int] = {}
    for index in np.argsort(-scores, kind="stable"):
        document = documents[index]
        seen[document] = seen.get(document, 0) + 1
        totals[document] = totals.get(document, 0.0) + scores[index] / seen[document]
    return _scaled([totals[document] for document in documents])
