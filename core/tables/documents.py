"""Documents, their versions and chunks, and what changed."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.tables.common import UtcDateTime, metadata

documents = Table(
    "documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(500), nullable=False, unique=True),
    Column("owner_id", Integer, ForeignKey("people.id")),
    Column("department_id", String(64), ForeignKey("departments.id"), nullable=False),
    Column("current_version_id", Integer),
    Column("readers", String(1000), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "readers"),
    sqlite_autoincrement=True,
)

versions = Table(
    "document_versions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("readers", String(1000), nullable=False),
    Column("data_class", String(16), nullable=False, server_default=text("'internal'")),
    Column("embedding", String(100), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("sections", JSON, nullable=False),
    Column("pages", Integer),
    Column("chunk_count", Integer, nullable=False),
    Column("byte_count", Integer, nullable=False),
    Column("created_by", Integer, ForeignKey("people.id")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime),
    UniqueConstraint("document_id", "number"),
    Index(
        "uq_document_versions_one_staged",
        "document_id",
        unique=True,
        sqlite_where=text("state = 'staged'"),
        postgresql_where=text("state = 'staged'"),
    ),
    Index(
        "uq_document_versions_one_current",
        "document_id",
        unique=True,
        sqlite_where=text("state = 'current'"),
        postgresql_where=text("state = 'current'"),
    ),
    sqlite_autoincrement=True,
)

files = Table(
    "document_files",
    metadata,
    Column("version_id", Integer, ForeignKey("document_versions.id", ondelete="CASCADE"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

chunks = Table(
    "chunks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version_id", Integer, ForeignKey("document_versions.id", ondelete="CASCADE"), nullable=False),
    Column("heading_path", JSON, nullable=False),
    Column("page", Integer),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("indexed_text", Text, nullable=False),
    Column("terms", Text, nullable=False),
    Column("token_codes", LargeBinary),
    Index(None, "version_id"),
    sqlite_autoincrement=True,
)

purges = Table(
    "vector_purges",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_key", String(1000), nullable=False),
    Column("version_id", Integer, nullable=False),
    Column("chunk_ids", JSON, nullable=False),
    sqlite_autoincrement=True,
)

changes = Table(
    "index_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("group_key", String(1000), nullable=False),
    Column("version_id", Integer, nullable=False),
    Column("chunk_ids", JSON, nullable=False),
    sqlite_autoincrement=True,
)
