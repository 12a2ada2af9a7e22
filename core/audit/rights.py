"""Who may read the journal, know the people behind its pseudonyms, and read the documents it is about."""

from __future__ import annotations

from core.errors import NotAllowed
from core.journal.entries import Kind, Record
from core.types import Person, Readership, Role


def admit(actor: Person) -> None:
    """Auditors alone read the journal; NotAllowed for everybody else, administrators too."""
    if not actor.has(Role.AUDITOR):
        raise NotAllowed("Only auditors may read the journal.")


def may_see_names(actor: Person) -> bool:
    """Whether this person may look names up: an auditor who is an administrator too."""
    return actor.has(Role.AUDITOR) and actor.has(Role.ADMINISTRATOR)


def may_read(actor: Person, *readers: str) -> bool:
    """Whether each of these reading groups admits this person: to audit opens no document to anybody."""
    return all(Readership.from_key(key).admits(actor) for key in readers)


def audit_record(trace_id: str, actor: Person, outcome: str, **data: object) -> Record:
    """What an auditor did, for the journal itself."""
    return Record(trace_id, Kind.AUDIT, actor.department, actor.id, outcome=outcome, data=data)
