"""How well passages are found: question sets and handbooks, against BM25, dense and RRF alone.

All four rank the same chunks with the same indexed texts, through the parts that the app uses (the
keyword index, Chroma, the embedder). Documents are ranked by their best chunk.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import UnreadableFile
from core.knowledge.chunking import Chunker
from core.knowledge.embedding import SentenceTransformerEmbedder, local_embedder
from core.knowledge.keyword_index import KeywordIndex
from core.knowledge.loading import load
from core.knowledge.reranking import LateInteractionReranker
from core.knowledge.retrieval import Retriever
from core.knowledge.terms import TermAnalyzer
from core.knowledge.vector_index import ChromaStore, VectorIndex
from core.types import Chunk, LoadedDocument, Person, Section

DEPTH = 50
RRF_K = 60
EVERYONE = "*"


@dataclass(frozen=True)
class Document:
    key: str
    readers: str
    loaded: LoadedDocument


@dataclass(frozen=True)
class Question:
    """`gold` and `left_out` are document keys; `readers` names the one group that is asked."""

    text: str
    gold: frozenset[str]
    left_out: frozenset[str]
    readers: str


@dataclass(frozen=True)
class QuestionSet:
    name: str
    documents: list[Document]
    questions: list[Question]


class MemoryCatalog:
    """The catalog's face over chunks in memory; a person reads the group of their department."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._chunks = {chunk.id: chunk for chunk in chunks}

    def readable_groups(self, person: Person) -> frozenset[str]:
        return frozenset({person.department})

    def chunks(self, ids: Collection[int]) -> dict[int, Chunk]:
        return {i: self._chunks[i] for i in ids if i in self._chunks}


def run(data: Path) -> dict[str, Any]:
    """The figures of every set in the folder, and the time of a question over all of them."""
    embedder = local_embedder("embedded", threads=2)
    figures: dict[str, Any] = {}
    times: list[float] = []
    for found in question_sets(data):
        with tempfile.TemporaryDirectory() as folder:
            figures[found.name] = Bench(found, embedder, Path(folder), times).figures()
        show(found.name, figures[found.name])
    p50, p95 = np.percentile(times, [50, 95]) * 1000 if times else (0.0, 0.0)
    print(f"time of a question: p50 {p50:.1f} ms, p95 {p95:.1f} ms", flush=True)
    return {"sets": figures, "p50_ms": round(float(p50), 2), "p95_ms": round(float(p95), 2)}


def show(name: str, figures: dict[str, dict[str, float]]) -> None:
    print(f"{name:28} {'recall@1':>9} {'hit@5':>7} {'MRR@10':>7}")
    for method, row in figures.items():
        print(
            f"  {method:26} {row['recall_at_1']:9.3f} {row['hit_at_5']:7.3f} {row['mrr_at_10']:7.3f}",
            flush=True,
        )


class Bench:
    """One set, indexed and asked."""

    def __init__(
        self, asked: QuestionSet, embedder: SentenceTransformerEmbedder, folder: Path, times: list[float]
    ) -> None:
        self._set = asked
        self._embedder = embedder
        self._times = times
        self._embed = lru_cache(maxsize=10_000)(embedder.embed_query)
        self._analyse = TermAnalyzer()
        self._keys = [document.key for document in asked.documents]
        self._chunks = list(self._split())
        self._keywords = KeywordIndex()
        self._store = ChromaStore(folder)
        self._vectors = VectorIndex(self._store, embedder.name)
        reranker = LateInteractionReranker(embedder)
        self._index(reranker)
        self._retriever = Retriever(
            MemoryCatalog(self._chunks), self._vectors, self._keywords, embedder, self._analyse, reranker
        )
        self._document_of = {chunk.id: chunk.document_id for chunk in self._chunks}

    def figures(self) -> dict[str, dict[str, float]]:
        """For each method its three figures."""
        methods = {"bm25": self._bm25, "dense": self._dense, "rrf": self._rrf, "ours": self._ours}
        try:
            return {name: self._measured(method) for name, method in methods.items()}
        finally:
            self._store.close()

    def _split(self) -> Iterator[Chunk]:
        chunker = Chunker(self._embedder.count_tokens, self._embedder.max_tokens)
        number = 0
        for position, document in enumerate(self._set.documents):
            for span in chunker.split(document.loaded):
                number += 1
                yield Chunk(
                    id=number,
                    document_id=position,
                    version_id=position,
                    title=document.loaded.title,
                    version=1,
                    readers=document.readers,
                    heading_path=span.heading_path,
                    page=span.page,
                    start=span.start,
                    end=span.end,
                    text=span.text,
                    indexed_text=span.indexed_text,
                )

    def _index(self, reranker: LateInteractionReranker) -> None:
        by_group: defaultdict[str, list[Chunk]] = defaultdict(list)
        for chunk in self._chunks:
            by_group[chunk.readers].append(chunk)
        for group, members in by_group.items():
            self._keywords.add(group, [(chunk.id, self._analyse(chunk.indexed_text)) for chunk in members])
            texts = [chunk.indexed_text for chunk in members]
            self._vectors.upsert(group, [chunk.id for chunk in members], self._embedder.embed_texts(texts))
        alike = sorted(self._chunks, key=lambda chunk: len(chunk.indexed_text))
        for start in range(0, len(alike), 8):
            reranker.prepare({chunk.id: chunk.indexed_text for chunk in alike[start : start + 8]})

    def _measured(self, method: Callable[[Question], Sequence[int]]) -> dict[str, float]:
        found = {question: self._rank(question, method) for question in dict.fromkeys(self._set.questions)}
        ranks = [found[question] for question in self._set.questions]
        return {
            "recall_at_1": round(float(np.mean([rank == 1 for rank in ranks])), 4),
            "hit_at_5": round(float(np.mean([rank <= 5 for rank in ranks])), 4),
            "mrr_at_10": round(float(np.mean([1 / rank if rank <= 10 else 0.0 for rank in ranks])), 4),
        }

    def _rank(self, question: Question, method: Callable[[Question], Sequence[int]]) -> float:
        documents = dict.fromkeys(self._keys[self._document_of[chunk_id]] for chunk_id in method(question))
        ranked = [key for key in documents if key not in question.left_out]
        return next((i for i, key in enumerate(ranked, start=1) if key in question.gold), float("inf"))

    def _bm25(self, question: Question) -> list[int]:
        found = self._keywords.search([question.readers], self._analyse(question.text), DEPTH)
        return [chunk_id for chunk_id, _ in found]

    def _dense(self, question: Question) -> list[int]:
        vector = self._embed(question.text)
        return [chunk_id for chunk_id, _ in self._vectors.query([question.readers], vector, DEPTH)]

    def _rrf(self, question: Question) -> list[int]:
        scores: defaultdict[int, float] = defaultdict(float)
        for ranking in (self._bm25(question), self._dense(question)):
            for rank, chunk_id in enumerate(ranking, start=1):
                scores[chunk_id] += 1 / (RRF_K + rank)
        return sorted(scores, key=lambda chunk_id: -scores[chunk_id])

    def _ours(self, question: Question) -> list[int]:
        person = Person(1, "bench@example.org", "Bench", question.readers, frozenset())
        before = time.perf_counter()
        found = self._retriever.search(question.text, person, limit=DEPTH)
        self._times.append(time.perf_counter() - before)
        return [passage.chunk.id for passage in found.passages]


def question_sets(data: Path) -> Iterator[QuestionSet]:
    """All sets that the folder holds, by what their files are called."""
    for folder in sorted(data.glob("qa_*")):
        passages, questions = (
            sorted(folder.glob("*passages*.jsonl")),
            sorted(folder.glob("*questions*.jsonl")),
        )
        if passages and questions:
            yield passage_set(folder.name, rows(passages), rows(questions))
    for folder in sorted(data.glob("handbook_*")):
        links = data / "handbook_linkqa" / f"{folder.name.removeprefix('handbook_')}.jsonl"
        if links.is_file():
            yield handbook_set(folder, rows([links]))


def passage_set(name: str, passages: list[dict[str, Any]], questions: list[dict[str, Any]]) -> QuestionSet:
    """Each passage is a document; where questions are asked of many titles, a title is a department."""
    titles = {row["id"]: str(row.get("title") or "") for row in passages}
    questions = [row for row in questions if row.get("passage_id") in titles]
    asked_of: defaultdict[str, set[str]] = defaultdict(set)
    for row in questions:
        asked_of[row["question"]].add(titles[row["passage_id"]])
    scoped = sum(len(asked_of[row["question"]]) > 1 for row in questions) > len(questions) / 2

    def readers(passage_id: str) -> str:
        return titles[passage_id] if scoped else EVERYONE

    gold: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in questions:
        gold[row["question"], readers(row["passage_id"])].add(row["passage_id"])
    return QuestionSet(
        name,
        [Document(row["id"], readers(row["id"]), passage_document(row)) for row in passages],
        [
            Question(
                row["question"],
                frozenset(gold[row["question"], group] if scoped else {row["passage_id"]}),
                frozenset(),
                group,
            )
            for row in questions
            for group in [readers(row["passage_id"])]
        ],
    )


def passage_document(row: dict[str, Any]) -> LoadedDocument:
    text = str(row["text"])
    title = str(row.get("title") or "").replace("_", " ")
    return LoadedDocument(title, text, (Section((), None, 0, len(text)),), None)


def handbook_set(folder: Path, links: list[dict[str, Any]]) -> QuestionSet:
    """Each file is a document, named by its path below `docs`."""
    root = folder / "docs" if (folder / "docs").is_dir() else folder
    documents = []
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        try:
            loaded = load(path.name, path.read_bytes())
        except UnreadableFile:
            continue
        documents.append(Document(path.relative_to(root).as_posix(), EVERYONE, loaded))
    questions = [
        Question(row["query"], keys(row["gold"]), keys(row.get("sources") or []), EVERYONE) for row in links
    ]
    return QuestionSet(folder.name, documents, questions)


def keys(value: str | Sequence[str]) -> frozenset[str]:
    return frozenset([value] if isinstance(value, str) else value)


def rows(paths: Sequence[Path]) -> list[dict[str, Any]]:
    lines = (line for path in paths for line in path.read_text("utf-8").splitlines())
    return [json.loads(line) for line in lines if line.strip()]
