"""In which turn the deployments of one model are tried: order first, then weight and load."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar


class Balanced(Protocol):
    """What the turn depends on."""

    @property
    def order(self) -> int:
        """The lower one goes first."""
        ...

    @property
    def weight(self) -> float:
        """The share of traffic among those of the same order; 0 goes last."""
        ...

    @property
    def in_flight(self) -> int:
        """How many answers are being written there at this moment."""
        ...


Candidate = TypeVar("Candidate", bound=Balanced)


def in_turn(candidates: Sequence[Candidate], rng: random.Random) -> list[Candidate]:
    """All of them, the one to try first in front.

    Among equals of order each is drawn in proportion to `weight / (1 + in_flight)`: an idle pair
    shares traffic by weight, and a busy one is passed over for an idle one.
    """
    return sorted(candidates, key=lambda candidate: (candidate.order, -_draw(candidate, rng)))


def _draw(candidate: Balanced, rng: random.Random) -> float:
    # Efraimidis and Spirakis: sorting by u ** (1 / weight) draws without replacement by weight.
    if candidate.weight <= 0:
        return -1.0
    share: float = rng.random() ** ((1 + candidate.in_flight) / candidate.weight)
    return share
