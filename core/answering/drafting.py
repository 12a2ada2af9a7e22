"""From a model's stream to checked sentences, citations, and whether it found anything."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field

from core.answering.checks.findings import Finding
from core.answering.checks.gate import SentenceGate
from core.answering.checks.outgoing import Judged
from core.answering.citations import Citation, CitationWriter
from core.errors import ModelUnavailable
from core.gateway.fence import NOT_FOUND
from core.gateway.messages import Finish, Piece, Restart
from core.types import Passage


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence as the asker would read it, and what the checks found."""

    text: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a model wrote; `found` is false where it said that the passages do not answer.

    `shown` is what was let through: all of `text`, or what stands before the first sentence that did
    not pass. `support` in [0, 1] is that of the weakest sentence.
    """

    text: str
    shown: str
    citations: tuple[Citation, ...]
    sentences: tuple[DraftSentence, ...]
    support: float
    finish: Finish
    found: bool

    @property
    def passed(self) -> bool:
        """Whether every sentence may be shown."""
        return self.shown == self.text


Drafting = Generator[str | Restart, None, Draft]
"""Yields sentences that have passed, and restarts; returns the draft."""


def drafted(
    events: Iterable[Piece | Restart | Finish],
    passages: Sequence[Passage],
    new_gate: Callable[[], SentenceGate],
) -> Drafting:
    """Yield each sentence that has passed, up to the first that has not, and return the draft.

    A Restart is passed on: what was yielded before it is void.

    The beginning is held back until it cannot be the refusal word any more. Errors of the gateway
    pass through; ModelUnavailable is raised when the stream has no end.
    """
    writing = _Writing(new_gate(), CitationWriter(passages))
    finish: Finish | None = None
    opening: str | None = ""
    for event in events:
        if isinstance(event, Finish):
            finish = event
        elif isinstance(event, Restart):
            writing, opening = _Writing(new_gate(), CitationWriter(passages)), ""
            yield event
        elif opening is None:
            yield writing.take(writing.gate.feed(event.text))
        else:
            opening += event.text
            if not _may_refuse(opening):
                yield writing.take(writing.gate.feed(opening))
                opening = None
    if finish is None:
        raise ModelUnavailable("The model broke off in the middle of its answer. Ask again in a moment.")
    if opening is not None:
        return Draft("", "", (), (), 0.0, finish, found=False)
    yield writing.take(writing.gate.finish())
    return writing.draft(finish)


@dataclass(slots=True)
class _Writing:
    gate: SentenceGate
    writer: CitationWriter
    sentences: list[DraftSentence] = field(default_factory=list)
    shown: str = ""
    withheld: bool = False

    def take(self, judged: Sequence[Judged]) -> str:
        """Write these sentences down; gives what of them can be shown."""
        showable = ""
        for sentence in judged:
            text = self.writer.feed(sentence.text)
            self.sentences.append(DraftSentence(text, sentence.findings))
            self.withheld = self.withheld or not sentence.passed
            if not self.withheld:
                showable += text
        self.shown += showable
        return showable

    def draft(self, finish: Finish) -> Draft:
        rest = self.writer.finish()
        if rest and not self.withheld:
            self.shown += rest
        return Draft(
            self.writer.text.strip(),
            self.shown.strip(),
            self.writer.citations(),
            tuple(self.sentences),
            self.gate.support,
            finish,
            found=True,
        )


def _may_refuse(opening: str) -> bool:
    text = opening.strip(" \n\t\"'`*.")
    return NOT_FOUND.startswith(text) or text == NOT_FOUND
