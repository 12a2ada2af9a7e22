"""Puts the proxy together from the parts of the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from limits.strategies import RateLimiter

from core.assistant import Assistant
from core.conversations import Conversations
from core.database import Database
from core.gateway.gateway import Gateway
from core.identity import Identity
from core.journal.journal import Journal
from core.keys import Keys
from core.knowledge.embedding import Embedder, local_embedder
from core.proxy.attendance import Attendance
from core.proxy.proxy import Company, Proxy
from core.review.access import alive
from core.settings import Settings
from core.tables import review_tasks


def build_proxy(
    settings: Settings,
    database: Database,
    gateway: Gateway,
    journal: Journal,
    keys: Keys,
    limiter: RateLimiter,
    identity: Identity,
    assistant: Assistant,
    conversations: Conversations,
    embedder: Embedder,
    clock: Callable[[], datetime],
    timer: Callable[[], float],
    away: str = "",
) -> Proxy:
    """The proxy; nothing of it runs before its first request. `away`: why the assistant does not answer."""

    def known(name: str) -> str:
        return name if gateway.readers.knows(name) else ""

    embedding = known(settings.embedding_model)
    company = Company(
        database,
        gateway,
        journal,
        keys,
        limiter,
        identity.by_email,
        assistant,
        conversations,
        embedding,
        known(settings.reranker),
        lambda: _open_tasks(database),
        # What an embedder behind the gateway reads would cost money and leave the house.
        local_embedder("embedded", 1) if embedding else embedder,
        Attendance(away),
    )
    return Proxy(company, settings.proxy, clock, timer)


def _open_tasks(database: Database) -> int:
    with database.read() as connection:
        count = connection.scalar(sa.select(sa.func.count()).select_from(review_tasks).where(alive()))
    return int(count or 0)
