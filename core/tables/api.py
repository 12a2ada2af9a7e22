"""Keys of other applications, and their replies."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from core.tables.common import UtcDateTime, metadata

# Keys of other applications. `secret_sha256` is all that is kept of the secret; `person_id` is the account
# that the key's conversations and charges belong to. Without `models` the key may use all of them.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("department_id", String(64), ForeignKey("departments.id"), nullable=False),
    Column("person_id", Integer, ForeignKey("people.id"), nullable=False),
    Column("reads_documents", Boolean, nullable=False),
    Column("models", JSON(none_as_null=True)),
    Column("requests_per_min", Integer),
    Column("tokens_per_min", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Integer, ForeignKey("people.id"), nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

# Replies that are given again: to the same Idempotency-Key, or, for those who ask for it, to an equal
# request. A row without a reply is a request that is being answered, by whoever holds its `claim`.
api_replies = Table(
    "api_replies",
    metadata,
    Column("key_id", String(16), ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("request_sha256", String(64), nullable=False),
    Column("claim", String(32), nullable=False),
    Column("reply", JSON(none_as_null=True)),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "expires_at"),
)

# What a kept reply answers, for requests that mean the same: `scope` stands for all that must be equal.
api_questions = Table(
    "api_questions",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("scope", String(64), nullable=False),
    Column("question", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["key_id", "kind", "digest"],
        ["api_replies.key_id", "api_replies.kind", "api_replies.digest"],
        ondelete="CASCADE",
    ),
    Index(None, "key_id", "scope"),
)
