"""From a model's stream to shown text, citations, and whether it found anything."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from core.answering.citations import Citation, CitationWriter
from core.errors import ModelUnavailable
from core.gateway.fence import NOT_FOUND
from core.gateway.messages import Finish, Piece, Restart
from core.types import Passage


@dataclass(frozen=True, slots=True)
class Draft:
    """What a model wrote; `found` is false where it said that the passages do not answer."""

    text: str
    citations: tuple[Citation, ...]
    finish: Finish
    found: bool


def written(
    events: Iterable[Piece | Restart | Finish], passages: Sequence[Passage]
) -> Generator[str | Restart, None, Draft]:
    """Yield the text that can be shown as it arrives, and return the draft.

    A Restart is passed on: what was yielded before it is void.

    The beginning is held back until it cannot be the refusal word any more. Errors of the gateway
    pass through; ModelUnavailable is raised when the stream has no end.
    """
    writer = CitationWriter(passages)
    finish: Finish | None = None
    opening: str | None = ""
    for event in events:
        if isinstance(event, Finish):
            finish = event
        elif isinstance(event, Restart):
            writer, opening = CitationWriter(passages), ""
            yield event
        elif opening is None:
            yield writer.feed(event.text)
        else:
            opening += event.text
            if not _may_refuse(opening):
                yield writer.feed(opening)
                opening = None
    if finish is None:
        raise ModelUnavailable("The model broke off in the middle of its answer. Ask again in a moment.")
    if opening is not None:
        return Draft("", (), finish, found=False)
    yield writer.finish()
    return Draft(writer.text.strip(), writer.citations(), finish, found=True)


def _may_refuse(opening: str) -> bool:
    text = opening.strip(" \n\t\"'`*.")
    return NOT_FOUND.startswith(text) or text == NOT_FOUND
