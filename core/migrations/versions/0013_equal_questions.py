"""Which waiting questions are equal, and which decision has answered several.

Revision ID: 0013
Revises: 0012
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.Column("question_key", sa.String(length=64), server_default="", nullable=False)
    op.add_column("review_tasks", key)
    op.add_column("review_tasks", sa.Column("answered_with", sa.Integer(), nullable=True))
    _fill()
    op.create_index(op.f("ix_review_tasks_question_key"), "review_tasks", ["question_key"])
    op.create_index(op.f("ix_review_tasks_answered_with"), "review_tasks", ["answered_with"])


def downgrade() -> None:
    op.drop_index(op.f("ix_review_tasks_answered_with"), "review_tasks")
    op.drop_index(op.f("ix_review_tasks_question_key"), "review_tasks")
    op.drop_column("review_tasks", "answered_with")
    op.drop_column("review_tasks", "question_key")


def _fill() -> None:
    tasks = sa.table("review_tasks", sa.column("id"), sa.column("question"), sa.column("question_key"))
    connection = op.get_bind()
    rows = connection.execute(sa.select(tasks.c.id, tasks.c.question)).all()
    keys = [{"of": row.id, "key": _key(row.question)} for row in rows]
    if keys:
        fill = sa.update(tasks).where(tasks.c.id == sa.bindparam("of"))
        connection.execute(fill.values(question_key=sa.bindparam("key")), keys)


def _key(question: str) -> str:
    plain = " ".join(question.casefold().split()).rstrip(" ?!.")
    return hashlib.sha256(plain.encode()).hexdigest()
