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
    Float,
    ForeignKey,
    ForeignKeyConstraint,
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

conversations = Table(
    "conversations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", Integer, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("unread", Boolean, nullable=False, server_default=text("false")),
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

# `state` is open, resolved or withdrawn; a claimed task is an open one whose lease runs, so that an
# expired lease needs nobody to end it. `urgent_from` is the order of the queue (core/review/urgency.py).
review_tasks = Table(
    "review_tasks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("trace_id", String(32), nullable=False),
    Column("asker_id", Integer, ForeignKey("people.id")),
    Column("department_id", String(64), ForeignKey("departments.id"), nullable=False),
    Column("conversation_id", Integer, ForeignKey("conversations.id", ondelete="SET NULL")),
    Column("message_id", Integer, ForeignKey("messages.id", ondelete="SET NULL")),
    Column("reply_id", Integer, ForeignKey("messages.id", ondelete="SET NULL")),
    Column("verified_id", Integer, ForeignKey("verified_answers.id")),
    Column("question", Text, nullable=False),
    Column("reason", Text),
    Column("draft_text", Text),
    Column("draft", JSON),
    Column("findings", JSON, nullable=False),
    Column("confidence", Float),
    Column("signs", JSON(none_as_null=True)),
    Column("shown", JSON(none_as_null=True)),
    Column("passages", JSON, nullable=False),
    Column("readers", String(1000), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("urgent_from", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("assigned_to", Integer, ForeignKey("people.id")),
    Column("holder_id", Integer, ForeignKey("people.id")),
    Column("lease_token", String(32)),
    Column("lease_until", UtcDateTime),
    Column("decision", String(16)),
    Column("decided_by", Integer, ForeignKey("people.id")),
    Column("decided_at", UtcDateTime),
    Column("decision_reason", Text),
    Column("override_reason", Text),
    Column("given_text", Text),
    UniqueConstraint("trace_id", "kind"),
    UniqueConstraint("message_id", "kind"),
    Index(None, "state", "urgent_from", "id"),
    Index(None, "reply_id"),
    Index(None, "decided_at"),
    sqlite_autoincrement=True,
)

review_sources = Table(
    "review_sources",
    metadata,
    Column("task_id", Integer, ForeignKey("review_tasks.id", ondelete="CASCADE"), primary_key=True),
    # No foreign key: a deleted document does not take the question with it.
    Column("document_id", Integer, primary_key=True),
    Column("version_id", Integer, nullable=False),
    Index(None, "document_id"),
)

review_comments = Table(
    "review_comments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("task_id", Integer, ForeignKey("review_tasks.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", Integer, ForeignKey("people.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "task_id"),
    sqlite_autoincrement=True,
)

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

# Each correction, to be asked again by a benchmark: `outcome` is answered or not_found.
regression_cases = Table(
    "regression_cases",
    metadata,
    Column("task_id", Integer, ForeignKey("review_tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("question", Text, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("expected", Text, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("readers", String(1000), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

review_outbox = Table(
    "review_outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("tries", Integer, nullable=False),
    Column("sent_at", UtcDateTime),
    Index(None, "due_at"),
    sqlite_autoincrement=True,
)

# What administrators set while the program runs, in place of a setting.
adjustments = Table(
    "adjustments",
    metadata,
    Column("name", String(300), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("set_by", Integer, ForeignKey("people.id")),
    Column("set_at", UtcDateTime, nullable=False),
)

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
