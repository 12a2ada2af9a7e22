"""What the journal keeps of a review: who did what to which task, and no words of it."""

from __future__ import annotations

from core.journal.entries import Kind, Record
from core.types import Person


def act(trace_id: str, task_id: int, what: str, person: Person | None, **data: object) -> Record:
    """The record of one act; `person` is None for what the program did by itself."""
    return Record(
        trace_id,
        Kind.REVIEW,
        department=person.department if person else None,
        person_id=person.id if person else None,
        outcome=what,
        data={"task": task_id, **data},
    )
