"""Budgets, holds and charges."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from core.tables.common import UtcDateTime, metadata

budgets = Table(
    "budgets",
    metadata,
    Column("scope_kind", String(16), primary_key=True),
    Column("scope_id", String(64), primary_key=True),
    Column("period", String(8), nullable=False),
    Column("limit_microusd", BigInteger, nullable=False),
    Column("set_by", Integer, ForeignKey("people.id")),
    Column("set_at", UtcDateTime, nullable=False),
)

budget_counters = Table(
    "budget_counters",
    metadata,
    Column("scope_kind", String(16), primary_key=True),
    Column("scope_id", String(64), primary_key=True),
    Column("period", String(8), primary_key=True),
    Column("starts_on", Date, primary_key=True),
    Column("spent_microusd", BigInteger, nullable=False),
    Column("held_microusd", BigInteger, nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("department", String(64), nullable=False),
    Column("person_id", Integer),
    Column("trace_id", String(32), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("demonstration", Boolean, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("ttl_s", Integer, nullable=False),
    Index(None, "expires_at"),
)

hold_parts = Table(
    "hold_parts",
    metadata,
    Column("hold_id", String(32), ForeignKey("holds.id", ondelete="CASCADE"), primary_key=True),
    Column("scope_kind", String(16), primary_key=True),
    Column("scope_id", String(64), primary_key=True),
    Column("amount_microusd", BigInteger, nullable=False),
)

charges = Table(
    "charges",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hold_id", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("day", Date, nullable=False),
    Column("department", String(64), nullable=False),
    Column("person_id", Integer),
    Column("trace_id", String(32), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("demonstration", Boolean, nullable=False),
    Column("model", String(200), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("deployment", String(200), nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("cost_microusd", BigInteger, nullable=False),
    Column("cached", Boolean, nullable=False),
    Column("saved_microusd", BigInteger, nullable=False),
    Column("saved_ms", BigInteger, nullable=False),
    Column("overdraft_microusd", BigInteger, nullable=False),
    UniqueConstraint("hold_id", "number"),
    Index(None, "day", "department"),
    Index(None, "trace_id"),
    sqlite_autoincrement=True,
)

# The charges of a day, summed up in the transaction that writes them: a report over a month of a
# million charges reads some ten thousand rows. Person 0 stands for calls that nobody asked for.
charge_days = Table(
    "charge_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("department", String(64), primary_key=True),
    Column("person_id", Integer, primary_key=True, autoincrement=False),
    Column("provider", String(64), primary_key=True),
    Column("deployment", String(200), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("purpose", String(32), primary_key=True),
    Column("cached", Boolean, primary_key=True),
    Column("demonstration", Boolean, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cost_microusd", BigInteger, nullable=False),
    Column("saved_microusd", BigInteger, nullable=False),
    Column("saved_ms", BigInteger, nullable=False),
    Column("overdraft_microusd", BigInteger, nullable=False),
)
