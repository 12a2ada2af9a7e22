"""What an answer's JSON says about review, beside what `Answer.to_json` gives.

    "review":   {"task": 7, "kind": "flagged", "since": ISO time}     while a person is awaited
    "verified": {"task": 7, "verdict": "edited", "by": name, "at": ISO time}     when one has decided

`outcome` is "waiting" while a person is awaited; a message that waits holds no word of its draft.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from core.answering.answer import Answer, Outcome
from core.review.tasks import TaskKind, Verdict

WAITING = "waiting"
WAITING_TEXT = {
    TaskKind.FLAGGED: "I am not sure enough of my answer. A colleague will answer here.",
    TaskKind.ASKED: "A colleague will answer here.",
    TaskKind.REPORTED: "Thank you. A colleague will look at this answer and reply here.",
}
_FIELDS = frozenset(field.name for field in fields(Answer))
NOT_IN_DOCUMENTS_TEXT = "A colleague has looked: this is not in the company's documents."


def answer_of(text: str, data: dict[str, Any]) -> Answer:
    """The answer of a message that does not wait, without its notes."""
    return Answer.from_json(text, {key: value for key, value in data.items() if key in _FIELDS})


def waiting(kind: TaskKind, task_id: int, question: str, since: datetime) -> dict[str, Any]:
    """The JSON of a message that waits for a person."""
    empty = Answer(Outcome.NOT_FOUND, "", (), question, 0.0)
    note = {"task": task_id, "kind": kind.value, "since": since.isoformat()}
    return empty.to_json() | {"outcome": WAITING, "review": note}


def arrived(answer: Answer, task_id: int, verdict: Verdict, by: str, at: datetime) -> dict[str, Any]:
    """The JSON of an answer that a person has given."""
    note = {"task": task_id, "verdict": verdict.value, "by": by, "at": at.isoformat()}
    return answer.to_json() | {"verified": note}
