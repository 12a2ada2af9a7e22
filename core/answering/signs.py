"""What is known of an answer before it is written: the signs that its confidence is made from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from core.answering.confidence import Signs, log_odds
from core.gateway.embedded_model import Sentence, quoted_of
from core.knowledge.likeness import LATE_PASSAGES, names
from core.types import Chunk, Passage

Analyse = Callable[[str], Sequence[str]]


class RankedSentence(Sentence, Protocol):
    """A sentence that also tells how near the question comes to it."""

    @property
    def near(self) -> tuple[float, ...]:
        """For each word piece of the question, how near it comes, in [-1, 1]; empty where not known."""
        ...


def signs_of(
    question: str, passages: Sequence[Passage], ranked: Sequence[RankedSentence], analyse: Analyse
) -> Signs | None:
    """The signs of an answer from these passages; `ranked` are their sentences, best first.

    None where there is nothing to judge by. `analyse` gives the terms of a text.
    """
    if not passages or not ranked:
        return None
    best = ranked[0]
    source = passages[best.passage]
    document = source.chunk.document_id
    others = (s.score for s in ranked if passages[s.passage].chunk.document_id != document)
    by_words = max(passages, key=lambda passage: passage.bm25)
    by_meaning = max(passages, key=lambda passage: passage.cosine)
    held = [frozenset(analyse(_whole(passage.chunk))) for passage in passages]
    named = [term for name in names(question) for term in analyse(name)]
    quoted = quoted_of(ranked)
    return Signs(
        evidence=log_odds(best.score),
        rival=log_odds(max(others, default=0.0)),
        margin=_margin(passages),
        agreement=float(by_words.chunk.document_id == by_meaning.chunk.document_id),
        match=math.fsum(best.near) / max(1, len(best.near)),
        late=min(best.passage, LATE_PASSAGES) / LATE_PASSAGES,
        words_first=float(source.bm25 >= by_words.bm25),
        gain=_gain(frozenset(analyse(question)), passages, held, best.passage),
        names=float(bool(named)),
        unnamed=_share(term not in held[best.passage] for term in named),
        left_out=_left_out(ranked, quoted),
        unsaid=_unsaid(best.passage, ranked, quoted),
    )


def _whole(chunk: Chunk) -> str:
    return "\n".join((chunk.title, *chunk.heading_path, chunk.text))


def _margin(passages: Sequence[Passage]) -> float:
    first = passages[0]
    others = (p.score for p in passages if p.chunk.document_id != first.chunk.document_id)
    return first.score - max(others, default=0.0)


def _gain(
    asked: frozenset[str], passages: Sequence[Passage], held: Sequence[frozenset[str]], cited: int
) -> float:
    """What the cited passage holds of the question more than the best one of another document.

    Each term weighs as much as it is rare among the passages.
    """
    total = len(passages) + 1
    weight = {term: 1 + math.log(total / (1 + sum(term in terms for terms in held))) for term in asked}
    whole = math.fsum(weight.values()) or 1.0
    shares = [math.fsum(weight[term] for term in asked & terms) / whole for terms in held]
    document = passages[cited].chunk.document_id
    pairs = zip(passages, shares, strict=True)
    return shares[cited] - max(
        (share for passage, share in pairs if passage.chunk.document_id != document), default=0.0
    )


def _left_out(ranked: Sequence[RankedSentence], quoted: Sequence[RankedSentence]) -> float:
    """The probability of the best sentence that is not quoted, as a share of the best one's."""
    places = {(sentence.passage, sentence.start) for sentence in quoted}
    rest = (s.score for s in ranked if (s.passage, s.start) not in places)
    return max(rest, default=0.0) / max(ranked[0].score, 1e-12)


def _unsaid(cited: int, ranked: Sequence[RankedSentence], quoted: Sequence[RankedSentence]) -> float:
    """By how much the cited passage comes nearer to the question's pieces than what is quoted of it."""
    within = _nearest(sentence.near for sentence in ranked if sentence.passage == cited)
    said = _nearest(sentence.near for sentence in quoted)
    gaps = [max(0.0, near - own) for near, own in zip(within, said, strict=True)]
    return math.fsum(gaps) / max(1, len(gaps))


def _nearest(sentences: Iterable[tuple[float, ...]]) -> list[float]:
    return [max(piece) for piece in zip(*sentences, strict=True)]


def _share(hits: Iterable[bool]) -> float:
    values = list(hits)
    return sum(values) / max(1, len(values))
