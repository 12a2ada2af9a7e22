"""What the asker gets for each decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.answering.answer import Answer, Outcome, Verified
from core.answering.citations import CitationWriter
from core.errors import BadInput
from core.lengths import at_most
from core.review import notes
from core.review.tasks import Task, Verdict
from core.types import Person, highest_class

TEXT_CHARS = 20_000
REASON_CHARS = 2_000


def given_answer(task: Task, verdict: Verdict, text: str, reason: str) -> Answer:
    """The answer by this decision; raises BadInput when something is missing."""
    base = task.draft or Answer(Outcome.NOT_FOUND, "", (), task.item.question, 0.0)
    base = replace(base, reuse=None, partial=False, related=())
    match verdict:
        case Verdict.APPROVED:
            if task.draft is None:
                raise BadInput("There is no draft to approve. Write the answer, or choose another decision.")
            return replace(base, outcome=Outcome.ANSWERED)
        case Verdict.EDITED:
            return _edited(base, task, text)
        case Verdict.NOT_IN_DOCUMENTS:
            return _without_sources(base, notes.NOT_IN_DOCUMENTS_TEXT)
        case Verdict.REJECTED:
            if not reason.strip():
                raise BadInput("Say why. The person who asked reads it.")
            why = at_most(REASON_CHARS, reason, "A reason")
            return _without_sources(base, f"A colleague has looked and cannot answer this: {why}")


def signed(answer: Answer, task: Task, verdict: Verdict, by: Person, at: datetime) -> Answer:
    """The answer with who decided it, and when: the confidence of its draft says no more about it."""
    by_whom = Verified(task.id, verdict.value, by.name, at.isoformat())
    return replace(answer, verified=by_whom, confidence=None, signs=None)


def closed_to_asker(answer: Answer) -> Answer:
    """What the asker reads of a decided answer whose sources have been closed to them since."""
    return replace(_without_sources(answer, notes.CLOSED_TEXT), notes=())


def _edited(base: Answer, task: Task, text: str) -> Answer:
    if not text.strip():
        raise BadInput("Write the answer first.")
    writer = CitationWriter(task.evidence)
    writer.feed(at_most(TEXT_CHARS, text, "An answer"))
    writer.finish()
    return replace(
        base,
        outcome=Outcome.ANSWERED,
        text=writer.text,
        citations=writer.citations(),
        model="",
        provider="",
        failed=(),
        # Its reviewer wrote it with all of the evidence on the screen.
        data_class=max(base.data_class, highest_class(task.evidence)),
    )


def _without_sources(base: Answer, text: str) -> Answer:
    return replace(base, outcome=Outcome.NOT_FOUND, text=text, citations=(), model="", provider="", failed=())
