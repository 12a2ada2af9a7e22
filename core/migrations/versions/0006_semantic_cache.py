"""Answers that may be given again.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "cache_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cache_key", sa.String(length=32), nullable=False),
        sa.Column("signature", sa.String(length=32), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("weakest_cosine", sa.Float(), nullable=False),
        sa.Column("checked_change", sa.BigInteger(), nullable=False),
        sa.Column("cost_microusd", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("took_ms", sa.BigInteger(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.Column("retired_reason", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cache_entries")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_cache_entries_cache_key_signature"), "cache_entries", ["cache_key", "signature"])
    op.create_index(
        op.f("ix_cache_entries_retired_at_last_used_at"), "cache_entries", ["retired_at", "last_used_at"]
    )
    op.create_table(
        "cache_wordings",
        sa.Column("cache_key", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        _of_entry("cache_wordings"),
        sa.PrimaryKeyConstraint("cache_key", "sha256", "entry_id", name=op.f("pk_cache_wordings")),
    )
    op.create_index(op.f("ix_cache_wordings_entry_id"), "cache_wordings", ["entry_id"])
    op.create_table(
        "cache_sources",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("chunk_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("readers", sa.String(length=1000), nullable=False),
        _of_entry("cache_sources"),
        sa.PrimaryKeyConstraint("entry_id", "chunk_id", name=op.f("pk_cache_sources")),
    )
    op.create_index(op.f("ix_cache_sources_document_id"), "cache_sources", ["document_id"])
    op.create_table(
        "cache_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("saved_microusd", sa.BigInteger(), nullable=False),
        sa.Column("saved_tokens", sa.BigInteger(), nullable=False),
        sa.Column("saved_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "outcome", name=op.f("pk_cache_counts")),
    )


def _of_entry(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["entry_id"],
        ["cache_entries.id"],
        name=op.f(f"fk_{table}_entry_id_cache_entries"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    for name in ("cache_counts", "cache_sources", "cache_wordings", "cache_entries"):
        op.drop_table(name)
