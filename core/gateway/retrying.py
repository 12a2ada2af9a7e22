"""How often and how fast the same deployment is tried again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import FailureKind

_WORTH_A_RETRY = {FailureKind.RATE_LIMITED, FailureKind.UNAVAILABLE, FailureKind.PROTOCOL}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Limits on the attempts of one request.

    `retries` are made at a deployment that has others behind it, `last_retries` at one that has
    none. No retry is made once `tries_in_window` attempts fell within `window_s`, or `most_tries`
    in all. A wait is at most `longest_wait_s`, and no attempt begins after `deadline_s`.
    """

    retries: int = 1
    last_retries: int = 2
    tries_in_window: int = 4
    window_s: float = 3.0
    most_tries: int = 6
    base_s: float = 0.25
    cap_s: float = 2.0
    longest_wait_s: float = 5.0
    deadline_s: float = 90.0

    def allows(self, kind: FailureKind, done_here: int, tries_at: Sequence[float], now: float) -> bool:
        """Whether a deployment that already failed `done_here` times may be tried once more.

        `tries_at` holds the times of the request's attempts, on the same clock as `now`, in seconds.
        """
        recent = [at for at in tries_at if at > now - self.window_s]
        return (
            kind in _WORTH_A_RETRY
            and done_here <= self.last_retries
            and len(recent) < self.tries_in_window
            and len(tries_at) < self.most_tries
        )

    def wait_s(self, done_here: int, retry_after_s: float | None, rng: random.Random) -> float:
        """Seconds until the next try: exponential with jitter, never less than was asked for."""
        backoff = min(self.cap_s, self.base_s * 2.0 ** (done_here - 1))
        jittered: float = backoff * (0.5 + rng.random() / 2)
        return jittered if retry_after_s is None else retry_after_s + jittered
