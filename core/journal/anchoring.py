"""Anchors: the head of the chain written outside, so that a cut or rewritten tail is found.

A chain alone cannot tell that its last entries were removed, or that all of it was computed anew.
The file belongs where the owner of the database cannot write, such as another machine's disk; the
same line goes to the log.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.errors import BadInput, ConfigurationError
from core.journal.entries import Head, stamp

log = logging.getLogger(__name__)

_ANCHOR = re.compile(r"^(?:(\S+Z) )?.*?journal head (\d+) ([0-9a-f]{64})\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head as it was at a time; `at` is UTC, None where a log writes times in a form of its own."""

    at: datetime | None
    head: Head


class Anchors:
    """Writes the head to the log and, when there is one, to the file; safe with many processes.

    `head` gives the newest entry's number and hash, `clock` the time in UTC.
    """

    def __init__(self, path: Path | None, head: Callable[[], Head], clock: Callable[[], datetime]) -> None:
        self.path = path
        self._head = head
        self._clock = clock
        self._newest: Head | None = None

    def check(self) -> None:
        """Raises ConfigurationError when the file cannot be written: it must not stay unnoticed."""
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.open("a", encoding="utf-8").close()
        except OSError as exc:
            raise ConfigurationError(
                f"ANSWERDESK_JOURNAL_ANCHOR_FILE: {self.path} cannot be written ({exc.strerror})."
            ) from exc

    def write(self) -> Head:
        """Anchor the head, unless it is the one that was anchored last."""
        head = self._head()
        if head != self._newest:
            if self.path is not None:
                append(self.path, head, self._clock())
            log.info("%s", head)
            self._newest = head
        return head

    def keep(self) -> None:
        """Anchor the head; a failure goes to the log, and the next turn tries again."""
        try:
            self.write()
        except Exception:
            log.exception("the head of the journal could not be anchored; it is tried again")

    def read(self) -> list[Anchor]:
        """What was anchored, oldest first; nothing without a file. BadInput when it holds no head."""
        return [] if self.path is None else read(self.path)


def append(path: Path, head: Head, at: datetime) -> None:
    """One line, on disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{stamp(at)} {head}\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> list[Anchor]:
    """The heads in a file of anchors or a log; BadInput when it has none or cannot be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        text = ""
    except OSError as exc:
        raise BadInput(f"{path} cannot be read ({exc.strerror}).") from exc
    found = [Anchor(_time(m[1]), Head(int(m[2]), m[3])) for m in _ANCHOR.finditer(text)]
    if not found:
        raise BadInput(f"There are no journal heads in {path}.")
    return found


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError:
        return None
