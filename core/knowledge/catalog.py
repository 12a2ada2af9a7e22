"""What is in the knowledge base, as a person may see it: the read side of documents and chunks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from core.database import Database
from core.errors import NotFound
from core.knowledge.superseded import OPENING_CHARS
from core.tables import chunks, documents, files, people, verified_passages, versions
from core.types import Chunk, DataClass, Person, Readership, Role, Section


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document as the list shows it."""

    id: int
    name: str
    title: str
    owner: str | None
    department: str
    readership: Readership
    version: int
    version_id: int
    pages: int | None
    chunk_count: int
    byte_count: int
    updated_at: datetime
    data_class: DataClass = DataClass.INTERNAL


@dataclass(frozen=True, slots=True)
class DocumentText:
    """One version of a document, opened for reading."""

    info: DocumentInfo
    version: int
    text: str
    sections: tuple[Section, ...]
    superseded: bool


@dataclass(frozen=True, slots=True)
class ChunkView:
    """A chunk as the preview shows it: where it lies, and exactly what is indexed."""

    heading_path: tuple[str, ...]
    page: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """How much a person can ask about: documents they may read, and when one last changed."""

    document_count: int
    updated_at: datetime | None


def may_manage(person: Person, department: str) -> bool:
    """Whether this person may replace, re-scope and delete documents kept by the department."""
    return person.has(Role.ADMINISTRATOR) or (person.has(Role.OWNER) and person.department == department)


class Catalog:
    """Reads documents, versions and chunks; every method that serves a person checks who it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def readable_groups(self, person: Person) -> frozenset[str]:
        """The reading groups, among those in use, that admit this person."""
        with self._database.read() as connection:
            keys = connection.scalars(
                sa.select(documents.c.readers).where(documents.c.current_version_id.is_not(None)).distinct()
            )
            return frozenset(key for key in keys if Readership.from_key(key).admits(person))

    def chunks(self, ids: Collection[int]) -> dict[int, Chunk]:
        """The chunks of current versions among `ids`; others are absent."""
        if not ids:
            return {}
        with self._database.read() as connection:
            rows = connection.execute(_chunk_query().where(chunks.c.id.in_(list(ids)))).all()
        return {row.id: _chunk(row) for row in rows}

    def token_codes(self, ids: Sequence[int]) -> dict[int, bytes]:
        """What the embedded reranker keeps of these chunks; absent where it was not kept.

        Ids below 0 are those of verified answers.
        """
        answers = [-i for i in ids if i < 0]
        kept = _token_codes(chunks, [i for i in ids if i > 0])
        with self._database.read() as connection:
            found = {row.id: row.token_codes for row in connection.execute(kept)}
            if answers:
                rows = connection.execute(_token_codes(verified_passages, answers))
                found |= {-row.id: row.token_codes for row in rows}
        return found

    def documents(self, person: Person) -> list[DocumentInfo]:
        """The documents that this person may read or manage, by title."""
        with self._database.read() as connection:
            rows = connection.execute(_info_query()).all()
        infos = [_info(row) for row in rows]
        visible = [i for i in infos if i.readership.admits(person) or may_manage(person, i.department)]
        return sorted(visible, key=lambda info: info.title.casefold())

    def document(self, person: Person, document_id: int) -> DocumentInfo:
        """One document; NotFound when there is none or it is neither this person's to read nor to manage."""
        with self._database.read() as connection:
            row = connection.execute(_info_query().where(documents.c.id == document_id)).one_or_none()
        info = None if row is None else _info(row)
        if info is None or not (info.readership.admits(person) or may_manage(person, info.department)):
            raise NotFound("There is no such document, or you may not read it.")
        return info

    def open(self, person: Person, document_id: int, version_id: int | None = None) -> DocumentText:
        """The text of a document, in its current version or an earlier one.

        The person must be admitted by the document as it is now and by that version as it was.
        """
        info = self.document(person, document_id)
        with self._database.read() as connection:
            row = connection.execute(
                sa.select(versions).where(
                    versions.c.document_id == document_id,
                    versions.c.id == (info.version_id if version_id is None else version_id),
                    versions.c.state.in_(["current", "retired"]),
                )
            ).one_or_none()
        readable = info.readership.admits(person)
        if row is None or not readable or not Readership.from_key(row.readers).admits(person):
            raise NotFound("There is no such document, or you may not read it.")
        sections = tuple(Section(tuple(s["path"]), s["page"], s["start"], s["end"]) for s in row.sections)
        return DocumentText(info, row.number, row.text, sections, superseded=row.state == "retired")

    def preview(self, person: Person, document_id: int) -> list[ChunkView]:
        """The chunks of the current version, for a person who may read it."""
        opened = self.open(person, document_id)
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(chunks).where(chunks.c.version_id == opened.info.version_id).order_by(chunks.c.id)
            ).all()
        return [
            ChunkView(tuple(row.heading_path), row.page, opened.text[row.start : row.end]) for row in rows
        ]

    def file(self, person: Person, document_id: int) -> tuple[str, bytes]:
        """The original file of the current version as (file name, content)."""
        info = self.open(person, document_id).info
        return info.name.rsplit("/", 1)[-1], self.content(info.version_id)

    def content(self, version_id: int) -> bytes:
        """The file of a version; for core itself, which has checked the person before."""
        with self._database.read() as connection:
            content = connection.scalar(sa.select(files.c.content).where(files.c.version_id == version_id))
        if content is None:
            raise NotFound("The original file of this document is no longer kept.")
        return bytes(content)

    def keeping(self, document_id: int) -> tuple[str, int | None]:
        """Where a document came from, and the id of its owner."""
        with self._database.read() as connection:
            row = connection.execute(
                sa.select(documents.c.origin, documents.c.owner_id).where(documents.c.id == document_id)
            ).one()
        return row.origin, row.owner_id

    def data_class_of(self, name: str) -> DataClass:
        """The class of the document of this name; internal where there is none yet."""
        query = sa.select(versions.c.data_class).join(
            documents, documents.c.current_version_id == versions.c.id
        )
        with self._database.read() as connection:
            word = connection.scalar(query.where(documents.c.name == name))
        return DataClass.INTERNAL if word is None else DataClass.named(word)

    def dated(self, version_id: int) -> date | None:
        """The day on which a version was added."""
        query = sa.select(versions.c.created_at).where(versions.c.id == version_id)
        with self._database.read() as connection:
            made: datetime | None = connection.scalar(query)
        return None if made is None else made.date()

    def opening(self, version_id: int) -> str:
        """The first OPENING_CHARS of a version's text; empty where there is none."""
        query = sa.select(sa.func.substr(versions.c.text, 1, OPENING_CHARS)).where(
            versions.c.id == version_id
        )
        with self._database.read() as connection:
            return connection.scalar(query) or ""

    def outdated(self, embedding: str) -> list[DocumentInfo]:
        """Documents whose vectors were made by another embedding model than this one."""
        with self._database.read() as connection:
            rows = connection.execute(_info_query().where(versions.c.embedding != embedding)).all()
        return [_info(row) for row in rows]

    def chunk_ids(self, version_id: int) -> list[int]:
        """The chunks of a version."""
        with self._database.read() as connection:
            return list(connection.scalars(sa.select(chunks.c.id).where(chunks.c.version_id == version_id)))

    def version_count(self, document_id: int) -> int:
        """How many versions of a document are kept, in whatever state."""
        with self._database.read() as connection:
            query = sa.select(sa.func.count()).where(versions.c.document_id == document_id)
            return connection.scalar(query) or 0

    def freshness(self, person: Person) -> Freshness:
        """How many documents this person may read, and when the newest changed."""
        readable = [i for i in self.documents(person) if i.readership.admits(person)]
        return Freshness(len(readable), max((i.updated_at for i in readable), default=None))

    def is_empty(self) -> bool:
        """Whether the knowledge base holds no document at all."""
        with self._database.read() as connection:
            return connection.scalar(
                sa.select(sa.func.count()).where(documents.c.current_version_id.is_not(None))
            ) in (0, None)


# All but the token codes, which are seven kilobytes a chunk.
_CHUNK_COLUMNS = tuple(column for column in chunks.c if column.name not in ("token_codes", "terms"))


def _token_codes(table: sa.Table, ids: Sequence[int]) -> sa.Select[Any]:
    query = sa.select(table.c.id, table.c.token_codes)
    return query.where(table.c.id.in_(ids), table.c.token_codes.is_not(None))


def _chunk_query() -> sa.Select[Any]:
    # Cut out in the database: a long document's whole text is not read for one passage of it.
    passage = sa.func.substr(versions.c.text, chunks.c.start + 1, chunks.c.end - chunks.c.start)
    return (
        sa.select(*_CHUNK_COLUMNS, passage.label("passage"), versions.c.document_id, versions.c.title)
        .add_columns(versions.c.number, versions.c.readers, versions.c.data_class)
        .join(versions, chunks.c.version_id == versions.c.id)
        .where(versions.c.state == "current")
    )


def _chunk(row: sa.Row[Any]) -> Chunk:
    return Chunk(
        id=row.id,
        document_id=row.document_id,
        version_id=row.version_id,
        title=row.title,
        version=row.number,
        readers=row.readers,
        heading_path=tuple(row.heading_path),
        page=row.page,
        start=row.start,
        end=row.end,
        text=row.passage,
        indexed_text=row.indexed_text,
        data_class=DataClass.named(row.data_class),
    )


def _info_query() -> sa.Select[Any]:
    return (
        sa.select(
            documents.c.id,
            documents.c.name,
            documents.c.department_id,
            documents.c.readers,
            people.c.name.label("owner"),
            versions.c.id.label("version_id"),
            versions.c.title,
            versions.c.number,
            versions.c.pages,
            versions.c.chunk_count,
            versions.c.byte_count,
            versions.c.created_at,
            versions.c.data_class,
        )
        .join(versions, documents.c.current_version_id == versions.c.id)
        .outerjoin(people, documents.c.owner_id == people.c.id)
    )


def _info(row: sa.Row[Any]) -> DocumentInfo:
    return DocumentInfo(
        id=row.id,
        name=row.name,
        title=row.title,
        owner=row.owner,
        department=row.department_id,
        readership=Readership.from_key(row.readers),
        version=row.number,
        version_id=row.version_id,
        pages=row.pages,
        chunk_count=row.chunk_count,
        byte_count=row.byte_count,
        updated_at=row.created_at,
        data_class=DataClass.named(row.data_class),
    )
