"""Where the cache's dial stands: an administrator's choice that holds in every process, else the setting."""

from __future__ import annotations

import threading
from collections.abc import Callable

from core.adjustments import Adjustments
from core.errors import BadInput
from core.semantic_cache.dial import DEFAULT, DIAL
from core.types import Person

ADJUSTMENT = "cache notch"


class CacheDial:
    """Reads the notch, at most every `keep_s` seconds of `timer`; safe for many threads.

    `default` holds until an administrator chooses another notch of the dial.
    """

    def __init__(
        self,
        adjustments: Adjustments,
        timer: Callable[[], float],
        default: str = DEFAULT,
        keep_s: float = 10.0,
    ) -> None:
        self._adjustments = adjustments
        self._timer = timer
        self._default = default
        self._keep_s = keep_s
        self._lock = threading.Lock()
        self._known: tuple[float, str] | None = None

    def notch(self) -> str:
        """The name of the notch in force."""
        with self._lock:
            now = self._timer()
            if self._known is None or now - self._known[0] >= self._keep_s:
                self._known = now, self._read()
            return self._known[1]

    def threshold(self) -> float:
        """From how much sameness on, in [0, 1], an answer is given again."""
        return DIAL[self.notch()].threshold

    def turn(self, actor: Person, notch: str) -> None:
        """Choose another notch; NotAllowed for all but administrators, BadInput for what is none."""
        if notch not in DIAL:
            raise BadInput(f"The dial has no notch named {notch}. It has {', '.join(DIAL)}.")
        self._adjustments.put(actor, ADJUSTMENT, notch)
        with self._lock:
            self._known = None

    def _read(self) -> str:
        adjusted = self._adjustments.get(ADJUSTMENT)
        # A notch that this version of the dial has no more is not in force.
        return adjusted.value if adjusted is not None and adjusted.value in DIAL else self._default
