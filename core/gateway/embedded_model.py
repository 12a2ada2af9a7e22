"""The model that needs no key and no network: it answers in sentences of the passages, word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from core.gateway.fence import NOT_FOUND, FencedPassage, unfence
from core.table_rows import begins_as_row

WITHOUT_PASSAGES = (
    "I am the embedded model: I answer questions by quoting the passages that come with them, "
    "and this request came without any."
)
ANSWERS_FROM = 0.35
"""The probability from which on a sentence is given as an answer."""
JOINS_FROM = 0.5
"""The share of the best sentence's probability from which on another one stands beside it."""
MOST_SENTENCES = 3
MOST_CHARS = 800

_LEANING = re.compile(
    r"(?:it|its|this|that|these|those|they|their|them|he|she|his|her|such|both|however|but|also|then|"
    r"there(?! (?:is|are|was|were))|otherwise|instead|in addition|for example|as a result)\b"
    r"|[^.;:,]{1,60} (?:is|are|was|were|must|may|can|will) (?:also|then)\b",
    re.IGNORECASE,
)
_ENDS = (".", "!", "?", "”", '"', ")")
_QUOTE_MARK = re.compile(r"(?<=\s)(?:>\s?)+(?=[^\s\d=])")
_MARKER = re.compile(r"\s*\[\d{1,3}(?:\s*[,;]\s*\d{1,3})*\]")


class Sentence(Protocol):
    """A sentence of the passage at an index, where it stands, and the probability that it answers."""

    @property
    def passage(self) -> int:
        """The index of its passage."""
        ...

    @property
    def start(self) -> int:
        """Where it starts, in characters of the passage."""
        ...

    @property
    def text(self) -> str:
        """Its words."""
        ...

    @property
    def score(self) -> float:
        """In [0, 1]."""
        ...


AnySentence = TypeVar("AnySentence", bound=Sentence)


class Ranker(Protocol):
    """Ranks the sentences of passages."""

    def rank(self, question: str, texts: Sequence[str], heads: Sequence[str] = ()) -> Sequence[Sentence]:
        """The sentences, best first."""
        ...


class EmbeddedModel:
    """Extractive answers. The thresholds are described above; any number of threads may ask."""

    def __init__(
        self, ranker: Ranker, answers_from: float = ANSWERS_FROM, joins_from: float = JOINS_FROM
    ) -> None:
        self._ranker = ranker
        self._answers_from = answers_from
        self._joins_from = joins_from

    def answer(self, prompt: str) -> Iterator[str]:
        """One to three sentences, each with its citation `[n]`; or NOT_FOUND.

        A prompt that `fence` did not write is answered with what this model is for.
        """
        asked = unfence(prompt)
        if asked is None:
            yield WITHOUT_PASSAGES
            return
        passages, question = asked
        chosen = self._chosen(question, passages)
        if not chosen:
            yield NOT_FOUND
        before = None
        for sentence in chosen:
            space = "" if before is None else _between(before.text, sentence.text)
            yield space + _quoted(sentence.text, passages[sentence.passage].number)
            before = sentence

    def _chosen(self, question: str, passages: Sequence[FencedPassage]) -> list[Sentence]:
        """The sentences to quote; none where too little speaks for the best."""
        ranked = self._ranker.rank(question, [p.text for p in passages], [_head(p) for p in passages])
        if not ranked or ranked[0].score < self._answers_from:
            return []
        return quoted_of(ranked, self._joins_from)


def quoted_of(ranked: Sequence[AnySentence], joins_from: float = JOINS_FROM) -> list[AnySentence]:
    """Which of at least one ranked sentences are quoted, the best passage first.

    Sentences stand in reading order, table rows, which do not lean on each other, in that of their rank.
    """
    chosen = [ranked[0]]
    while leant_on := _before(chosen[-1], ranked):
        if not _add(chosen, [leant_on]):
            break
    _add(chosen, [s for s in ranked[1:] if s.score >= joins_from * ranked[0].score])
    order = list(dict.fromkeys(sentence.passage for sentence in chosen))
    ranks = {(sentence.passage, sentence.start): rank for rank, sentence in enumerate(ranked)}
    in_rank = begins_as_row(ranked[0].text)

    def place(sentence: AnySentence) -> tuple[int, int]:
        where = (sentence.passage, sentence.start)
        return order.index(sentence.passage), ranks[where] if in_rank else sentence.start

    return sorted(chosen, key=place)


def _add(chosen: list[AnySentence], candidates: Sequence[AnySentence]) -> bool:
    """Add those that are new and for which there is room; whether there was any."""
    before = len(chosen)
    for candidate in candidates:
        if len(chosen) >= MOST_SENTENCES:
            break
        known = {_folded(sentence.text) for sentence in chosen}
        length = sum(len(sentence.text) for sentence in chosen) + len(candidate.text)
        if _folded(candidate.text) not in known and length <= MOST_CHARS:
            chosen.append(candidate)
    return len(chosen) > before


def _before(sentence: AnySentence, ranked: Sequence[AnySentence]) -> AnySentence | None:
    """The sentence that a leaning one leans on."""
    if not _LEANING.match(sentence.text):
        return None
    earlier = [s for s in ranked if s.passage == sentence.passage and s.start < sentence.start]
    return max(earlier, key=lambda s: s.start, default=None)


def _quoted(text: str, number: int) -> str:
    # A bracketed number of the document itself would be taken for a citation.
    return f"{_QUOTE_MARK.sub('', _MARKER.sub('', text))} [{number}]"


def _between(before: str, after: str) -> str:
    """A table row stands in a paragraph of its own, and so does what has no full stop."""
    prose = before.endswith(_ENDS) and not begins_as_row(before) and not begins_as_row(after)
    return " " if prose else "\n\n"


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _head(passage: FencedPassage) -> str:
    return "\n".join(filter(None, [passage.title, passage.section]))
