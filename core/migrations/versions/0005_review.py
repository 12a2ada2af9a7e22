"""Review tasks, their decisions and the verified answers that come of them.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "conversations", sa.Column("unread", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    _verified_answers()
    _tasks()
    op.create_table(
        "regression_cases",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("readers", sa.String(length=1000), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _reference("regression_cases", "task_id", "review_tasks", "CASCADE"),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_regression_cases")),
    )
    op.create_table(
        "review_outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_review_outbox_due_at"), "review_outbox", ["due_at"])


def _verified_answers() -> None:
    op.create_table(
        "verified_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("question_key", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("readers", sa.String(length=1000), nullable=False),
        sa.Column("department_id", sa.String(length=64), nullable=False),
        sa.Column("verified_by", sa.Integer(), nullable=False),
        sa.Column("verified_at", MOMENT, nullable=False),
        sa.Column("reused", sa.Integer(), nullable=False),
        _reference("verified_answers", "department_id", "departments"),
        _reference("verified_answers", "verified_by", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verified_answers")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_verified_answers_state_question_key"), "verified_answers", ["state", "question_key"]
    )
    op.create_table(
        "verified_sources",
        sa.Column("verified_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        _reference("verified_sources", "verified_id", "verified_answers", "CASCADE"),
        sa.PrimaryKeyConstraint("verified_id", "document_id", name=op.f("pk_verified_sources")),
    )
    op.create_index(op.f("ix_verified_sources_document_id"), "verified_sources", ["document_id"])


def _tasks() -> None:
    op.create_table(
        "review_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("trace_id", sa.String(length=32), nullable=False),
        sa.Column("asker_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("reply_id", sa.Integer(), nullable=True),
        sa.Column("verified_id", sa.Integer(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("draft_text", sa.Text(), nullable=True),
        sa.Column("draft", sa.JSON(), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("passages", sa.JSON(), nullable=False),
        sa.Column("readers", sa.String(length=1000), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("urgent_from", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("assigned_to", sa.Integer(), nullable=True),
        sa.Column("holder_id", sa.Integer(), nullable=True),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("override_reason", sa.Text(), nullable=True),
        sa.Column("given_text", sa.Text(), nullable=True),
        *(_reference("review_tasks", column, "people") for column in _PEOPLE),
        _reference("review_tasks", "department_id", "departments"),
        _reference("review_tasks", "conversation_id", "conversations", "SET NULL"),
        _reference("review_tasks", "message_id", "messages", "SET NULL"),
        _reference("review_tasks", "reply_id", "messages", "SET NULL"),
        _reference("review_tasks", "verified_id", "verified_answers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_tasks")),
        sa.UniqueConstraint("trace_id", "kind", name=op.f("uq_review_tasks_trace_id_kind")),
        sa.UniqueConstraint("message_id", "kind", name=op.f("uq_review_tasks_message_id_kind")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_review_tasks_state_urgent_from_id"), "review_tasks", ["state", "urgent_from", "id"]
    )
    op.create_index(op.f("ix_review_tasks_reply_id"), "review_tasks", ["reply_id"])
    op.create_index(op.f("ix_review_tasks_decided_at"), "review_tasks", ["decided_at"])
    op.create_table(
        "review_sources",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        _reference("review_sources", "task_id", "review_tasks", "CASCADE"),
        sa.PrimaryKeyConstraint("task_id", "document_id", name=op.f("pk_review_sources")),
    )
    op.create_index(op.f("ix_review_sources_document_id"), "review_sources", ["document_id"])
    op.create_table(
        "review_comments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        _reference("review_comments", "task_id", "review_tasks", "CASCADE"),
        _reference("review_comments", "person_id", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_comments")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_review_comments_task_id"), "review_comments", ["task_id"])


_PEOPLE = ("asker_id", "assigned_to", "holder_id", "decided_by")


def _reference(
    table: str, column: str, referred: str, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{referred}.id"], name=op.f(f"fk_{table}_{column}_{referred}"), ondelete=ondelete
    )


def downgrade() -> None:
    for name in (
        "review_outbox",
        "regression_cases",
        "review_comments",
        "review_sources",
        "review_tasks",
        "verified_sources",
        "verified_answers",
    ):
        op.drop_table(name)
    op.drop_column("conversations", "unread")
