"""A number that the passages hold, but in the row or sentence about something else."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from core.answering.checks.facts import Fact, FactKind
from core.answering.checks.sources import SourceSentence

MARGIN = 0.2
"""By how much, in shares of weighted words, another sentence must fit better than those with the number."""


def misplaced(
    terms: Sequence[str], found: Sequence[Fact], sentences: Sequence[SourceSentence]
) -> Iterator[Fact]:
    """The numbers and dates whose own source sentences fit the words less well than one without them.

    `terms` are the index terms of the sentence. Words count by their rarity among the source sentences,
    so that in a table the name of the row decides.
    """
    values = [fact for fact in found if fact.kind in (FactKind.NUMBER, FactKind.DATE)]
    if not values:
        return
    words = {term for term in terms if not any(char.isdigit() for char in term)}
    spread = Counter(term for sentence in sentences for term in sentence.terms & words)
    weights = {term: math.log(1 + len(sentences) / count) for term, count in spread.items()}
    total = sum(weights.values()) or 1.0
    fits = [sum(weights[term] for term in sentence.terms & words) / total for sentence in sentences]
    for fact in values:
        own = [
            fit + (0.0 if is_row(sentences[place].text) else _neighbour(fits, place))
            for place, fit in enumerate(fits)
            if sentences[place].sheet.holds(fact)
        ]
        if own and max(fits) - max(own) > MARGIN:
            yield fact


def is_row(text: str) -> bool:
    """Whether this is a table row as loaders write it, which leans on no other."""
    return "; " in text and ": " in text


def _neighbour(fits: Sequence[float], place: int) -> float:
    """A sentence that leans on the one before it shares half of its fit."""
    return fits[place - 1] / 2 if place else 0.0
