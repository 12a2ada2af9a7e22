"""What the cache says to a question: an answer that may be given again, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from core.semantic_cache.dial import DEFAULT, DIAL, SECOND_LOOK
from core.semantic_cache.entries import Entry

How = Literal["exact", "meaning"]


@dataclass(frozen=True, slots=True)
class CacheRules:
    """`threshold` is a notch of the dial; `ttl` of unverified answers, `shadow_rate` in [0, 1].

    The dial is for questions alone. What is found by meaning must be borne out by what the question
    retrieves before it is served: so `second_look` less is enough.
    `entries` are kept at most; an embedding may take `embed_wait_s`, a twin question `flight_wait_s`;
    a process that answers one is waited for no longer than `lease_s`, in case it died.
    `doubt` is the width of the band below the threshold in which a fresh answer is compared with the stored.
    """

    threshold: float = DIAL[DEFAULT].threshold
    second_look: float = SECOND_LOOK
    doubt: float = 0.15
    ttl: timedelta = timedelta(days=30)
    entries: int = 100_000
    shadow_rate: float = 0.01
    embed_wait_s: float = 2.0
    flight_wait_s: float = 30.0
    lease_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that may be given again to `question`: `at_once`, or after `confirm`.

    `change` is the change of the index that it was checked against.
    """

    question: str
    entry: Entry
    how: How
    score: float
    change: int

    def at_once(self, department: str) -> bool:
        """Whether somebody of this department needs no second look.

        The words are the very same, and so are the documents that they were answered from: another
        department may have one of its own that answers them better. A verified answer holds for all.
        """
        return self.how == "exact" and (self.entry.verified or self.entry.department == department)

    def rejected(self) -> Miss:
        """The miss that this is when the second look does not bear it out."""
        return Miss("other evidence", self.change, self)


@dataclass(frozen=True, slots=True)
class Miss:
    """Why nothing can be given again; also what `remember` needs to know of the moment of asking.

    `change` is the newest change of the index then, None when nobody could tell. `near` is a stored answer
    that might have been the right one: when the fresh answer is the same, the words become its alias.
    """

    reason: str
    change: int | None
    near: Candidate | None = None
