"""What the kept replies of applications answer, for requests that mean the same.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_questions",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id", "kind", "digest"],
            ["api_replies.key_id", "api_replies.kind", "api_replies.digest"],
            name=op.f("fk_api_questions_key_id_api_replies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key_id", "kind", "digest", name=op.f("pk_api_questions")),
    )
    op.create_index(op.f("ix_api_questions_key_id_scope"), "api_questions", ["key_id", "scope"])
