"""Stage, swap, purge: the write side of documents, each step one transaction.

A version is `staged` (its chunks are stored, its vectors are being made), then `current`, then
`retired` (its text is kept for the citations that point into it, its chunks are gone). Whatever
must be deleted from the vector store is written down in `vector_purges` by the transaction that
makes it superfluous, so that a crash can delay a deletion but not lose it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.database import Database
from core.errors import Busy, NotFound
from core.journal.entries import Record
from core.knowledge.document_records import deleted, now_current
from core.tables import changes, chunks, documents, files, purges, versions
from core.types import ChunkSpan, DataClass, LoadedDocument

LEASE = timedelta(minutes=5)
_CHANGES_LOCK = 0x616E6368  # any fixed number: it names the advisory lock of those who note changes


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything about a version that is known before it is stored.

    `name` identifies the document; `terms` holds for each span its index terms; `readers` is a
    reading group's key.
    """

    name: str
    content: bytes
    sha256: str
    loaded: LoadedDocument
    spans: Sequence[ChunkSpan]
    terms: Sequence[Sequence[str]]
    readers: str
    department: str
    origin: str
    owner_id: int | None
    created_by: int | None
    data_class: DataClass = DataClass.INTERNAL


@dataclass(frozen=True, slots=True)
class Staged:
    """A stored version that is not yet searchable."""

    version_id: int
    document_id: int
    number: int
    readers: str
    chunk_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KnownChunk:
    """A chunk of a current version, whose vector and token codes can be taken over."""

    id: int
    token_codes: bytes | None


@dataclass(frozen=True, slots=True)
class Purge:
    """Vectors that must be deleted from the vector store."""

    id: int
    group: str
    chunk_ids: tuple[int, ...]


class Versions:
    """Writes document versions. `clock` gives the current time in UTC.

    `record_in` writes each change down within the transaction that makes it.
    """

    def __init__(
        self,
        database: Database,
        embedding: str,
        clock: Callable[[], datetime],
        record_in: Callable[[sa.Connection, Record], object] = lambda connection, record: None,
    ) -> None:
        self._database = database
        self._embedding = embedding
        self._clock = clock
        self._record_in = record_in

    def unchanged(
        self, name: str, sha256: str, readers: str, data_class: DataClass = DataClass.INTERNAL
    ) -> bool:
        """Whether the document's current version has this content, readership and class already."""
        with self._database.read() as connection:
            return self._is_current(connection, name, sha256, readers, data_class)

    def stage(self, drafts: Sequence[Draft]) -> list[Staged | None]:
        """Store versions that are not searchable yet, all in one transaction.

        None stands where another upload of the same document is under way or has just finished
        with the same content: two uploads at once give one version.
        """
        with self._database.write() as connection:
            return [self._stage(connection, draft) for draft in drafts]

    def renew(self, staged: Sequence[Staged]) -> None:
        """Tell other processes that these are still being worked on; Busy when one was taken away."""
        ids = [s.version_id for s in staged]
        with self._database.write() as connection:
            renewed = connection.execute(
                sa.update(versions)
                .where(versions.c.id.in_(ids), versions.c.state == "staged")
                .values(lease_until=self._clock() + LEASE)
            ).rowcount
        if renewed != len(ids):
            raise Busy("This document was changed by somebody else at the same time. Upload it again.")

    def swap(self, staged: Sequence[Staged]) -> None:
        """Make staged versions the current ones: their predecessors vanish in the same moment.

        Raises Busy, and swaps none, when one of them was discarded meanwhile.
        """
        trace_id = uuid.uuid4().hex
        with self._database.write() as connection:
            _in_commit_order(connection)
            for record in [self._swap(connection, each, trace_id) for each in staged]:
                self._record_in(connection, record)

    def discard(self, staged: Sequence[Staged]) -> None:
        """Drop staged versions and write down their vectors for purging."""
        with self._database.write() as connection:
            _discard(connection, versions.c.id.in_([s.version_id for s in staged]))

    def discard_abandoned(self, all_of_them: bool) -> int:
        """Drop versions whose worker died: those with an expired lease, or every staged one.

        Returns how many there were. `all_of_them` is for a process that knows itself to be alone.
        """
        expired = sa.true() if all_of_them else versions.c.lease_until < self._clock()
        with self._database.write() as connection:
            return _discard(connection, expired)

    def delete(self, document_id: int, deleted_by: int | None = None) -> None:
        """Remove a document with all its versions; its vectors are written down for purging.

        Raises Busy while a new version of it is being made, NotFound when it is gone already.
        """
        with self._database.write() as connection:
            _in_commit_order(connection)
            row = connection.execute(
                sa.select(documents.c.id, documents.c.readers, documents.c.current_version_id)
                .where(documents.c.id == document_id)
                .with_for_update()
            ).one_or_none()
            if row is None:
                raise NotFound("This document is already gone.")
            if connection.scalar(sa.select(sa.func.count()).where(*_staged_of(document_id))):
                raise Busy("A new version of this document is being read right now. Try again in a moment.")
            if row.current_version_id is not None:
                _retire(connection, row.current_version_id, row.readers)
            record = deleted(connection, uuid.uuid4().hex, document_id, deleted_by)
            connection.execute(sa.delete(documents).where(documents.c.id == document_id))
            self._record_in(connection, record)

    def pending_purges(self) -> list[Purge]:
        """Vectors still to be deleted, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(purges).order_by(purges.c.id)).all()
        return [Purge(row.id, row.group_key, tuple(row.chunk_ids)) for row in rows]

    def purged(self, purge: Purge) -> None:
        """Note that these vectors are deleted."""
        with self._database.write() as connection:
            connection.execute(sa.delete(purges).where(purges.c.id == purge.id))

    def keep_token_codes(self, codes: Mapping[int, bytes]) -> None:
        """Store what the reranker needs of each chunk beside it; keyed by chunk id."""
        rows = [{"chunk": chunk_id, "codes": code} for chunk_id, code in codes.items()]
        update = (
            sa.update(chunks)
            .where(chunks.c.id == sa.bindparam("chunk"))
            .values(token_codes=sa.bindparam("codes"))
        )
        if rows:
            with self._database.write() as connection:
                connection.execute(update, rows)

    def current_chunks(self, document_id: int) -> tuple[str, dict[str, KnownChunk]]:
        """The reading group and, by indexed text, the chunks of the current version.

        Empty when there is none or another embedding model made its vectors.
        """
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(chunks.c.id, chunks.c.indexed_text, chunks.c.token_codes, versions.c.readers)
                .join(versions, chunks.c.version_id == versions.c.id)
                .where(versions.c.document_id == document_id, versions.c.state == "current")
                .where(versions.c.embedding == self._embedding)
            ).all()
        known = {row.indexed_text: KnownChunk(row.id, row.token_codes) for row in rows}
        return (rows[0].readers if rows else "", known)

    def names(self, origin: str) -> dict[str, int]:
        """Document ids by name, of the documents that came from there."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(documents.c.name, documents.c.id).where(documents.c.origin == origin)
            ).all()
        return {row.name: row.id for row in rows}

    def _is_current(
        self, connection: sa.Connection, name: str, sha256: str, readers: str, data_class: DataClass
    ) -> bool:
        return (
            connection.scalar(
                sa.select(versions.c.id)
                .join(documents, documents.c.current_version_id == versions.c.id)
                .where(documents.c.name == name, versions.c.sha256 == sha256)
                .where(versions.c.readers == readers, versions.c.embedding == self._embedding)
                .where(versions.c.data_class == data_class.word)
            )
            is not None
        )

    def _stage(self, connection: sa.Connection, draft: Draft) -> Staged | None:
        if self._is_current(connection, draft.name, draft.sha256, draft.readers, draft.data_class):
            return None
        try:
            with connection.begin_nested():
                return self._insert(connection, draft, self._document_id(connection, draft))
        except IntegrityError:
            # The unique index on staged versions: somebody else is at this document.
            return None

    def _document_id(self, connection: sa.Connection, draft: Draft) -> int:
        found = connection.scalar(
            sa.select(documents.c.id).where(documents.c.name == draft.name).with_for_update()
        )
        if found is not None:
            _discard(
                connection,
                sa.and_(*_staged_of(found), versions.c.lease_until < self._clock()),
                keep_empty=True,
            )
            return int(found)
        return _new_id(
            connection,
            sa.insert(documents).values(
                name=draft.name,
                owner_id=draft.owner_id,
                department_id=draft.department,
                readers=draft.readers,
                origin=draft.origin,
                created_at=self._clock(),
            ),
        )

    def _insert(self, connection: sa.Connection, draft: Draft, document_id: int) -> Staged:
        number = 1 + (
            connection.scalar(
                sa.select(sa.func.max(versions.c.number)).where(versions.c.document_id == document_id)
            )
            or 0
        )
        loaded = draft.loaded
        version_id = _new_id(
            connection,
            sa.insert(versions).values(
                document_id=document_id,
                number=number,
                state="staged",
                sha256=draft.sha256,
                readers=draft.readers,
                data_class=draft.data_class.word,
                embedding=self._embedding,
                title=loaded.title,
                text=loaded.text,
                sections=[
                    {"path": list(s.heading_path), "page": s.page, "start": s.start, "end": s.end}
                    for s in loaded.sections
                ],
                pages=loaded.pages,
                chunk_count=len(draft.spans),
                byte_count=len(draft.content),
                created_by=draft.created_by,
                created_at=self._clock(),
                lease_until=self._clock() + LEASE,
            ),
        )
        connection.execute(sa.insert(files).values(version_id=version_id, content=draft.content))
        rows = [
            {
                "version_id": version_id,
                "heading_path": list(span.heading_path),
                "page": span.page,
                "start": span.start,
                "end": span.end,
                "indexed_text": span.indexed_text,
                "terms": " ".join(terms),
            }
            for span, terms in zip(draft.spans, draft.terms, strict=True)
        ]
        if rows:
            connection.execute(sa.insert(chunks), rows)
        # Their ids in the order of the spans: both databases number the rows as they are given.
        ids = connection.scalars(
            sa.select(chunks.c.id)
            .where(chunks.c.version_id == version_id)
            .order_by(chunks.c.start, chunks.c.id)
        )
        return Staged(version_id, document_id, number, draft.readers, tuple(ids))

    def _swap(self, connection: sa.Connection, staged: Staged, trace_id: str) -> Record:
        document = connection.execute(
            sa.select(documents.c.current_version_id, documents.c.readers)
            .where(documents.c.id == staged.document_id)
            .with_for_update()
        ).one_or_none()
        previous = None if document is None else document.current_version_id
        if document is not None and previous is not None:
            _retire(connection, previous, document.readers)
        promoted = connection.execute(
            sa.update(versions)
            .where(versions.c.id == staged.version_id, versions.c.state == "staged")
            .values(state="current", lease_until=None)
        ).rowcount
        if promoted != 1:
            raise Busy("This document was changed by somebody else at the same time. Upload it again.")
        connection.execute(
            sa.update(documents)
            .where(documents.c.id == staged.document_id)
            .values(current_version_id=staged.version_id, readers=staged.readers)
        )
        _note_change(connection, "add", staged.readers, staged.version_id, staged.chunk_ids)
        return now_current(connection, trace_id, staged.version_id, previous)


def _new_id(connection: sa.Connection, insert: sa.Insert) -> int:
    key = connection.execute(insert).inserted_primary_key
    if key is None:
        raise RuntimeError("the database gave no id for a new row")
    return int(key[0])


def _staged_of(document_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (versions.c.document_id == document_id, versions.c.state == "staged")


def _chunk_ids(connection: sa.Connection, version_id: int) -> list[int]:
    return list(
        connection.scalars(
            sa.select(chunks.c.id).where(chunks.c.version_id == version_id).order_by(chunks.c.id)
        )
    )


def _retire(connection: sa.Connection, version_id: int, group: str) -> None:
    ids = _chunk_ids(connection, version_id)
    connection.execute(sa.update(versions).where(versions.c.id == version_id).values(state="retired"))
    connection.execute(sa.delete(chunks).where(chunks.c.version_id == version_id))
    connection.execute(sa.delete(files).where(files.c.version_id == version_id))
    _note_purge(connection, group, version_id, ids)
    _note_change(connection, "remove", group, version_id, ids)


def _discard(connection: sa.Connection, which: sa.ColumnElement[bool], keep_empty: bool = False) -> int:
    rows = connection.execute(
        sa.select(versions.c.id, versions.c.document_id, versions.c.readers).where(
            versions.c.state == "staged", which
        )
    ).all()
    for row in rows:
        _note_purge(connection, row.readers, row.id, _chunk_ids(connection, row.id))
        connection.execute(sa.delete(versions).where(versions.c.id == row.id))
        if not keep_empty:
            remaining = sa.select(versions.c.id).where(versions.c.document_id == row.document_id).exists()
            connection.execute(sa.delete(documents).where(documents.c.id == row.document_id, ~remaining))
    return len(rows)


def _note_purge(connection: sa.Connection, group: str, version_id: int, ids: Sequence[int]) -> None:
    values = {"group_key": group, "version_id": version_id, "chunk_ids": list(ids)}
    connection.execute(sa.insert(purges).values(values))


def _in_commit_order(connection: sa.Connection) -> None:
    """Who has seen a change has seen all with lower ids; PostgreSQL alone gives ids out before commits."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CHANGES_LOCK)))


def _note_change(
    connection: sa.Connection, kind: str, group: str, version_id: int, ids: Sequence[int]
) -> None:
    values: dict[str, Any] = {"kind": kind, "group_key": group, "version_id": version_id}
    connection.execute(sa.insert(changes).values(values | {"chunk_ids": list(ids)}))
