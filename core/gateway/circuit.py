"""A circuit breaker: a sick deployment is left alone for a while, then tried with one request."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from core.errors import FailureKind

_NOT_ITS_FAULT = {FailureKind.CONTEXT_WINDOW, FailureKind.CONTENT_POLICY, FailureKind.BAD_REQUEST}
_MOST_REMEMBERED = 50


class State(StrEnum):
    """Whether requests go there: always, never for now, one as a probe, or switched off by hand."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class CircuitLimits:
    """When a circuit opens, and for how long.

    It opens when more than `allowed_fails` attempts failed within `window_s` and they are at least
    half of all, at once for a wrong key, for a rate limit that says how long it lasts, and when the
    median time to the first token of the last attempts (at least `slow_samples`) is over `slow_s`.
    """

    allowed_fails: int = 2
    window_s: float = 60.0
    cooldown_s: float = 10.0
    auth_cooldown_s: float = 300.0
    longest_cooldown_s: float = 600.0
    slow_s: float = 5.0
    slow_samples: int = 5


class Circuit:
    """The state of one deployment, in this process; any number of threads may use it.

    `clock` gives seconds that only grow. Each `admit()` that says yes is followed by exactly one of
    `succeeded`, `failed` or `released`.
    """

    def __init__(self, limits: CircuitLimits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._open_until = 0.0
        self._reason = ""
        self._slow = False
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=_MOST_REMEMBERED)
        self._first_tokens_s: deque[float] = deque(maxlen=20)

    @property
    def state(self) -> State:
        """The state of now; an open circuit whose cooldown is over still counts as open."""
        return self._state

    @property
    def reason(self) -> str:
        """Why it is not closed, in a few words; empty when it is."""
        return self._reason

    @property
    def slow(self) -> bool:
        """Whether it is open only because answers were slow: better late than never."""
        return self._slow and self._state == State.OPEN

    def cooldown_left_s(self) -> float:
        """Seconds until the next probe is let through; 0 unless open."""
        return max(0.0, self._open_until - self._clock()) if self._state == State.OPEN else 0.0

    def looks_ready(self) -> bool:
        """Whether `admit` would say yes at this moment; takes no probe."""
        return self._state == State.CLOSED or (
            self._state == State.OPEN and (self._slow or self._clock() >= self._open_until)
        )

    def why_not(self) -> str:
        """Why no request goes there, for a person; empty when one may."""
        if self._state == State.OFF:
            return self._reason
        if self._state == State.OPEN:
            return f"left alone for {self.cooldown_left_s():.0f} s more ({self._reason})"
        return "is being tried by another request" if self._state == State.HALF_OPEN else ""

    def admit(self, *, even_if_slow: bool = False) -> bool:
        """Whether a request may go there now; when half open, only one at a time may."""
        with self._lock:
            if self._state == State.OPEN and self._clock() >= self._open_until:
                self._state = State.HALF_OPEN
                return True
            return self._state == State.CLOSED or (even_if_slow and self.slow)

    def succeeded(self, first_token_s: float) -> None:
        """A whole answer came, its first token after so many seconds."""
        with self._lock:
            if self._state == State.HALF_OPEN:
                self._after_probe(first_token_s)
            elif self._state == State.CLOSED:
                self._outcomes.append((self._clock(), True))
                self._first_tokens_s.append(first_token_s)
                self._open_if_slow()

    def failed(self, kind: FailureKind, retry_after_s: float | None = None) -> None:
        """An attempt failed; a refusal of this very request is a sign of health."""
        with self._lock:
            if kind in _NOT_ITS_FAULT:
                if self._state == State.HALF_OPEN:
                    self._close()
                return
            if self._state == State.OFF:
                return
            self._outcomes.append((self._clock(), False))
            if kind == FailureKind.AUTH:
                self._open(self._limits.auth_cooldown_s, kind)
            elif kind == FailureKind.RATE_LIMITED and retry_after_s is not None:
                self._open(min(retry_after_s, self._limits.longest_cooldown_s), kind)
            elif self._state == State.HALF_OPEN or (self._state == State.CLOSED and self._too_many()):
                self._open(self._cooldown_s(kind), kind)

    def released(self) -> None:
        """The attempt ended without telling anything: the next request may be the probe."""
        with self._lock:
            if self._state == State.HALF_OPEN:
                self._state = State.OPEN

    def switch_off(self, reason: str = "switched off by an administrator") -> None:
        """Send nothing there until it is switched on."""
        with self._lock:
            self._state, self._reason = State.OFF, reason

    def switch_on(self) -> None:
        """Close the circuit, whatever it knew."""
        with self._lock:
            self._close()

    def mend(self) -> None:
        """A test went well: close it, unless it is switched off."""
        with self._lock:
            if self._state != State.OFF:
                self._close()

    def _after_probe(self, first_token_s: float) -> None:
        if self._slow and first_token_s > self._limits.slow_s:
            self._open(self._limits.cooldown_s, "slow")
            self._slow = True
        else:
            self._close()

    def _close(self) -> None:
        self._state, self._reason, self._slow = State.CLOSED, "", False
        self._outcomes.clear()
        self._first_tokens_s.clear()

    def _open(self, cooldown_s: float, reason: str) -> None:
        self._state, self._reason, self._slow = State.OPEN, str(reason), False
        self._open_until = self._clock() + cooldown_s

    def _cooldown_s(self, kind: FailureKind) -> float:
        # The probe of a silent deployment makes somebody wait for the whole first-token limit.
        return self._limits.cooldown_s * (2 if kind == FailureKind.TIMEOUT else 1)

    def _too_many(self) -> bool:
        since = self._clock() - self._limits.window_s
        recent = [well for at, well in self._outcomes if at >= since]
        failed = recent.count(False)
        return failed > self._limits.allowed_fails and 2 * failed >= len(recent)

    def _open_if_slow(self) -> None:
        enough = len(self._first_tokens_s) >= self._limits.slow_samples
        if enough and median(self._first_tokens_s) > self._limits.slow_s:
            self._open(self._limits.cooldown_s, "slow")
            self._slow = True
