"""Verified answers as retrieval finds them.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "verified_passages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("verified_id", sa.Integer(), nullable=False),
        sa.Column("embedding", sa.String(length=100), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("token_codes", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["verified_id"],
            ["verified_answers.id"],
            name=op.f("fk_verified_passages_verified_id_verified_answers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verified_passages")),
        sa.UniqueConstraint(
            "verified_id", "embedding", name=op.f("uq_verified_passages_verified_id_embedding")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_verified_passages_embedding"), "verified_passages", ["embedding"])


def downgrade() -> None:
    op.drop_index(op.f("ix_verified_passages_embedding"), table_name="verified_passages")
    op.drop_table("verified_passages")
