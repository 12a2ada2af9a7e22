"""Whether the assistant answers at this address: beside the app, the documents are the app's to open."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from core.proxy.refusals import not_here

log = logging.getLogger(__name__)

ELSEWHERE = (
    "Another Answerdesk process has the documents open, so the model `answerdesk` does not answer here. Ask "
    "it at the app's own address, below /v1. For both to answer, start `chroma run`, set CHROMA_URL to its "
    "address and restart both. When the app has stopped for good, restart this gateway."
)


class Attendance:
    """Thread safe. `away` says why the assistant does not answer; it is empty while it does."""

    def __init__(self, away: str = "") -> None:
        self._changed = threading.Condition()
        self._answering = 0
        self._away = away

    @property
    def away(self) -> str:
        """Why it does not answer; empty where it does."""
        return self._away

    def require(self) -> None:
        """Refused, with the reason, where it does not answer."""
        if self._away:
            raise not_here(self._away)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Open while an answer is written; raises as `require`."""
        with self._changed:
            self.require()
            self._answering += 1
        try:
            yield
        finally:
            with self._changed:
                self._answering -= 1
                self._changed.notify_all()

    def leave(self, reason: str, within_s: float) -> None:
        """Answer nothing new from now on, and wait at most so many seconds for the answers under way."""
        with self._changed:
            self._away = reason
            self._changed.wait_for(lambda: not self._answering, within_s)
        self.say()

    def say(self) -> None:
        """Put the reason in the log, where there is one."""
        if self._away:
            log.warning("%s", self._away)
