"""The tables, in SQLAlchemy Core. The migrations make them; a test keeps the two equal.

Ids of chunks and versions are never used again (`sqlite_autoincrement`), so that a left-over vector
can never be taken for a new chunk.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite keeps no zone, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """To an aware datetime."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


departments = Table(
    "departments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(320), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("department_id", String(64), ForeignKey("departments.id"), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("password_hash", Text),
    Column("demonstration", Boolean, nullable=False, server_default=text("false")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("person_id", Integer, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "person_id"),
)

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

conversations = Table(
    "conversations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", Integer, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(None, "person_id", "updated_at"),
    sqlite_autoincrement=True,
)

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation_id", Integer, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("author", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("answer", JSON),
    Column("trace_id", String(32), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("rating", Integer),
    Column("rating_reason", Text),
    Index(None, "conversation_id"),
    Index(None, "trace_id"),
    sqlite_autoincrement=True,
)

budgets = Table(
    "budgets",
    metadata,
    Column("scope_kind", String(16), primary_key=True),
    Column("scope_id", String(64), primary_key=True),
    Column("period", String(8), nullable=False),
    Column("limit_microusd", BigInteger, nullable=False),
    Column("set_by", Integer, ForeignKey("people.id")),
    Column("set_at", UtcDateTime, nullable=False),
)

budget_counters = Table(
    "budget_counters",
    metadata,
    Column("scope_kind", String(16), primary_key=True),
    Column("scope_id", String(64), primary_key=True),
    Column("period", String(8), primary_key=True),
    Column("starts_on", Date, primary_key=True),
    Column("spent_microusd", BigInteger, nullable=False),
    Column("held_microusd", BigInteger, nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("department", String(64), nullable=False),
    Column("person_id", Integer),
    Column("trace_id", String(32), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("demonstration", Boolean, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("ttl_s", Integer, nullable=False),
    Index(None, "expires_at"),
)

hold_parts = Table(
    "hold_parts",
    metadata,
    Column("hold_id", String(32), ForeignKey("holds.id", ondelete="CASCADE"), primary_key=True),
    Column("scope_kind", String(16), primary_key=True),
    Column("scope_id", String(64), primary_key=True),
    Column("amount_microusd", BigInteger, nullable=False),
)

charges = Table(
    "charges",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hold_id", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("day", Date, nullable=False),
    Column("department", String(64), nullable=False),
    Column("person_id", Integer),
    Column("trace_id", String(32), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("demonstration", Boolean, nullable=False),
    Column("model", String(200), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("deployment", String(200), nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("cost_microusd", BigInteger, nullable=False),
    Column("cached", Boolean, nullable=False),
    Column("saved_microusd", BigInteger, nullable=False),
    Column("saved_ms", BigInteger, nullable=False),
    Column("overdraft_microusd", BigInteger, nullable=False),
    UniqueConstraint("hold_id", "number"),
    Index(None, "day", "department"),
    Index(None, "trace_id"),
    sqlite_autoincrement=True,
)

# The charges of a day, summed up in the transaction that writes them: a report over a month of a
# million charges reads some ten thousand rows. Person 0 stands for calls that nobody asked for.
charge_days = Table(
    "charge_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("department", String(64), primary_key=True),
    Column("person_id", Integer, primary_key=True, autoincrement=False),
    Column("provider", String(64), primary_key=True),
    Column("deployment", String(200), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("purpose", String(32), primary_key=True),
    Column("cached", Boolean, primary_key=True),
    Column("demonstration", Boolean, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cost_microusd", BigInteger, nullable=False),
    Column("saved_microusd", BigInteger, nullable=False),
    Column("saved_ms", BigInteger, nullable=False),
    Column("overdraft_microusd", BigInteger, nullable=False),
)

# Times and data are text here: what is hashed is, byte for byte, what is stored.
journal = Table(
    "journal",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("trace_id", Text, nullable=False),
    Column("at", String(27), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("department", Text),
    Column("person_id", Integer),
    Column("provider", Text),
    Column("model", Text),
    Column("outcome", Text),
    Column("cost_microusd", BigInteger),
    Column("closes", BigInteger),
    Column("data", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "trace_id"),
    Index(None, "at"),
    Index(None, "kind", "seq"),
    Index(None, "person_id", "seq"),
    Index(None, "closes"),
)

journal_keys = Table(
    "journal_keys",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
