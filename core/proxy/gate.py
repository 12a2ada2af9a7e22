"""Who may come in: the key of each request, remembered for a moment, and the key's own limits."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from limits import RateLimitItemPerMinute
from limits.strategies import RateLimiter, SlidingWindowCounterRateLimiter

from core.errors import KeyRefused, RateLimited
from core.keys import ApiKey, Keys, parts_of, require_valid

REMEMBERED_S = 2.0
"""How long another process may still admit a key that was revoked here."""
MOST_REMEMBERED = 2_000


class Gate:
    """Thread safe. `clock` gives the time in UTC, `timer` seconds that only grow.

    Tokens are remembered by their SHA-256 only, known and unknown ones alike, so that a flood of the
    same wrong key costs no look-up.
    """

    def __init__(
        self, keys: Keys, limiter: RateLimiter, clock: Callable[[], datetime], timer: Callable[[], float]
    ) -> None:
        self._keys = keys
        # Two numbers a limit, whatever it counts: a moving window would keep an entry for each token.
        self._limiter = SlidingWindowCounterRateLimiter(limiter.storage)
        self._clock = clock
        self._timer = timer
        self._lock = threading.Lock()
        self._seen: OrderedDict[bytes, tuple[float, ApiKey | KeyRefused]] = OrderedDict()

    def remembered(self, token: str) -> ApiKey | None:
        """The key, from memory alone; None where the database must be asked. Raises KeyRefused."""
        parts_of(token)
        with self._lock:
            found = self._seen.get(_digest(token))
        if found is None or self._timer() - found[0] > REMEMBERED_S:
            return None
        if isinstance(found[1], KeyRefused):
            raise KeyRefused(str(found[1]))
        require_valid(found[1], self._clock())
        return found[1]

    def check(self, token: str) -> ApiKey:
        """The key, from the database; raises KeyRefused."""
        try:
            found: ApiKey | KeyRefused = self._keys.check(token)
        except KeyRefused as exc:
            found = exc
        with self._lock:
            self._seen[_digest(token)] = (self._timer(), found)
            self._seen.move_to_end(_digest(token))
            while len(self._seen) > MOST_REMEMBERED:
                self._seen.popitem(last=False)
        if isinstance(found, KeyRefused):
            raise found
        return found

    def forget(self) -> None:
        """Ask the database again for every key: one was revoked."""
        with self._lock:
            self._seen.clear()

    def take(self, key: ApiKey, tokens: int) -> None:
        """Count one request of at most `tokens` tokens in the key's own limits; raises RateLimited."""
        if key.requests_per_min is not None:
            self._hit(key, "requests", key.requests_per_min, 1)
        if key.tokens_per_min is not None:
            self._hit(key, "tokens", key.tokens_per_min, tokens)

    def _hit(self, key: ApiKey, what: str, limit: int, needed: int) -> None:
        item = RateLimitItemPerMinute(limit)
        if needed > limit:
            raise RateLimited(
                f"This request may take {needed:,} {what}, more than the {limit:,} a minute of this key. "
                "Send a shorter one, or name a smaller max_tokens.",
                None,
                "key",
            )
        if not self._limiter.hit(item, "api-key", key.id, what, cost=needed):
            reset = self._limiter.get_window_stats(item, "api-key", key.id, what).reset_time
            wait_s = max(1, int(reset - self._clock().timestamp()) + 1)
            raise RateLimited(
                f"This key has reached its limit of {limit:,} {what} a minute.", min(wait_s, 60), "key"
            )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
