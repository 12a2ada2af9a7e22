"""Finding entries: filters on columns, words in the text, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.journal.entries import COLUMNS, Entry, Kind, entry_of, stamp
from core.journal.words import holds_words
from core.tables import journal

_EQUAL = ("department", "person_id", "provider", "model", "outcome")


@dataclass(frozen=True, slots=True)
class Filters:
    """What to keep; None and empty mean anything. `since` is included, `until` is not."""

    since: datetime | None = None
    until: datetime | None = None
    kinds: Sequence[str] = ()
    department: str | None = None
    person_id: int | None = None
    provider: str | None = None
    model: str | None = None
    outcome: str | None = None


def search(
    connection: sa.Connection, filters: Filters, text: str, limit: int, before: int | None
) -> list[Entry]:
    """The newest entries that match, below the number `before`."""
    found = conditions(connection, filters, text)
    if found is None:
        return []
    if before is not None:
        found.append(journal.c.seq < before)
    query = _entries().where(*found).order_by(journal.c.seq.desc()).limit(limit)
    return _all(connection, query)


def conditions(connection: sa.Connection, filters: Filters, text: str) -> list[sa.ColumnElement[bool]] | None:
    """What an entry must fulfil; None when the text has no word, so that nothing can match."""
    found = _conditions(filters)
    if not text.strip():
        return found
    holding = holds_words(connection.dialect.name, text)
    return None if holding is None else [*found, holding]


def trace(connection: sa.Connection, trace_id: str, limit: int | None = None) -> list[Entry]:
    """The entries of one question, oldest first, at most `limit`."""
    query = _entries().where(journal.c.trace_id == trace_id).order_by(journal.c.seq).limit(limit)
    return _all(connection, query)


def open_attempts(connection: sa.Connection, until: datetime) -> list[Entry]:
    """Attempts from before `until` without an outcome, oldest first."""
    outcomes = journal.alias("outcomes")
    query = (
        _entries()
        .where(journal.c.kind == Kind.MODEL_ATTEMPT, journal.c.at < stamp(until))
        .where(~sa.exists().where(outcomes.c.closes == journal.c.seq))
        .order_by(journal.c.seq)
    )
    return _all(connection, query)


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    found = [
        journal.c[name] == getattr(filters, name) for name in _EQUAL if getattr(filters, name) is not None
    ]
    if filters.kinds:
        found.append(journal.c.kind.in_([str(kind) for kind in filters.kinds]))
    if filters.since is not None:
        found.append(journal.c.at >= stamp(filters.since))
    if filters.until is not None:
        found.append(journal.c.at < stamp(filters.until))
    return found


def _entries() -> sa.Select[Any]:
    return sa.select(*(journal.c[name] for name in COLUMNS))


def _all(connection: sa.Connection, query: sa.Select[Any]) -> list[Entry]:
    return [entry_of(dict(row._mapping)) for row in connection.execute(query)]
