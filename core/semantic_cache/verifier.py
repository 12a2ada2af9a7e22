"""The second look: what the new question retrieves must be what the stored answer cites."""

from __future__ import annotations

from collections.abc import Sequence

from core.semantic_cache.entries import Entry
from core.types import Passage

TOP = 4
"""The best source of an answer must be this high in what the new question retrieves."""


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
