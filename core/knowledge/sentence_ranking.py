"""Which sentences of a few passages answer a question.

A passage is read once, headings included, and its word pieces are kept in context. A sentence is then
scored by late interaction (Khattab and Zaharia: ColBERT, 2020), each word piece of the question looking
for its nearest in the sentence, whose pieces were embedded with the whole passage in view (Günther et al.:
Late Chunking, 2024), and by what the words of the question demand (`likeness.py`).
"""

from __future__ import annotations

import math
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.knowledge.embedding import Embedder, TokenEmbedder
from core.knowledge.likeness import Likeness, Wording, probability
from core.knowledge.sentences import sentence_spans
from core.knowledge.token_codes import TokenMemory, decoded
from core.table_rows import passed_over, table_row

Vectors = NDArray[np.float32]
Signs = NDArray[np.uint8]
Span = tuple[int, int]
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_MARK = re.compile(r"(?:[-*•‣◦–>]{1,3}|\(?\d{1,3}[.)]|#{1,6})\s+")
_HEADING_WORDS = 10
_SPECIAL_TOKENS = 2
_SIGN_COSINE = math.sqrt(math.pi / 2)
"""By how much the cosine with the signs of a vector falls short of that with the vector, on average."""


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """A sentence of the passage at index `passage`, from `start` to `end` of its text.

    `score` is the probability that it answers, in [0, 1]; `near` are, for each word piece of the question,
    the cosine of the sentence's piece nearest to it.
    """

    passage: int
    start: int
    end: int
    text: str
    likeness: Likeness
    score: float
    near: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence that can be quoted, as it was read in its passage.

    Of its pieces only the signs are kept, uint8[tokens, dim / 8], one bit a number: a thirty-second of the
    memory, and answerable and unanswerable questions are told apart as well as by the whole vectors.
    """

    span: Span
    signs: Signs
    terms: frozenset[str]

    def near(self, asked: Vectors) -> Vectors:
        """For each of the question's pieces, float32[tokens, dim], the nearest piece's cosine."""
        dim = asked.shape[1]
        signs = np.unpackbits(self.signs, axis=1, count=dim).astype(np.float32) * 2 - 1
        nearest: Vectors = (signs @ asked.T).max(axis=0) * np.float32(_SIGN_COSINE / math.sqrt(dim))
        return nearest


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question: its pieces, float32[tokens, dim], the weight of each term, and its demands."""

    pieces: Vectors
    weights: Mapping[str, float]
    wording: Wording

    def score(self, number: int, text: str, sentence: _Sentence) -> ScoredSentence:
        """How well a sentence of the passage at index `number` answers."""
        start, end = sentence.span
        held = sum(weight for term, weight in self.weights.items() if term in sentence.terms)
        overlap = held / max(sum(self.weights.values()), 1e-12)
        near = sentence.near(self.pieces)
        likeness = self.wording.likeness(float(near.mean()), overlap, text[start:end], number)
        score = probability(likeness)
        return ScoredSentence(number, start, end, text[start:end], likeness, score, tuple(near.tolist()))

    def without_other_rows(
        self, scored: Sequence[ScoredSentence], analyse: Callable[[str], Sequence[str]]
    ) -> list[ScoredSentence]:
        """The same, table rows scored as rivals where the question names another row of their table."""
        rows = [(table_row(each.text), each.likeness.overlap) for each in scored]
        passed = passed_over(frozenset(self.weights), rows, analyse)
        return [_as_rival(each) if over else each for each, over in zip(scored, passed, strict=True)]


def _as_rival(sentence: ScoredSentence) -> ScoredSentence:
    likeness = replace(sentence.likeness, rival=1.0)
    return replace(sentence, likeness=likeness, score=probability(likeness))


class _Recent(Generic[K, V]):
    """The `limit` values that were put in or asked for last."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value of a key, None when it is not known or not known any more."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value, and forget the oldest ones that are too many."""
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._limit:
                self._values.popitem(last=False)


class SentenceRanker:
    """Ranks the sentences of passages, for any number of threads.

    A passage whose token codes are in `memory` need not be embedded. An embedder without word pieces
    is asked for the sentences one by one, which is slower and less exact. The last `rankings` rankings
    and the last `passages` passages that were read are kept, the latter in some 15 kB each: reading a
    passage takes tens of milliseconds, ranking its sentences one.
    """

    def __init__(
        self,
        embedder: Embedder,
        analyse: Callable[[str], Sequence[str]],
        memory: TokenMemory | None = None,
        rankings: int = 16,
        passages: int = 4_000,
    ) -> None:
        self._embedder = embedder
        self._analyse = analyse
        self._memory = memory or TokenMemory(0)
        self._rankings: _Recent[tuple[str, ...], list[ScoredSentence]] = _Recent(rankings)
        self._passages: _Recent[tuple[str, str], list[_Sentence]] = _Recent(passages)

    def rank(self, question: str, texts: Sequence[str], heads: Sequence[str] = ()) -> list[ScoredSentence]:
        """The sentences of these passages, best first; headings are not among them.

        `heads` are the title and headings above each text, if they are known.
        """
        heads = heads or [""] * len(texts)
        key = (question, *texts, *heads)
        ranked = self._rankings.get(key)
        if ranked is None:
            ranked = self._ranked(question, texts, heads)
            self._rankings.put(key, ranked)
        return list(ranked)

    def _ranked(self, question: str, texts: Sequence[str], heads: Sequence[str]) -> list[ScoredSentence]:
        dim = len(self._embedder.embed_query(question))
        passages = self._read(texts, heads, dim)
        asked = self._asked(question, [*texts, *heads], [s.terms for inner in passages for s in inner])
        scored = [
            asked.score(number, text, sentence)
            for number, (text, sentences) in enumerate(zip(texts, passages, strict=True))
            for sentence in sentences
        ]
        return sorted(asked.without_other_rows(scored, self._analyse), key=lambda each: -each.score)

    def _asked(self, question: str, texts: Sequence[str], sentences: Sequence[frozenset[str]]) -> _Asked:
        if isinstance(self._embedder, TokenEmbedder):
            pieces = self._embedder.embed_tokens([question])[0]
        else:
            pieces = self._embedder.embed_query(question)[None, :]
        length = self._embedder.count_tokens([question])[0] - _SPECIAL_TOKENS
        known = frozenset[str]().union(*sentences)
        wording = Wording(question, length, texts, known, self._analyse)
        return _Asked(pieces, _rarity(frozenset(self._analyse(question)), sentences), wording)

    def _read(self, texts: Sequence[str], heads: Sequence[str], dim: int) -> list[list[_Sentence]]:
        """The sentences of each passage; only those passages are embedded that are not known yet."""
        keys = list(zip(heads, texts, strict=True))
        known = {key: self._passages.get(key) for key in keys}
        missing = [key for key, sentences in known.items() if sentences is None]
        for key, sentences in zip(missing, self._embedded(missing, dim), strict=True):
            self._passages.put(key, sentences)
            known[key] = sentences
        return [known[key] or [] for key in keys]

    def _embedded(self, keys: Sequence[tuple[str, str]], dim: int) -> list[list[_Sentence]]:
        spans = [sentence_spans(text) for _, text in keys]
        if isinstance(self._embedder, TokenEmbedder):
            signs = self._in_context(self._embedder, keys, spans, dim)
        else:
            signs = self._alone(keys, spans)
        return [
            [
                _Sentence(span, pieces, frozenset(self._analyse(f"{head}\n{text[span[0] : span[1]]}")))
                for span, pieces in zip(quotable(text, head, inner), found, strict=False)
                if span is not None
            ]
            for (head, text), inner, found in zip(keys, spans, signs, strict=True)
        ]

    def _alone(self, keys: Sequence[tuple[str, str]], spans: Sequence[Sequence[Span]]) -> list[list[Signs]]:
        """The vectors of every sentence, embedded one by one."""
        sentences = [text[a:b] for (_, text), inner in zip(keys, spans, strict=True) for a, b in inner]
        vectors = iter(self._embedder.embed_texts(sentences))
        return [[_signs(next(vectors)[None, :]) for _ in inner] for inner in spans]

    def _in_context(
        self,
        embedder: TokenEmbedder,
        keys: Sequence[tuple[str, str]],
        spans: Sequence[Sequence[Span]],
        dim: int,
    ) -> list[list[Signs]]:
        """The vectors of every sentence that is within the embedder's window, passages read whole."""
        read = [self._tokens(embedder, head, text, dim) for head, text in keys]
        parts = [
            [head, *(text[a:b] for a, b in inner)]
            for (head, _), (_, text), inner in zip(read, keys, spans, strict=True)
        ]
        counts = iter(self._embedder.count_tokens([part for passage in parts for part in passage]))
        return [
            list(self._cut(tokens, [next(counts) - _SPECIAL_TOKENS for _ in passage]))
            for (_, tokens), passage in zip(read, parts, strict=True)
        ]

    def _tokens(self, embedder: TokenEmbedder, head: str, text: str, dim: int) -> tuple[str, Vectors]:
        """What was read above the text, and the pieces of both, float32[tokens, dim]."""
        known = self._memory.of_text(text)
        if known is not None:
            head, codes = known
            return head, decoded(codes, dim)
        # One by one: on one thread a batch only adds the padding of the shorter passages.
        return head, embedder.embed_tokens([f"{head}\n{text}" if head else text])[0]

    def _cut(self, tokens: Vectors, sizes: Sequence[int]) -> Iterator[Signs]:
        """The pieces of each sentence; the first of the sizes is that of the head."""
        ends = list(accumulate(sizes))
        # A tokenizer that joins pieces across the cuts gives a few less or more than their sum.
        stretch = len(tokens) / max(1, min(ends[-1], self._embedder.max_tokens - _SPECIAL_TOKENS))
        for start, end in pairwise(ends):
            inner = tokens[round(start * stretch) : round(end * stretch)]
            if len(inner):
                yield _signs(inner)
            elif start * stretch >= len(tokens):
                return
            else:
                yield _signs(tokens[-1:])


def _signs(pieces: Vectors) -> Signs:
    return np.packbits(pieces > 0, axis=1)


def quotable(text: str, head: str, spans: Sequence[Span]) -> list[Span | None]:
    """The span of each sentence that can be quoted, without its list mark; None for headings and lead-ins."""
    names = {_folded(line) for line in re.split(r"\n| > ", head)}
    return [_quotable(text, names, *span) for span in spans]


def _quotable(text: str, names: set[str], start: int, end: int) -> Span | None:
    mark = _MARK.match(text, start, end)
    begin = mark.end() if mark else start
    body = text[begin:end]
    if body.endswith(":") or _folded(body) in names or _folded(text[start:end]) in names:
        return None
    bullet = mark is not None and not any(c.isdigit() or c == "#" for c in mark[0])
    return None if not bullet and _is_heading(body) else (begin, end)


def _is_heading(body: str) -> bool:
    """A few words without a full stop, a number or a cell: a heading, a greeting, a name below a mail."""
    short = len(body.split()) <= _HEADING_WORDS
    return short and body[-1:].isalnum() and ": " not in body and not any(c.isdigit() for c in body)


def _rarity(terms: frozenset[str], sentences: Sequence[frozenset[str]]) -> dict[str, float]:
    """How rare each term is among the sentences at hand, 1 where every sentence holds it."""
    total = len(sentences) + 1
    return {term: 1 + math.log(total / (1 + sum(term in s for s in sentences))) for term in terms}


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
