"""The right to open a folder that only one process may have open at a time."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import StoreInUse

OWNER_S = 1.0
"""How long an owner waits for the sign of ownership: a guest holds it for a moment, to look."""
GIVE_WAY_S = 30.0
"""How long an owner waits until a guest has let the folder go."""


class FolderClaim:
    """Held until `release`. An owner is entitled to the folder; a guest has it while no owner wants it.

    An owner holds `.owner` all the time and `.lock` while it may open the folder. A guest holds `.lock`
    alone: it gives that back soon after `wanted` turns true.
    """

    def __init__(self, folder: Path, guest: bool = False) -> None:
        """Raises StoreInUse, with what to do: to a guest at once, to an owner after GIVE_WAY_S at most."""
        folder.mkdir(parents=True, exist_ok=True)
        # One thread builds the desk, and another one closes it.
        self._owner = FileLock(folder / ".owner", thread_local=False)
        self._lock = FileLock(folder / ".lock", thread_local=False)
        self._folder = folder
        if guest and self.wanted():
            raise StoreInUse(self._in_use())
        if not guest:
            self._take(self._owner, OWNER_S)
        try:
            self._take(self._lock, 0 if guest else GIVE_WAY_S)
        except StoreInUse:
            self._owner.release()
            raise

    def wanted(self) -> bool:
        """Whether an owner has the folder or waits for it; for a guest to ask."""
        try:
            with self._owner.acquire(timeout=0):
                return False
        except Timeout:
            return True

    def release(self) -> None:
        """Let others have it."""
        self._lock.release()
        self._owner.release()

    def _take(self, lock: FileLock, within_s: float) -> None:
        try:
            lock.acquire(timeout=within_s)
        except Timeout as exc:
            raise StoreInUse(self._in_use()) from exc

    def _in_use(self) -> str:
        return (
            f"Another Answerdesk process is using {self._folder}. Stop it first, or let several processes "
            "share one Chroma server: start `chroma run` and set CHROMA_URL to its address."
        )
