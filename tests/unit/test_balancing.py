"""In which turn deployments are tried."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from core.gateway.balancing import in_turn


@dataclass(frozen=True)
class Place:
    name: str
    order: int = 1
    weight: float = 1.0
    in_flight: int = 0


def firsts(*places: Place, draws: int = 4_000) -> dict[str, float]:
    rng = random.Random(1)
    counts = Counter(in_turn(places, rng)[0].name for _ in range(draws))
    return {name: count / draws for name, count in counts.items()}


def test_a_lower_order_always_goes_first() -> None:
    """Weight and load only tell apart those of the same order."""
    assert firsts(Place("first", 1, 1, in_flight=50), Place("second", 2, 100)) == {"first": 1.0}


def test_idle_ones_share_traffic_by_weight() -> None:
    """Three to one."""
    assert abs(firsts(Place("a", weight=3), Place("b"))["a"] - 0.75) < 0.03


def test_a_busy_one_is_passed_over() -> None:
    """With nine answers in flight it is a tenth as attractive."""
    assert abs(firsts(Place("busy", in_flight=9), Place("idle"))["idle"] - 10 / 11) < 0.03


def test_no_weight_is_the_last_resort() -> None:
    """It stays in the list, behind all others."""
    turn = in_turn([Place("none", weight=0), Place("a"), Place("b")], random.Random(2))
    assert [place.name for place in turn][-1] == "none"
    assert len(turn) == 3
