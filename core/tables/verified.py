"""What people have answered, and what it is found by."""

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
)

from core.tables.common import UtcDateTime, metadata

verified_answers = Table(
    "verified_answers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("question", Text, nullable=False),
    Column("question_key", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("readers", String(1000), nullable=False),
    Column("department_id", String(64), ForeignKey("departments.id"), nullable=False),
    Column("verified_by", Integer, ForeignKey("people.id"), nullable=False),
    Column("verified_at", UtcDateTime, nullable=False),
    Column("reused", Integer, nullable=False),
    # The task whose decision put another answer, or none, in this one's place.
    Column("retired_by", Integer),
    Index(None, "state", "question_key"),
    sqlite_autoincrement=True,
)

verified_sources = Table(
    "verified_sources",
    metadata,
    Column("verified_id", Integer, ForeignKey("verified_answers.id", ondelete="CASCADE"), primary_key=True),
    Column("document_id", Integer, primary_key=True),
    Column("version_id", Integer, nullable=False),
    Index(None, "document_id"),
)

# The embeddings of verified questions: found by meaning, and made anew for another embedding model.
verified_vectors = Table(
    "verified_vectors",
    metadata,
    Column("verified_id", Integer, ForeignKey("verified_answers.id", ondelete="CASCADE"), primary_key=True),
    Column("embedding", String(100), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

# Verified answers as retrieval finds them, one row for an answer and an embedding. A row goes with the words
# that it was made from, and its id is never used again: whatever is kept under it fits. Without a vector
# the answer is not for retrieval, because it is about one person.
verified_passages = Table(
    "verified_passages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("verified_id", Integer, ForeignKey("verified_answers.id", ondelete="CASCADE"), nullable=False),
    Column("embedding", String(100), nullable=False),
    Column("vector", LargeBinary),
    Column("terms", Text, nullable=False),
    Column("token_codes", LargeBinary),
    UniqueConstraint("verified_id", "embedding"),
    Index(None, "embedding"),
    sqlite_autoincrement=True,
)
