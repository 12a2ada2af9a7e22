"""The second look: what the new question retrieves must be what the stored answer cites and says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from core.semantic_cache.entries import Entry
from core.types import Passage

TOP = 4
"""The best source of an answer must be this high in what the new question retrieves."""
SHARED = 0.6
"""So large a share of the words of a sentence is in an answer that says the same, or the other way round."""
_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_MARKER = re.compile(r"\[[\d\s,;]+\]")


def confirmed(entry: Entry, passages: Sequence[Passage]) -> bool:
    """Whether every cited chunk is among the passages, one of them near the top, and none is outranked.

    A passage of another document above all cited ones, or a cited chunk that this question does not
    retrieve, says that the two questions are not answered from the same place. A reviewer's answer may
    rest on documents that it does not cite: these need not be retrieved.
    """
    cited = {citation.chunk_id for citation in entry.answer.citations}
    ranks = [rank for rank, passage in enumerate(passages) if passage.chunk.id in cited]
    if not cited or len(ranks) < len(cited) or ranks[0] >= TOP:
        return False
    documents = {citation.document_id for citation in entry.answer.citations}
    return ranks[0] == 0 or passages[0].chunk.document_id in documents


def says_one_of(answer: str, sentences: Iterable[str]) -> bool:
    """Whether the answer says one of these sentences of its sources, those that answer the question best.

    A source says many things: that two questions lead to the same one does not make them the same.
    """
    said = _words(_MARKER.sub(" ", answer))
    return any(_shared(said, _words(sentence)) >= SHARED for sentence in sentences)


def _shared(said: frozenset[str], sentence: frozenset[str]) -> float:
    return len(said & sentence) / max(1, min(len(said), len(sentence)))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))
