"""Where something was found in a text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.gateway.privacy.kinds import Kind


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters `start` to `end` (exclusive, code points) are of this kind; score in (0, 1]."""

    start: int
    end: int
    kind: Kind
    score: float


def merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that overlap joined into one that covers them all.

    The joined span takes its kind and score from the surest part, the longest of equals.
    """
    result: list[Span] = []
    surest: list[Span] = []
    for span in sorted(spans):
        if result and span.start < result[-1].end:
            if (span.score, span.end - span.start) > (surest[-1].score, surest[-1].end - surest[-1].start):
                surest[-1] = span
            end = max(result[-1].end, span.end)
            result[-1] = replace(surest[-1], start=result[-1].start, end=end)
        else:
            result.append(span)
            surest.append(span)
    return result
