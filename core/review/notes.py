"""What an answer's JSON says about review, beside what `Answer.to_json` gives.

    "review":   {"task": 7, "kind": "flagged", "since": ISO time}     while a person is awaited
    "verified": {"task": 7, "verdict": "edited", "by": name, "at": ISO time}     when one has decided

`outcome` is "waiting" while a person is awaited; a message that waits holds no word of its draft but
those sentences that its asker has read already.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.answering.answer import Answer, Outcome
from core.answering.confidence import Signs
from core.review.tasks import TaskKind

WAITING = Outcome.WAITING.value
WAITING_TEXT = {
    TaskKind.FLAGGED: "I am not sure enough of my answer. A colleague will answer here.",
    TaskKind.ASKED: "A colleague will answer here.",
    TaskKind.REPORTED: "Thank you. A colleague will look at this answer and reply here.",
}
WITHDRAWN_TEXT = "You did not want to wait for an answer."
CLOSED_TEXT = (
    "A colleague has answered this, but you may no longer read the documents that the answer rests on."
)
NOT_IN_DOCUMENTS_TEXT = "A colleague has looked: this is not in the company's documents."


def answer_of(text: str, data: dict[str, Any]) -> Answer:
    """The answer of a message."""
    return Answer.from_json(text, data)


def waiting(
    kind: TaskKind, task_id: int, question: str, since: datetime, shown: Answer | None = None
) -> tuple[str, dict[str, Any]]:
    """Text and JSON of a message that waits for a person; what was shown is not taken back."""
    note = {"task": task_id, "kind": kind.value, "since": since.isoformat()}
    base = shown or Answer(Outcome.WAITING, "", (), question, 0.0)
    text = "\n\n".join(filter(None, [base.text.strip(), WAITING_TEXT[kind]]))
    return text, base.to_json() | {"outcome": WAITING, "review": note}


def judgement_of(data: Mapping[str, Any]) -> tuple[float | None, Signs | None]:
    """The confidence of a given answer and the signs behind it, where its JSON has kept them."""
    confidence, signs = data.get("confidence"), data.get("signs")
    return confidence, Signs(**signs) if signs else None
