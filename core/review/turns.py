"""Writers of one SQLite file, one after the other.

SQLite lets a waiting writer in when it happens to look, at most every tenth of a second: in a crowd the
file stands idle between two writers, and some wait for ever. Here the next one begins at once, in this
process or another. It orders the writers of the queue and nothing rests on it: SQLite locks all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows: there the threads of a process take turns
    fcntl = None  # type: ignore[assignment]


class Turns:
    """The turns at one database file; `path` is None where it has none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        """One turn. The operating system ends that of a process that dies."""
        with self._lock:
            if self._path is None or fcntl is None:
                yield
                return
            with self._path.open("a") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
