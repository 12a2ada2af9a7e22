"""How far an ingestion is, from the work that is really done: files read, text embedded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

_READING = 0.1
"""The share of the work that reading is; embedding is the rest."""
_ESTIMATE_FROM = 0.2
"""Before so much of the text is embedded, the time left is not worth telling."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is: `share` in [0, 1]; `seconds_left` is None until it can be estimated.

    A file that has been read is done, that is searchable, once its text is embedded.
    """

    files_done: int
    files_total: int
    files_read: int
    pages_done: int
    current: str
    share: float
    seconds_left: float | None


class Tracker:
    """Turns what happens into progress; one thread may read while another embeds.

    `bytes_of` are the files' sizes by name, `timer` gives seconds that only grow.
    """

    def __init__(
        self, bytes_of: Mapping[str, int], emit: Callable[[Progress], None], timer: Callable[[], float]
    ) -> None:
        self._bytes_of = bytes_of
        self._emit = emit
        self._timer = timer
        self._read: set[str] = set()
        self._done = self._pages = 0
        self._current = ""
        self._share = 0.0
        # Characters of what was read, of that the embedded ones, and since when at what count that is timed.
        self._chars = self._embedded = 0
        self._timed_from: tuple[float, int] | None = None

    def reading(self, name: str) -> None:
        """A file is being read."""
        self._current = name
        self._tell()

    def read(self, name: str, chars: int) -> None:
        """A file has been read, and so many characters of it are to be embedded."""
        self._read.add(name)
        self._chars += chars
        self._tell()

    def spared(self, chars: int) -> None:
        """So many of the characters that were read need not be embedded: they are known, or stand twice."""
        self._chars -= chars

    def embedded(self, chars: int) -> None:
        """So many more characters are embedded."""
        self._embedded += chars
        # The first ones also load the model: they say nothing about those that follow.
        self._timed_from = self._timed_from or (self._timer(), self._embedded)
        self._tell()

    def done(self, pages: int) -> None:
        """One more file is searchable, or was refused; it has so many pages."""
        self._done += 1
        self._pages += pages
        self._tell()

    def _tell(self) -> None:
        total = len(self._bytes_of)
        ended = self._done >= total
        share = 1.0 if ended else _READING * self._read_share + (1 - _READING) * self._embedded_share
        # What is still to be read is estimated, so the share could fall.
        self._share = max(self._share, min(share, 1.0))
        left = 0.0 if ended else self._seconds_left()
        self._emit(
            Progress(
                self._done,
                total,
                len(self._read & self._bytes_of.keys()),
                self._pages,
                self._current,
                self._share,
                left,
            )
        )

    @property
    def _read_share(self) -> float:
        return sum(self._bytes_of.get(name, 0) for name in self._read) / (sum(self._bytes_of.values()) or 1)

    @property
    def _embedded_share(self) -> float:
        return self._embedded / self._all_chars if self._chars else 0.0

    @property
    def _all_chars(self) -> float:
        """What is to be embedded in all, as if the files to come were as those that have been read."""
        return self._chars / (self._read_share or 1.0)

    def _seconds_left(self) -> float | None:
        if self._timed_from is None or self._embedded_share < _ESTIMATE_FROM:
            return None
        since, before = self._timed_from
        timed = self._embedded - before
        if not timed:
            return None
        return (self._timer() - since) * (self._all_chars - self._embedded) / timed
