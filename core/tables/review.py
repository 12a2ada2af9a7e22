"""The review queue and what it sends and teaches."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from core.tables.common import UtcDateTime, metadata

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
    Column("question_key", String(64), nullable=False, server_default=""),
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
    # The task with an equal question whose decision has answered this one as well.
    Column("answered_with", Integer),
    UniqueConstraint("trace_id", "kind"),
    UniqueConstraint("message_id", "kind"),
    Index(None, "state", "urgent_from", "id"),
    Index(None, "reply_id"),
    Index(None, "decided_at"),
    Index(None, "question_key"),
    Index(None, "answered_with"),
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
