"""Where in a draft the sentences stand that did not pass a check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from core.review.tasks import TaskFinding

_CITATION = re.compile(r"\[\d{1,3}(?:\s*[,;]\s*\d{1,3})*\]")
_PIECE = re.compile(r"\w+|[^\w\s]")
# Between two words of a sentence: space, and citations, whose numbers may have changed since.
_BETWEEN = r"(?:\s|\[\d{1,3}(?:\s*[,;]\s*\d{1,3})*\])*"


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence with what was found in it; `span` is where it stands, in code points of the draft.

    `letter` names it on the screen; both are empty for what is about the whole answer.
    """

    letter: str
    sentence: str
    findings: tuple[TaskFinding, ...]
    span: tuple[int, int] | None


def marks(draft: str, findings: Sequence[TaskFinding]) -> list[Mark]:
    """One mark for each sentence, in the order of the draft; what has no place in it comes last."""
    by_sentence: dict[str, list[TaskFinding]] = {}
    for finding in findings:
        by_sentence.setdefault(finding.sentence.strip(), []).append(finding)
    places = {sentence: _place(draft, sentence) for sentence in by_sentence}
    found = sorted((s for s, place in places.items() if place), key=lambda s: places[s] or (0, 0))
    letters = dict(zip(found, _letters(), strict=False))
    order = [*found, *(sentence for sentence in by_sentence if sentence not in letters)]
    return [Mark(letters.get(s, ""), s, tuple(by_sentence[s]), places[s]) for s in order]


def pieces(draft: str, marked: Sequence[Mark]) -> list[tuple[str, str, bool]]:
    """The draft in order as (text, letter or nothing, whether it is a citation)."""
    out: list[tuple[str, str, bool]] = []
    end = 0
    for mark in marked:
        if mark.span is None or mark.span[0] < end:
            continue
        out += _cited(draft[end : mark.span[0]], "")
        out += _cited(draft[mark.span[0] : mark.span[1]], mark.letter)
        end = mark.span[1]
    return [*out, *_cited(draft[end:], "")]


def _place(draft: str, sentence: str) -> tuple[int, int] | None:
    words = _PIECE.findall(_CITATION.sub("", sentence))
    if not words:
        return None
    found = re.search(_BETWEEN.join(map(re.escape, words)), draft)
    return None if found is None else found.span()


def _cited(text: str, letter: str) -> Iterator[tuple[str, str, bool]]:
    end = 0
    for match in _CITATION.finditer(text):
        yield from ((text[end : match.start()], letter, False),) if match.start() > end else ()
        yield match[0].strip("[]"), letter, True
        end = match.end()
    if end < len(text):
        yield text[end:], letter, False


def _letters() -> Iterator[str]:
    yield from ascii_uppercase
    yield from (a + b for a in ascii_uppercase for b in ascii_uppercase)
