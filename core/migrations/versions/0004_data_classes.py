"""How sensitive a document's text is.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column(
        "data_class", sa.String(length=16), server_default=sa.text("'internal'"), nullable=False
    )
    op.add_column("document_versions", column)


def downgrade() -> None:
    op.drop_column("document_versions", "data_class")
