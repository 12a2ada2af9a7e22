"""One model call for those who ask the same at the same moment in different processes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.semantic_cache.leases import Leases

log = logging.getLogger(__name__)

POLL_S = 0.05


class Turns:
    """Questions that are being answered right now in any process.

    `timer` is monotonic, in seconds, `pause` waits for so many of them; `new_holder` gives a name that
    nobody else has. Faults never hold a question up: it is answered as if nobody else asked it.
    """

    def __init__(
        self,
        leases: Leases,
        wait_s: float,
        timer: Callable[[], float],
        pause: Callable[[float], None],
        new_holder: Callable[[], str],
    ) -> None:
        self._leases = leases
        self._wait_s = wait_s
        self._timer = timer
        self._pause = pause
        self._new_holder = new_holder

    @contextmanager
    def of(self, key: str) -> Iterator[bool]:
        """False for the first, which answers while the others wait, `wait_s` at most.

        True for those: they look into the cache again, and answer for themselves when it has nothing.
        """
        holder = self._new_holder()
        held, waited = self._begun(key, holder)
        try:
            yield waited
        finally:
            if held:
                self._give_back(key, holder)

    def _begun(self, key: str, holder: str) -> tuple[bool, bool]:
        waited = False
        try:
            if self._leases.take(key, holder):
                return True, False
            waited = True
            return self._awaited(key, holder), True
        except Exception:
            log.exception("whether somebody answers the same question cannot be told; it is answered")
            return False, waited

    def _awaited(self, key: str, holder: str) -> bool:
        """Wait until the other has finished; whether it died instead, and this one answers in its place."""
        until, first = self._timer() + self._wait_s, None
        while (lease := self._leases.seen(key)) is not None:
            first = first or lease.holder
            if lease.expired:
                if self._leases.take(key, holder):
                    return True
                first = None
            elif lease.holder != first or self._timer() >= until:
                return False
            self._pause(POLL_S)
        return False

    def _give_back(self, key: str, holder: str) -> None:
        try:
            self._leases.give_back(key, holder)
        except Exception:
            log.exception("a lease of the semantic cache could not be given back; it runs out by itself")
