"""Answers that may be given again."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from core.tables.common import UtcDateTime, metadata

# Answers that may be given again. The questions' embeddings stand here as well as in Chroma: a question with
# facts is found by its signature, and Chroma can be filled anew from here.
cache_entries = Table(
    "cache_entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("cache_key", String(32), nullable=False),
    Column("signature", String(32), nullable=False),
    Column("question", Text, nullable=False),
    Column("vector", LargeBinary),
    Column("text", Text, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("department", String(64), nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("weakest_cosine", Float, nullable=False),
    Column("checked_change", BigInteger, nullable=False),
    Column("cost_microusd", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("took_ms", BigInteger, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("last_used_at", UtcDateTime, nullable=False),
    Column("retired_at", UtcDateTime),
    Column("retired_reason", String(32)),
    Index(None, "cache_key", "signature"),
    Index(None, "retired_at", "last_used_at"),
    sqlite_autoincrement=True,
)

cache_wordings = Table(
    "cache_wordings",
    metadata,
    Column("cache_key", String(32), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("entry_id", Integer, ForeignKey("cache_entries.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "entry_id"),
)

cache_sources = Table(
    "cache_sources",
    metadata,
    Column("entry_id", Integer, ForeignKey("cache_entries.id", ondelete="CASCADE"), primary_key=True),
    Column("chunk_id", Integer, primary_key=True, autoincrement=False),
    Column("document_id", Integer, nullable=False),
    Column("version_id", Integer, nullable=False),
    Column("readers", String(1000), nullable=False),
    Index(None, "document_id"),
)

# Who is answering a question right now: processes that are asked the same wait for the one that was first.
cache_leases = Table(
    "cache_leases",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

cache_counts = Table(
    "cache_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("outcome", String(32), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("saved_microusd", BigInteger, nullable=False),
    Column("saved_tokens", BigInteger, nullable=False),
    Column("saved_ms", BigInteger, nullable=False),
)
