"""Notifications, written in the transaction of the fact that they tell; a worker sends them later.

They hold no word of a question or an answer, because a channel has readers of its own: what waits,
from which department, until when, and where to look. Only configured channels are written to.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.review.tasks import TaskKind
from core.tables import departments, people, review_outbox


class Channel(StrEnum):
    """How a notification leaves. The stored values are never renamed."""

    WEBHOOK = "webhook"
    EMAIL = "email"


KIND_WORDS = {
    TaskKind.FLAGGED: "an answer that did not pass its checks",
    TaskKind.ASKED: "a person was asked for",
    TaskKind.REPORTED: "an answer was reported",
    TaskKind.STALE: "a source of a verified answer has changed",
}


class Outbox:
    """Writes notifications. `address` is where this desk is reached, `channels` what is configured."""

    def __init__(self, address: str, channels: frozenset[Channel]) -> None:
        self._address = address.rstrip("/")
        self._channels = channels

    def waits(
        self,
        connection: sa.Connection,
        task_id: int,
        kind: TaskKind,
        department: str,
        due: datetime,
        now: datetime,
    ) -> None:
        """Tell the reviewers' channel that a task waits; `department` is an id."""
        if Channel.WEBHOOK not in self._channels:
            return
        name = connection.scalar(sa.select(departments.c.name).where(departments.c.id == department))
        text = (
            f"A question from {_slack(name or department)} waits for review ({KIND_WORDS[kind]}), "
            f"to be decided by {due:%d %b %Y, %H:%M} UTC: {self._address}/review?task={task_id}"
        )
        _write(connection, Channel.WEBHOOK, {"text": text}, now)

    def answered(self, connection: sa.Connection, asker_id: int, now: datetime) -> None:
        """Tell the asker by e-mail that an answer has arrived."""
        if Channel.EMAIL not in self._channels:
            return
        address = connection.scalar(sa.select(people.c.email).where(people.c.id == asker_id, people.c.active))
        if address is None:
            return
        text = f"A colleague has answered your question. Read the answer here: {self._address}/\n"
        payload = {"to": address, "subject": "Your question has been answered", "text": text}
        _write(connection, Channel.EMAIL, payload, now)


def _write(connection: sa.Connection, channel: Channel, payload: dict[str, Any], now: datetime) -> None:
    connection.execute(
        sa.insert(review_outbox).values(
            channel=channel.value, payload=payload, created_at=now, due_at=now, tries=0
        )
    )


def _slack(text: str) -> str:
    """Slack reads these three as marks of its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
