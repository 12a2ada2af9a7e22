"""Writers of one SQLite file take turns, across processes."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from core.review.turns import Turns


def test_a_turn_is_one_writers_alone_and_ends_with_its_block(tmp_path: Path) -> None:
    """Seen as another process sees it: by a lock of its own on the same file."""
    path = tmp_path / "desk.sqlite.turn"
    with pytest.raises(RuntimeError), Turns(path).one():
        with path.open("a") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        raise RuntimeError
    with path.open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_without_a_file_there_is_nothing_to_share() -> None:
    """A database in memory has one process only; its threads come in after each other."""
    turns = Turns(None)
    with turns.one():
        assert turns._lock.locked()
    assert not turns._lock.locked()
