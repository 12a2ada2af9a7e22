"""The journal and its keys."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from core.tables.common import metadata

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
