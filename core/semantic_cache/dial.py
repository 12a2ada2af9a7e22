"""The dial: from how much sameness on an answer is given again, with what was measured at each notch.

Shares of requests in percent by `python -m tests.bench cache`, without the second look that retrieval
gives: hits and wrong ones in a stream of bank customers' questions, whose intents are coarser than answers,
and in one of employees' questions full of traps.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notch:
    """A setting of the dial and what it did, in percent of requests: (hits, wrong hits)."""

    threshold: float
    customers: tuple[float, float]
    employees: tuple[float, float]


DIAL = {
    "careful": Notch(0.80, (22.6, 0.45), (35.2, 0.0)),
    "strict": Notch(0.75, (28.6, 0.68), (39.9, 0.0)),
    "normal": Notch(0.70, (34.1, 0.84), (46.7, 0.0)),
    "wide": Notch(0.66, (38.4, 1.33), (49.8, 0.31)),
    "bold": Notch(0.60, (45.5, 2.60), (54.8, 0.31)),
}
SECOND_LOOK = 0.15
"""So much less sameness is enough where what the question retrieves must bear the answer out.

Measured over all pairs of wordings of the `replay` questions, 53 groups of which 1 to 3 wordings are the
same: at a notch itself 7 of 52 that could be served and no wrong one, 0.15 below it 17 and none, 0.20 below
it 23 and one. A logistic fitted to nearness, max-sim of the tokens and the other signs served no more on
held-out blocks at as few wrong ones.
"""
DEFAULT = "normal"
"""The most hits with at most 0.5 % wrong on traps and at most 1 % where groups are coarser than answers."""
