"""How much each document is used: answers that cite it, and verified answers that it has left behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.answering.answer import Outcome
from core.review.verified import ACTIVE, SUSPENDED
from core.tables import documents, messages, verified_answers, verified_sources


def times_cited(connection: sa.Connection, since: datetime) -> dict[int, int]:
    """By document: answers in people's conversations that cite it, each counted once."""
    if connection.dialect.name == "sqlite":
        each = sa.func.json_each(messages.c.answer, "$.citations").table_valued("value")
        cited: sa.ColumnElement[Any] = sa.func.json_extract(each.c.value, "$.document_id")
    else:
        each = sa.func.json_array_elements(messages.c.answer["citations"]).table_valued(
            sa.column("value", sa.JSON)
        )
        cited = each.c.value["document_id"].as_integer()
    # A draft that waits for a reviewer was given to nobody.
    given = messages.c.answer["outcome"].as_string() == Outcome.ANSWERED.value
    query = (
        sa.select(cited.label("document"), sa.func.count(messages.c.id.distinct()).label("answers"))
        .select_from(messages.join(each, sa.true()))
        .where(messages.c.created_at >= since, given)
        .group_by("document")
    )
    return {int(row.document): int(row.answers) for row in connection.execute(query)}


def stale_answers(connection: sa.Connection) -> dict[int, int]:
    """By document: verified answers that rest on an earlier version of it and wait for a reviewer."""
    query = (
        sa.select(documents.c.id, sa.func.count())
        .join(verified_sources, verified_sources.c.document_id == documents.c.id)
        .join(verified_answers, verified_answers.c.id == verified_sources.c.verified_id)
        .where(
            verified_answers.c.state.in_([ACTIVE, SUSPENDED]),
            documents.c.current_version_id != verified_sources.c.version_id,
        )
        .group_by(documents.c.id)
    )
    return {row[0]: int(row[1]) for row in connection.execute(query)}
