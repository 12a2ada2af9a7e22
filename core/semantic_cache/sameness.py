"""Whether two questions are the same, beyond the likeness of their embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core.semantic_cache.poles import opposed
from core.semantic_cache.wording import Wording, names_agree, shared_names


class Signs(NamedTuple):
    """What speaks for and against: each in [0, 1], `nearness` in [-1, 1].

    `nearness` is the cosine in the geometry of the cache; `apart` the share of content words that only one
    has; `one_exchanged` is 1 when each has just one of these, the mark of a question about something else
    in the same words; `in_place` when two of them stand beside the same word. `anchors` counts, up to two,
    facts and names that both have.
    """

    nearness: float
    apart: float
    one_exchanged: float
    in_place: float
    anchors: float


WEIGHTS = Signs(nearness=1.0, apart=-0.10, one_exchanged=-0.10, in_place=-0.10, anchors=0.20)
"""Few and round: chosen on one half of the intents and templates, measured on the other by `cache`."""

_WEAK_FACTS = ("not", "each")


def compatible(one: Wording, other: Wording) -> bool:
    """Whether facts are equal, names agree and nothing is the opposite."""
    return (
        one.facts == other.facts
        and not opposed(set(one.poles), set(other.poles))
        and _bounds(one) == _bounds(other)
        and names_agree(one, other)
    )


def signs(one: Wording, other: Wording, nearness: float) -> Signs:
    """All signs but those that `compatible` has checked."""
    mine, theirs = set(one.content), set(other.content)
    mine, theirs, both = mine - theirs, theirs - mine, mine & theirs
    total = len(mine) + len(theirs) + 2 * len(both)
    strong = sum(not fact.startswith(_WEAK_FACTS) for fact in one.facts) + len(shared_names(one, other))
    return Signs(
        nearness=nearness,
        apart=(len(mine) + len(theirs)) / max(1, total),
        one_exchanged=float(len(mine) == len(theirs) == 1),
        in_place=float(_in_place(one.content, mine, other.content, theirs)),
        anchors=min(2, strong) / 2,
    )


def score(found: Signs) -> float:
    """One number to compare with a notch of the dial."""
    return float(sum(w * s for w, s in zip(WEIGHTS, found, strict=True)))


def at_most(nearness: float) -> float:
    """What `score` cannot exceed, from the nearness alone."""
    return WEIGHTS.nearness * nearness + sum(max(0.0, weight) for weight in WEIGHTS[1:])


def _bounds(wording: Wording) -> frozenset[str]:
    """On which side of a number: `less than 3 weeks` is not `3 weeks`."""
    if not any(fact.startswith("number") for fact in wording.facts):
        return frozenset()
    return frozenset(pole for pole in wording.poles if pole[:-1] in ("above", "maximum"))


def _in_place(one: Sequence[str], mine: set[str], other: Sequence[str], theirs: set[str]) -> bool:
    """Whether a word of one stands where the other has another: beside a shared word or between ends."""
    there = [_beside(other, word) for word in theirs]
    for here in (_beside(one, word) for word in mine):
        for shared in (here & neighbours for neighbours in there):
            if len(shared) == 2 or any(word not in ("^", "$") for _, word in shared):
                return True
    return False


def _beside(words: Sequence[str], word: str) -> set[tuple[str, str]]:
    found = set()
    for index, each in enumerate(words):
        if each == word:
            found.add(("before", words[index - 1] if index else "^"))
            found.add(("after", words[index + 1] if index + 1 < len(words) else "$"))
    return found
