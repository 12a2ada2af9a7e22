"""The proxy as one part: built once, an ASGI application, closed at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from limits.strategies import RateLimiter
from starlette.types import Receive, Scope, Send

from core.database import Database
from core.gateway.gateway import Gateway
from core.journal.journal import Journal
from core.keys import Keys
from core.knowledge.embedding import Embedder
from core.proxy.app import Parts, application
from core.proxy.assistant_model import Asks, AssistantModel, Keeps
from core.proxy.attendance import Attendance
from core.proxy.bridge import Bridge
from core.proxy.chats import Chats
from core.proxy.front import Front
from core.proxy.gate import Gate
from core.proxy.meaning import Meaning
from core.proxy.metrics import Metrics
from core.proxy.observing import Observing
from core.proxy.once import Once
from core.proxy.questions import Questions
from core.proxy.reading import Reading
from core.proxy.remembering import Remembering
from core.proxy.replies import Replies
from core.proxy.tracing import Tracing, otlp_exporter
from core.settings import ProxySettings
from core.types import Person

PATHS = ("/v1", "/healthz", "/readyz", "/metrics")
"""What it answers: the first one with everything below it."""
SETTLE_S = 10.0


@dataclass(frozen=True, slots=True)
class Company:
    """What the proxy stands before. `embedding` and `reranking` are the models of these tasks, or empty.

    `queue` counts the open review tasks; `person_of` gives the person of an e-mail address. `comparing`, a
    model of this process, tells which requests mean the same: without it only equal ones are given a
    reply again.
    """

    database: Database
    gateway: Gateway
    journal: Journal
    keys: Keys
    limiter: RateLimiter
    person_of: Callable[[str], Person | None]
    assistant: Asks | None = None
    conversations: Keeps | None = None
    embedding: str = ""
    reranking: str = ""
    queue: Callable[[], int] | None = None
    comparing: Embedder | None = None
    attendance: Attendance = field(default_factory=Attendance)


class Proxy:
    """`clock` gives the time in UTC, `timer` seconds that only grow. Nothing runs before a request."""

    def __init__(
        self,
        company: Company,
        settings: ProxySettings,
        clock: Callable[[], datetime],
        timer: Callable[[], float],
        tracing: Tracing | None = None,
    ) -> None:
        if tracing is None and settings.otlp_endpoint:
            tracing = Tracing(otlp_exporter(settings.otlp_endpoint))
        self.settings = settings
        self.attendance = company.attendance
        self.bridge = Bridge(settings.parallel)
        self.gate = Gate(company.keys, company.limiter, clock, timer)
        metrics = Metrics(company.gateway, lambda: self.bridge.in_flight, company.queue)
        self._observing = Observing(metrics, tracing)
        replies = Replies(company.database, clock)
        once = Once(replies, timedelta(hours=settings.idempotency_hours))
        parts = Parts(
            _chats(company, self.gate, settings, replies, once, clock),
            _reading(company, self.gate, once),
            self.bridge,
            metrics,
            lambda: _alive(company.database),
            company.attendance,
            settings,
            timer,
        )
        self._front = Front(application(parts), self.gate, self._observing, settings, timer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._front(scope, receive, send)

    def drain(self) -> None:
        """Take nothing new; what is under way goes on."""
        self.bridge.drain()

    def close(self) -> None:
        """Hang up on what still runs, so that it is settled, and let the threads go."""
        self.bridge.close(SETTLE_S)
        self._front.close()
        self._observing.close()


def _chats(
    company: Company,
    gate: Gate,
    settings: ProxySettings,
    replies: Replies,
    once: Once,
    clock: Callable[[], datetime],
) -> Chats:
    assistant = None
    if company.assistant is not None and company.conversations is not None:
        assistant = AssistantModel(company.assistant, company.conversations, replies)
    meaning = None
    if company.comparing is not None:
        meaning = Meaning(Questions(company.database, clock), company.comparing, company.gateway.finder)
    remembering = Remembering(replies, once, company.gateway.budgets, company.journal, settings, meaning)
    return Chats(
        company.gateway, gate, remembering, assistant, company.attendance, company.person_of, settings
    )


def _reading(company: Company, gate: Gate, once: Once) -> Reading:
    return Reading(
        company.gateway,
        gate,
        once,
        company.embedding,
        company.reranking,
        company.person_of,
    )


def _alive(database: Database) -> None:
    with database.read() as connection:
        connection.execute(sa.text("SELECT 1"))
