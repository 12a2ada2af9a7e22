"""All parts of the queue, connected: `build_reviews` is called by the bootstrap alone."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import httpx

from core.database import Database
from core.journal.journal import Journal
from core.knowledge.embedding import Embedder
from core.review.access import Access, Groups
from core.review.checking import Check
from core.review.context import Context
from core.review.decisions import Decisions, Masked
from core.review.equals import Equals
from core.review.erasing import Erasing
from core.review.figures import QueueFigures
from core.review.inbox import Inbox
from core.review.indexing import Indexing, ReadingFor
from core.review.intake import Intake
from core.review.lessons import Lessons
from core.review.meaning import Meaning
from core.review.memory import Forgetful, Learning, Memory
from core.review.notifier import Notifier, Send, mail, webhook
from core.review.outbox import Channel, Outbox
from core.review.queue import Queue
from core.review.regressions import Regressions
from core.review.retrieved import CurrentChunks, VerifiedSource
from core.review.staleness import Staleness
from core.review.store import Store
from core.review.tasks import TaskKind
from core.review.verified import VerifiedAnswers
from core.settings import ReviewSettings

log = logging.getLogger(__name__)

SWEEP_INTERVAL_S = 60.0


class Known(Groups, CurrentChunks, Protocol):
    """What the queue asks of the documents."""


@dataclass(frozen=True)
class Reviews:
    """What the assistant, the chat and the review page ask."""

    intake: Intake
    inbox: Inbox
    queue: Queue
    context: Context
    decisions: Decisions
    verified: VerifiedAnswers
    staleness: Staleness
    erasing: Erasing
    figures: QueueFigures
    notifier: Notifier
    lessons: Lessons
    regressions: Regressions
    indexing: Indexing | None
    source: VerifiedSource | None

    def run(self, closing: threading.Event) -> None:
        """Send notifications, look for changed sources and index what is not, until `closing` is set."""
        threading.Thread(target=self.notifier.run, args=(closing,), name="notify", daemon=True).start()
        self._sweep()
        while not closing.wait(SWEEP_INTERVAL_S):
            self._sweep()

    def _sweep(self) -> None:
        try:
            self.staleness.sweep()
            if self.indexing is not None:
                self.indexing.refresh()
        except Exception:
            log.exception("changed sources could not be looked for; it is tried again")


def build_reviews(
    database: Database,
    clock: Callable[[], datetime],
    journal: Journal,
    catalog: Known,
    check: Check,
    settings: ReviewSettings,
    client: httpx.Client,
    embedder: Embedder | None = None,
    memory: Memory | None = None,
    masked: Masked = lambda _: {},
    reading: ReadingFor | None = None,
    about_oneself: Callable[[str], bool] = lambda _: True,
) -> Reviews:
    """Connect the parts.

    `check` looks at a reviewer's edits, `catalog` knows who may read what. `embedder` compares
    questions by meaning, where there is one; `memory` is told of approved and of wrong answers;
    `masked` makes of a reviewer's reason what the journal may keep. With an embedder and `reading`,
    verified answers are indexed as a source of retrieval. `about_oneself` tells a question for the asker's
    own record: its answer is given to nobody else who waits for one in the same words.
    """
    store, access = Store(database, clock), Access(catalog)
    verified = VerifiedAnswers(store, access, Meaning(store, embedder))
    indexing = source = None
    if embedder is not None and reading is not None:
        indexing = Indexing(store, embedder, reading)
        source = VerifiedSource(store, access, catalog, embedder.name)
    index = indexing.refresh if indexing else (lambda: 0)
    learning = Learning(verified, memory or Forgetful(), index)
    senders = _senders(settings, client)
    outbox = Outbox(settings.address, frozenset(senders))
    lease = timedelta(minutes=settings.lease_minutes)
    targets = {kind: timedelta(minutes=getattr(settings.target_minutes, kind.value)) for kind in TaskKind}
    intake = Intake(store, journal, outbox, targets)
    equals = Equals(store, about_oneself)
    queue = Queue(store, access, journal, lease, lambda: secrets.token_hex(16))
    return Reviews(
        intake,
        Inbox(store, access),
        queue,
        Context(store, access),
        Decisions(store, access, journal, outbox, queue, check, lease, learning, masked, equals),
        verified,
        Staleness(store, journal, intake),
        Erasing(store),
        QueueFigures(store, access),
        Notifier(store, senders),
        Lessons(store),
        Regressions(store),
        indexing,
        source,
    )


def _senders(settings: ReviewSettings, client: httpx.Client) -> dict[Channel, Send]:
    senders: dict[Channel, Send] = {}
    if settings.webhook_url:
        senders[Channel.WEBHOOK] = webhook(client, settings.webhook_url)
    smtp = settings.smtp
    if smtp.host:
        password = smtp.password.get_secret_value() if smtp.password else ""
        senders[Channel.EMAIL] = mail(smtp.host, smtp.port, smtp.sender, smtp.starttls, smtp.user, password)
    return senders
