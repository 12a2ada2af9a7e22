"""Puts values back into an answer that arrives in pieces."""

from __future__ import annotations

from collections.abc import Callable, Set


class StreamRestorer:
    """Restores placeholders across the borders of pieces; holds back no more than a begun placeholder.

    For one stream and one thread. `beginnings` gives every proper prefix of the known placeholders.
    """

    def __init__(self, restore: Callable[[str], str], beginnings: Callable[[], Set[str]]) -> None:
        self._restore = restore
        self._beginnings = beginnings
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be shown by now; the rest, shorter than one placeholder, waits for the next piece."""
        text = self._held + piece
        opening = text.rfind("<")
        begun = opening >= 0 and text[opening:] in self._beginnings()
        cut = opening if begun else len(text)
        self._held = text[cut:]
        return self._restore(text[:cut])

    def finish(self) -> str:
        """What was still held back when the stream ended, as it came."""
        held, self._held = self._held, ""
        return self._restore(held)

    def __repr__(self) -> str:
        return "StreamRestorer()"
