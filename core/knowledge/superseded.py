"""Documents that say at their beginning that they are not in force any more."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache

from core.types import Passage

OPENING_CHARS = 600
"""So far a document is read for what it says of itself."""
_REMEMBERED = 10_000

_OVER = r"(?:superseded|replaced|withdrawn|repealed|obsolete)"
_SAYS = re.compile(
    rf"^\W*(?:status\W+)?(?:superseded|withdrawn|repealed|obsolete)\b"
    rf"|\b(?:this|the) (?:document|policy|version|edition|guideline|procedure|page|text)\b[^.\n]{{0,120}}"
    rf"\b(?:is|was|has been) {_OVER}\b"
    rf"|\bno longer (?:valid|in force)\b|\bkept for reference only\b",
    re.IGNORECASE | re.MULTILINE,
)


def says_superseded(opening: str) -> bool:
    """Whether a document that begins like this says that another one is in force in its place."""
    return _SAYS.search(opening[:OPENING_CHARS]) is not None


class Superseded:
    """`opening` gives the beginning of a version's text by the version's id; a version never changes."""

    def __init__(self, opening: Callable[[int], str]) -> None:
        self._says = lru_cache(_REMEMBERED)(lambda version_id: says_superseded(opening(version_id)))

    def without(self, passages: Sequence[Passage], asked: Collection[str], limit: int) -> list[Passage]:
        """The first `limit` passages of documents in force, and no others while there are such.

        `asked` are the terms of the question: one that names a number of a title ("the policy of 2024")
        asks for that document, in force or not.
        """
        kept = list(_first(limit, (p for p in passages if not self._is_left_out(p, asked))))
        return kept or list(passages[:limit])

    def _is_left_out(self, passage: Passage, asked: Collection[str]) -> bool:
        if passage.chunk.verified is not None or not self._says(passage.chunk.version_id):
            return False
        return not any(number in asked for number in re.findall(r"\d+", passage.chunk.title))


def _first(limit: int, passages: Iterable[Passage]) -> Iterable[Passage]:
    return (passage for passage, _ in zip(passages, range(limit), strict=False))
