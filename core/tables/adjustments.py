"""What administrators set while the program runs."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table

from core.tables.common import UtcDateTime, metadata

# What administrators set while the program runs, in place of a setting.
adjustments = Table(
    "adjustments",
    metadata,
    Column("name", String(300), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("set_by", Integer, ForeignKey("people.id")),
    Column("set_at", UtcDateTime, nullable=False),
)
