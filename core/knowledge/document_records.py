"""What the journal is told of documents: ids, versions and readers, never a name or a word of the text."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.journal.entries import Kind, Record
from core.tables import documents, versions
from core.types import Person


class Change(StrEnum):
    """What became of a document; the outcome of its entry. Stored values are never renamed."""

    ADDED = "added"
    REPLACED = "replaced"
    READERS_CHANGED = "readers_changed"
    CLASS_CHANGED = "class_changed"
    EMBEDDED_AGAIN = "embedded_again"
    DELETED = "deleted"
    SYNCED = "synced"
    SYNC_STOPPED = "sync_stopped"


def now_current(connection: sa.Connection, trace_id: str, version_id: int, previous_id: int | None) -> Record:
    """A version took the place of another one, or is a document's first; to be asked after the change."""
    row = _version(connection, version_id)
    before = None if previous_id is None else _version(connection, previous_id)
    data = _shown(row) if before is None else {**_shown(row), "before": _shown(before)}
    return Record(
        trace_id, Kind.DOCUMENT, row.department_id, row.created_by, outcome=_change(row, before), data=data
    )


def deleted(connection: sa.Connection, trace_id: str, document_id: int, person_id: int | None) -> Record:
    """A document is about to go with all its versions; to be asked before."""
    document = connection.execute(sa.select(documents).where(documents.c.id == document_id)).one()
    data: dict[str, Any] = {"document": document_id, "origin": document.origin}
    if document.current_version_id is not None:
        data = _shown(_version(connection, document.current_version_id))
    return Record(
        trace_id, Kind.DOCUMENT, document.department_id, person_id, outcome=Change.DELETED.value, data=data
    )


def synced(trace_id: str, person: Person, counts: Mapping[str, int], finished: bool) -> Record:
    """Somebody made the documents equal to the folder; each change has an entry of its own."""
    change = Change.SYNCED if finished else Change.SYNC_STOPPED
    data = {"files": dict(counts)}
    return Record(trace_id, Kind.DOCUMENT, person.department, person.id, outcome=change.value, data=data)


def _version(connection: sa.Connection, version_id: int) -> sa.Row[Any]:
    v = versions.c
    columns: list[sa.Column[Any]] = [
        *(v.document_id, v.number, v.readers, v.data_class, v.sha256, v.created_by),
        *(documents.c.origin, documents.c.department_id),
    ]
    query = sa.select(*columns).join_from(versions, documents, v.document_id == documents.c.id)
    return connection.execute(query.where(v.id == version_id)).one()


def _shown(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "document": row.document_id,
        "version": row.number,
        "readers": row.readers,
        "data_class": row.data_class,
        "origin": row.origin,
    }


def _change(row: sa.Row[Any], before: sa.Row[Any] | None) -> str:
    if before is None:
        return Change.ADDED.value
    if row.sha256 != before.sha256:
        return Change.REPLACED.value
    if row.readers != before.readers:
        return Change.READERS_CHANGED.value
    same = row.data_class == before.data_class
    return (Change.EMBEDDED_AGAIN if same else Change.CLASS_CHANGED).value
