"""What decisions teach: signs of judged drafts, what askers saw of them, vectors of verified questions.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("verified_answers", sa.Column("retired_by", sa.Integer(), nullable=True))
    op.add_column("review_tasks", sa.Column("signs", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("review_tasks", sa.Column("shown", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "verified_vectors",
        sa.Column("verified_id", sa.Integer(), nullable=False),
        sa.Column("embedding", sa.String(length=100), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["verified_id"],
            ["verified_answers.id"],
            name=op.f("fk_verified_vectors_verified_id_verified_answers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("verified_id", "embedding", name=op.f("pk_verified_vectors")),
    )


def downgrade() -> None:
    op.drop_table("verified_vectors")
    op.drop_column("review_tasks", "shown")
    op.drop_column("review_tasks", "signs")
    op.drop_column("verified_answers", "retired_by")
