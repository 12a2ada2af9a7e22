"""The one place where the parts meet: `build(settings)` makes the desk that every screen asks."""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from core.adjustments import Adjustments
from core.answering.dial import ConfidenceDial
from core.assistant import Assistant
from core.audit.audit import Audit
from core.audit.names import Names
from core.building.answers import build_answering
from core.building.foundations import Foundations, limiter_of
from core.building.gateway import build_gateway
from core.building.knowledge import Knowledge, build_knowledge, build_library
from core.building.reading import embedder_behind, embedder_in_process, readers_here, reading_with
from core.building.screens import build_audit, build_operations, build_spending
from core.building.threads import one_core_each
from core.conversations import Conversations
from core.database import Database
from core.demo_traffic import DemoTraffic
from core.gateway.catalogue import load_models
from core.gateway.gateway import Gateway
from core.gateway.messages import Model
from core.gateway.models import warm_up
from core.gateway.price_book import PriceBook
from core.gateway.prices import PriceList
from core.gateway.privacy.analyser import Analyser
from core.gateway.privacy.masking import Finder
from core.gateway.privacy.redaction import Redactor
from core.gateway.transports import shared_client
from core.identity import Identity
from core.journal.journal import Journal
from core.keys import Keys
from core.knowledge.catalog import Catalog
from core.knowledge.embedding import Embedder
from core.knowledge.jobs import Jobs
from core.knowledge.library import Library
from core.operations.operations import Operations
from core.operations.started import started
from core.proxy.assembly import build_proxy
from core.proxy.attendance import ELSEWHERE
from core.proxy.proxy import Proxy
from core.reports.document_use import DocumentUse
from core.reports.spending import Spending
from core.review.reviews import Reviews
from core.semantic_cache.cache import SemanticCache
from core.settings import Settings

log = logging.getLogger(__name__)

FOLLOW_INTERVAL_S = 2.0
SWEEP_INTERVAL_S = 3_600.0
WARM_UP_S = 60.0
"""How long closing waits for a library that is being imported."""
ANSWERS_S = 20.0
"""How long answers from documents may go on once the app waits for these; less than it waits."""


@dataclass(frozen=True)
class Desk:
    """Everything a screen may ask, built and connected. Close it when the process ends."""

    settings: Settings
    database: Database
    identity: Identity
    conversations: Conversations
    knowledge: Knowledge
    library: Library
    jobs: Jobs
    assistant: Assistant
    dial: ConfidenceDial
    gateway: Gateway
    journal: Journal
    operations: Operations
    spending: Spending
    document_use: DocumentUse
    audit: Audit
    names: Names
    reviews: Reviews
    cache: SemanticCache
    keys: Keys
    proxy: Proxy
    _background: ThreadPoolExecutor
    _warm_ups: tuple[Callable[[], object], ...]
    _client: httpx.Client
    _closing: threading.Event
    _warmed: threading.Event

    @property
    def catalog(self) -> Catalog:
        """The read side of documents."""
        return self.knowledge.catalog

    def start(self) -> None:
        """Begin what runs beside the requests: warming the models up, following other processes."""
        self.journal.append(started(self.settings, uuid.uuid4().hex))
        self.proxy.attendance.say()
        self._warmed.clear()
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()
        threading.Thread(target=self._anchor, name="anchor", daemon=True).start()
        threading.Thread(target=self.reviews.run, args=(self._closing,), name="review", daemon=True).start()
        threading.Thread(target=self._follow, name="follow", daemon=True).start()
        threading.Thread(target=self._sweep, name="sweep", daemon=True).start()

    def close(self) -> None:
        """Stop what runs in the background and let go of files and connections."""
        self._closing.set()
        self.proxy.close()
        self.jobs.stop_all(timeout_s=10)
        self._background.shutdown(wait=True, cancel_futures=True)
        self.cache.close()
        self.audit.anchors.keep()
        self._client.close()
        self.knowledge.store.close()
        self.database.close()
        # A process that ends while another thread imports waits for the lock of that import for ever.
        self._warmed.wait(WARM_UP_S)

    def _warm_up(self) -> None:
        # The first question would otherwise wait some seconds for libraries and weights.
        try:
            for work in self._warm_ups:
                if self._closing.is_set():
                    return
                work()
        finally:
            self._warmed.set()

    def _anchor(self) -> None:
        self.audit.anchors.keep()
        while not self._closing.wait(self.settings.journal_anchor_minutes * 60):
            self.audit.anchors.keep()

    def _sweep(self) -> None:
        """Nothing that may not be served is served meanwhile: this only keeps the cache small."""
        while not self._closing.wait(SWEEP_INTERVAL_S):
            try:
                if self.knowledge.store.here:
                    self.cache.administration.sweep()
            except Exception:
                log.exception("the semantic cache could not be swept; it is tried again")

    def _give_way(self) -> None:
        """The app begins, and the vectors are the app's: answers under way are finished first."""
        self.proxy.attendance.leave(ELSEWHERE, ANSWERS_S)
        self.knowledge.store.close()

    def _follow(self) -> None:
        while not self._closing.wait(FOLLOW_INTERVAL_S):
            try:
                if self.knowledge.store.wanted:
                    self._give_way()
                # An index of one's own has no other writers; the database may have, a gateway for one.
                if not self.knowledge.store.exclusive:
                    self.knowledge.follower.catch_up()
                self.operations.providers.follow()
                self.journal.index_words()
            except Exception:
                log.exception("what other processes did could not be followed; it is tried again")


def build(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    timer: Callable[[], float] = time.monotonic,
    embedder: Embedder | None = None,
    routes: dict[str, Sequence[Model]] | None = None,
    analyser: Finder | None = None,
    guest: bool = False,
) -> Desk:
    """Build the desk: migrates the database, opens the indexes, cleans up after a crash.

    A `guest` has the vectors on disk only while no other process wants them, and goes on without the
    assistant then. The other keyword arguments replace parts, for tests and benchmarks. Raises
    ConfigurationError or StoreInUse with a sentence that says what to do.
    """
    one_core_each()
    entries = load_models(settings.models_file)
    on = _foundations(settings, clock, timer)
    database, journal = on.database, on.journal
    reading = reading_with(embedder or embedder_in_process(settings, entries))
    analyser = analyser or Analyser(settings.employee_number_pattern)
    gateway = build_gateway(on, reading.ranker, routes, analyser, readers_here(reading))
    embedder = embedder or embedder_behind(gateway, settings) or reading.embedder
    knowledge = build_knowledge(on, embedder, reading, gateway, guest)
    tries, session_life = settings.limits.sign_in_tries, timedelta(days=settings.session_days)
    identity = Identity(database, clock, on.limiter, tries, session_life, journal.append)
    conversations = Conversations(database, clock)
    adjustments = Adjustments(database, clock, journal.append_in)
    background = ThreadPoolExecutor(1, thread_name_prefix="background")
    answering = build_answering(
        on,
        reading,
        embedder,
        knowledge,
        gateway,
        analyser,
        adjustments,
        conversations,
        entries,
        identity,
        background,
    )
    keys = Keys(database, clock, journal.append_in, on.new_trace_id)
    proxy = build_proxy(
        settings,
        database,
        gateway,
        journal,
        keys,
        on.limiter,
        identity,
        answering.assistant,
        conversations,
        embedder,
        clock,
        timer,
        "" if knowledge.store.here else ELSEWHERE,
    )
    audit, names = build_audit(on)
    return Desk(
        settings=settings,
        database=database,
        identity=identity,
        conversations=conversations,
        knowledge=knowledge,
        library=build_library(on, knowledge, identity, answering.forget),
        jobs=Jobs(),
        assistant=answering.assistant,
        dial=answering.dial,
        gateway=gateway,
        journal=journal,
        operations=build_operations(on, gateway, adjustments, answering),
        spending=build_spending(on, gateway),
        document_use=DocumentUse(database, reading.analyse, clock),
        audit=audit,
        names=names,
        reviews=answering.reviews,
        cache=answering.cache,
        keys=keys,
        proxy=proxy,
        _background=background,
        _warm_ups=(
            # What every question needs first; the models are asked last.
            lambda: Redactor(analyser)(""),
            lambda: reading.embedder.embed_query("warm up"),
            answering.guardrails.warm_up,
            warm_up,
        ),
        _client=on.client,
        _closing=threading.Event(),
        _warmed=_set(threading.Event()),
    )


def _set(event: threading.Event) -> threading.Event:
    event.set()
    return event


def _foundations(
    settings: Settings, clock: Callable[[], datetime], timer: Callable[[], float]
) -> Foundations:
    limiter = limiter_of(settings, timer)
    database = Database(settings.resolved_database_url())
    database.migrate()
    journal = Journal(database, clock)
    return Foundations(
        settings, database, journal, limiter, shared_client(), clock, timer, lambda: uuid.uuid4().hex
    )


@contextmanager
def demo_traffic(settings: Settings, rng: random.Random) -> Iterator[DemoTraffic]:
    """What makes and removes demonstration traffic; it needs the database alone, so the app may run."""
    database = Database(settings.resolved_database_url())
    database.migrate()

    def clock() -> datetime:
        return datetime.now(UTC)

    try:
        book = PriceBook(settings.prices_file, PriceList().price_of)
        yield DemoTraffic(database, book, clock, rng)
    finally:
        database.close()
