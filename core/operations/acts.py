"""Acts of administrators: who may, and how each one is written down."""

from __future__ import annotations

from enum import StrEnum

from core.errors import NotAllowed
from core.journal.entries import Kind, Record
from core.types import Person, Role

_ONLY = "Only an administrator may do this."


class Act(StrEnum):
    """What an entry of the kind `setting` is about, under `act`. Stored values are never renamed."""

    DEPLOYMENT_OFF = "deployment_off"
    DEPLOYMENT_ON = "deployment_on"
    DEPLOYMENT_TEST = "deployment_test"
    PERSON_ADDED = "person_added"
    PERSON_CHANGED = "person_changed"
    PERSON_CLOSED = "person_closed"
    PERSON_REOPENED = "person_reopened"
    PASSWORD_RENEWED = "password_renewed"  # noqa: S105 - not one
    DEMONSTRATION_CLOSED = "demonstration_closed"
    DEPARTMENT_ADDED = "department_added"
    KEY_MADE = "key_made"
    KEY_REVOKED = "key_revoked"
    CACHE_PURGED = "cache_purged"
    STARTED = "started"


def admit(actor: Person) -> None:
    """Raises NotAllowed for everybody but administrators."""
    if not actor.has(Role.ADMINISTRATOR):
        raise NotAllowed(_ONLY)


def refuse() -> NotAllowed:
    """The error for somebody who is no administrator any more."""
    return NotAllowed(_ONLY)


def record(actor: Person, act: Act, trace_id: str, **details: object) -> Record:
    """The entry of an act. People are named by their ids: the journal holds no personal data."""
    return Record(
        trace_id=trace_id,
        kind=Kind.SETTING,
        department=actor.department,
        person_id=actor.id,
        outcome="done",
        data={"act": act.value, **details},
    )
