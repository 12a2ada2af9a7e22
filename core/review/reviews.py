"""All parts of the queue, connected: `build_reviews` is called by the bootstrap alone."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from core.database import Database
from core.journal.journal import Journal
from core.knowledge.embedding import Embedder
from core.review.access import Access, Groups
from core.review.checking import Check
from core.review.context import Context
from core.review.decisions import Decisions, Masked
from core.review.erasing import Erasing
from core.review.figures import QueueFigures
from core.review.inbox import Inbox
from core.review.intake import Intake
from core.review.lessons import Lessons
from core.review.meaning import Meaning
from core.review.memory import Forgetful, Learning, Memory
from core.review.notifier import Notifier, Send, mail, webhook
from core.review.outbox import Channel, Outbox
from core.review.queue import Queue
from core.review.regressions import Regressions
from core.review.staleness import Staleness
from core.review.store import Store
from core.review.tasks import TaskKind
from core.review.verified import VerifiedAnswers
from core.settings import ReviewSettings

log = logging.getLogger(__name__)

SWEEP_INTERVAL_S = 60.0


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

    def run(self, closing: threading.Event) -> None:
        """Send notifications and look for changed sources until `closing` is set."""
        threading.Thread(target=self.notifier.run, args=(closing,), name="notify", daemon=True).start()
        while not closing.wait(SWEEP_INTERVAL_S):
            try:
                self.staleness.sweep()
            except Exception:
                log.exception("changed sources could not be looked for; it is tried again")


def build_reviews(
    database: Database,
    clock: Callable[[], datetime],
    journal: Journal,
    groups: Groups,
    check: Check,
    settings: ReviewSettings,
    client: httpx.Client,
    embedder: Embedder | None = None,
    memory: Memory | None = None,
    masked: Masked = lambda _: {},
) -> Reviews:
    """Connect the parts.

    `check` looks at a reviewer's edits, `groups` knows who may read what. `embedder` compares
    questions by meaning, where there is one; `memory` is told of approved and of wrong answers;
    `masked` makes of a reviewer's reason what the journal may keep.
    """
    store, access = Store(database, clock), Access(groups)
    verified = VerifiedAnswers(store, access, Meaning(store, embedder))
    learning = Learning(verified, memory or Forgetful())
    senders = _senders(settings, client)
    outbox = Outbox(settings.address, frozenset(senders))
    lease = timedelta(minutes=settings.lease_minutes)
    targets = {kind: timedelta(minutes=getattr(settings.target_minutes, kind.value)) for kind in TaskKind}
    intake = Intake(store, journal, outbox, targets)
    queue = Queue(store, access, journal, lease, lambda: secrets.token_hex(16))
    return Reviews(
        intake,
        Inbox(store, access),
        queue,
        Context(store, access),
        Decisions(store, access, journal, outbox, queue, check, lease, learning, masked),
        verified,
        Staleness(store, journal, intake),
        Erasing(store),
        QueueFigures(store, access),
        Notifier(store, senders),
        Lessons(store),
        Regressions(store),
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
