"""The documents behind an answer, for an auditor: which they are, and of those they may read, the words.

The journal holds ids alone, so that it outlives what it is about. Here they become titles again, as far as
the documents are still there. Nothing else than the passages of one question can be asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.audit.rights import may_read
from core.database import Database
from core.tables import (
    chunks,
    documents,
    messages,
    verified_answers,
    verified_passages,
    verified_sources,
    versions,
)
from core.types import Person


class State(StrEnum):
    """What there is of a passage.

    REPLACED: a newer version took the place of its document's, and nothing tells any more where in the
    old one it was. CLOSED: its words are not for this auditor. GONE: the document, or the verified answer,
    was deleted.
    """

    READABLE = "readable"
    REPLACED = "replaced"
    CLOSED = "closed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Source:
    """A passage. `section` (headings, outermost first), `page` and `text` only where it may be read.

    `version` is None for a verified answer, whose title is its question; `outdated` tells that its document
    has a newer version by now.
    """

    state: State
    title: str = ""
    version: int | None = None
    section: tuple[str, ...] = ()
    page: int | None = None
    text: str = ""
    outdated: bool = False
    verified: bool = False


GONE = Source(State.GONE)


class Sources:
    """Looks passages up; whoever asks has checked that the actor is an auditor."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, actor: Person, trace_id: str, wanted: Mapping[int, int | None]) -> dict[int, Source]:
        """By chunk, all that are wanted; `wanted` gives each chunk's version, where the journal knows it."""
        if not wanted:
            return {}
        found: dict[int, Source] = {}
        with self._database.read() as connection:
            found |= _verified(connection, actor, [-chunk for chunk in wanted if chunk < 0])
            found |= _current(connection, actor, [chunk for chunk in wanted if chunk > 0])
            missing = {chunk: wanted[chunk] for chunk in wanted if chunk > 0 and chunk not in found}
            if missing:
                found |= _earlier(connection, actor, missing, _places(connection, trace_id))
        return {chunk: found.get(chunk, GONE) for chunk in wanted}


def _current(connection: sa.Connection, actor: Person, ids: list[int]) -> dict[int, Source]:
    """Chunks of versions that are searched now."""
    if not ids:
        return {}
    query = (
        sa.select(*_VERSION, chunks.c.id, chunks.c.heading_path, chunks.c.page)
        .add_columns(_stretch(chunks.c.start, chunks.c.end))
        .join_from(chunks, versions, chunks.c.version_id == versions.c.id)
        .join(documents, documents.c.id == versions.c.document_id)
        .where(chunks.c.id.in_(ids))
    )
    rows = connection.execute(query).all()
    return {row.id: _source(row, actor, row.heading_path, row.page, row.passage) for row in rows}


def _earlier(
    connection: sa.Connection,
    actor: Person,
    missing: Mapping[int, int | None],
    places: Mapping[int, dict[str, Any]],
) -> dict[int, Source]:
    """Chunks of versions that were replaced: they are gone, but what was cited says where it stood."""
    found: dict[int, Source] = {}
    for chunk, known in missing.items():
        place = places.get(chunk)
        version = known if place is None else place["version_id"]
        if version is None:
            continue
        start, end = (0, 0) if place is None else (place["start"], place["end"])
        query = (
            sa.select(*_VERSION, _stretch(sa.literal(start), sa.literal(end)))
            .join_from(versions, documents, documents.c.id == versions.c.document_id)
            .where(versions.c.id == version)
        )
        row = connection.execute(query).one_or_none()
        if row is None:
            continue
        if place is None:
            found[chunk] = Source(State.REPLACED, row.title, row.number, outdated=True)
        else:
            found[chunk] = _source(row, actor, place["heading_path"], place["page"], row.passage)
    return found


def _verified(connection: sa.Connection, actor: Person, ids: list[int]) -> dict[int, Source]:
    """Answers that people gave; such a one is read by those who may read all that it rests on."""
    if not ids:
        return {}
    rows = connection.execute(
        sa.select(verified_passages.c.id, verified_answers)
        .join(verified_answers, verified_answers.c.id == verified_passages.c.verified_id)
        .where(verified_passages.c.id.in_(ids))
    ).all()
    found = {}
    for row in rows:
        behind = connection.scalars(
            sa.select(documents.c.readers)
            .join(verified_sources, verified_sources.c.document_id == documents.c.id)
            .where(verified_sources.c.verified_id == row[1])
        )
        if may_read(actor, row.readers, *behind):
            found[-row[0]] = Source(State.READABLE, row.question, text=row.text, verified=True)
        else:
            found[-row[0]] = Source(State.CLOSED, verified=True)
    return found


def _places(connection: sa.Connection, trace_id: str) -> dict[int, dict[str, Any]]:
    """Where each passage stood that the answer of this question cites; of the answer nothing else is read."""
    rows = connection.scalars(sa.select(messages.c.answer).where(messages.c.trace_id == trace_id))
    return {place["chunk_id"]: place for answer in rows for place in _citations(answer)}


def _citations(answer: object) -> Iterator[dict[str, Any]]:
    found: Iterable[Any] = answer.get("citations") or () if isinstance(answer, dict) else ()
    return (place for place in found if place["chunk_id"] > 0)


_VERSION = (
    versions.c.title,
    versions.c.number,
    versions.c.readers,
    (versions.c.state == "retired").label("outdated"),
    documents.c.readers.label("readers_now"),
)


def _stretch(start: sa.ColumnElement[int], end: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    # Cut out in the database: a long document's whole text is not read for one passage of it.
    return sa.func.substr(versions.c.text, start + 1, end - start).label("passage")


def _source(
    row: sa.Row[Any], actor: Person, section: Iterable[str], page: int | None, passage: str
) -> Source:
    # As in reading it elsewhere: the document as it is now admits the person, and that version as it was.
    if not may_read(actor, row.readers, row.readers_now):
        return Source(State.CLOSED, row.title, row.number, outdated=bool(row.outdated))
    return Source(
        State.READABLE, row.title, row.number, tuple(section), page, passage, outdated=bool(row.outdated)
    )
