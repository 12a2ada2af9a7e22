"""What an entry of the journal says an answer rests on: ids and scores, read with care.

The journal may have been tampered with, or be a newer version's: what is not of the known form is left
out here, and stays to be seen in the entry itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Scored:
    """One passage of a search: its chunk, and the version of the document that it was in.

    `score` made the order and means something within one search only; `cosine` in [-1, 1] is how near the
    passage is to the question in meaning. A chunk below 0 is a verified answer.
    """

    chunk_id: int
    version_id: int
    score: float
    cosine: float


def retrieved(data: Mapping[str, Any]) -> tuple[Scored, ...]:
    """The passages of a search, best first."""
    return tuple(_scored(data.get("passages")))


def cited(data: Mapping[str, Any]) -> tuple[int, ...]:
    """The chunks that an answer cites, in the order of its numbers."""
    found = data.get("cited")
    return tuple(each for each in found if _is_id(each)) if isinstance(found, list) else ()


def _scored(found: object) -> Iterator[Scored]:
    for each in found if isinstance(found, list) else ():
        match each:
            case [version, chunk, int() | float() as score, int() | float() as cosine] if _is_id(
                chunk
            ) and _is_id(version):
                yield Scored(chunk, version, float(score), float(cosine))


def _is_id(value: object) -> bool:
    # As large as both databases take it.
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
