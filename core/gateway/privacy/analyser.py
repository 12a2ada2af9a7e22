"""Finds personal data and secrets in a text."""

from __future__ import annotations

import hashlib
import secrets as random_secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Set
from typing import Protocol

from core.errors import MaskingFailed
from core.gateway.privacy import addresses, identifiers, phones, secrets, urls
from core.gateway.privacy.kinds import DEFAULT_MASKED, Kind
from core.gateway.privacy.spans import Span, merged

Finder = Callable[[str], Iterable[Span]]


class Engine(Protocol):
    """What finds spans in a text; it may be slow to make and need not be safe for two threads."""

    def find(self, text: str) -> list[Span]:
        """All spans of the text, in any order, overlaps included."""
        ...


class Analyser:
    """Finds spans of personal data; safe for many threads, loads its engine once, at first need.

    Results of the last `remembered_texts` texts are kept in memory under a keyed hash: kinds and
    offsets, never the text. `make_engine` is given the finders for what shape alone gives away.
    """

    def __init__(
        self,
        employee_number_pattern: str | None = None,
        *,
        remembered_texts: int = 2048,
        make_engine: Callable[[Iterable[Finder]], Engine] | None = None,
    ) -> None:
        self._pattern = employee_number_pattern
        self._make_engine = make_engine or _presidio
        self._engine: Engine | None = None
        self._lock = threading.Lock()
        self._key = random_secrets.token_bytes(32)
        self._remembered: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()
        self._room = remembered_texts

    def warm_up(self) -> None:
        """Load the engine now (seconds) instead of at the first question; raises MaskingFailed."""
        self.find("")

    def find(self, text: str, kinds: Set[Kind] = DEFAULT_MASKED) -> list[Span]:
        """The spans of these kinds, in order and without overlap: `start` and `end` in code points.

        Overlapping finds are joined. Raises MaskingFailed when anything at all goes wrong; neither
        the message nor the chain of causes carries any of the text.
        """
        reason = ""
        found: tuple[Span, ...] = ()
        try:
            found = self._all(text)
        except Exception as exc:  # noqa: BLE001 - whatever breaks, nothing may leave unmasked
            reason = type(exc).__name__
        if reason:  # outside of the handler: the cause may quote the text
            raise MaskingFailed(
                f"Personal data could not be masked, so nothing was sent to a model outside ({reason})."
            )
        return merged(span for span in found if span.kind in kinds)

    def _all(self, text: str) -> tuple[Span, ...]:
        key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key).digest()
        with self._lock:
            if key in self._remembered:
                self._remembered.move_to_end(key)
                return self._remembered[key]
            if self._engine is None:
                self._engine = self._make_engine(self._finders())
            spans = tuple(span for span in self._engine.find(text) if span.start < span.end)
            self._remembered[key] = spans
            while len(self._remembered) > self._room:
                self._remembered.popitem(last=False)
        return spans

    def _finders(self) -> list[Finder]:
        finders: list[Finder] = [
            secrets.find_secrets,
            identifiers.find_emails,
            identifiers.find_cards,
            identifiers.find_ibans,
            identifiers.find_ssns,
            identifiers.find_ips,
            identifiers.find_id_numbers,
            urls.find_urls,
            phones.find_phones,
            addresses.find_addresses,
        ]
        if self._pattern:
            finders.append(identifiers.employee_number_finder(self._pattern))
        return finders


def _presidio(finders: Iterable[Finder]) -> Engine:
    from core.gateway.privacy.presidio import PresidioEngine

    return PresidioEngine(finders)
