"""The one place where the parts meet: `build(settings)` makes the desk that every screen asks."""

from __future__ import annotations

import logging
import os
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
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from core.adjustments import Adjustments
from core.answering.admittance import Admittance
from core.answering.calibration import read_outcomes
from core.answering.checks.entailment import CrossEncoderEntailment, Entailment
from core.answering.checks.guardrails import build_guardrails
from core.answering.confidence import read_model
from core.answering.dial import ConfidenceDial
from core.answering.judging import Judge, best_sentences
from core.answering.prompts import wording_digest
from core.answering.rewriting import Rewriter
from core.assistant import Assistant
from core.audit.audit import Audit
from core.audit.names import Names
from core.composing import Composer
from core.conversations import Conversations
from core.database import Database
from core.demo_traffic import DemoTraffic
from core.errors import ConfigurationError
from core.gateway.assembly import Nature, readers_of, router_of, router_over
from core.gateway.budgets import Budgets
from core.gateway.catalogue import ModelEntry, load_catalogue, load_models
from core.gateway.embedded_model import EmbeddedModel
from core.gateway.gateway import Gateway, caller_of
from core.gateway.limits_file import defaults_of, email_reader, load_rate_table
from core.gateway.messages import Model
from core.gateway.models import EMBEDDED, warm_up
from core.gateway.price_book import PriceBook
from core.gateway.prices import PriceList
from core.gateway.privacy.analyser import Analyser
from core.gateway.privacy.masking import Finder
from core.gateway.privacy.redaction import Redactor
from core.gateway.rate_limits import RateLimits
from core.gateway.transports import shared_client
from core.handover import Handover
from core.identity import Identity
from core.journal.anchoring import Anchors
from core.journal.journal import Journal
from core.journal.pseudonyms import Pseudonyms, stored_key
from core.keys import Keys
from core.knowledge.catalog import Catalog
from core.knowledge.chunking import Chunker
from core.knowledge.embedding import (
    CallableEmbedder,
    Embedder,
    TokenEmbedder,
    local_embedder,
    reads_tokens,
)
from core.knowledge.ingestion import Ingestion
from core.knowledge.jobs import Jobs
from core.knowledge.keyword_follower import KeywordFollower
from core.knowledge.keyword_index import KeywordIndex
from core.knowledge.library import Library
from core.knowledge.loading import load
from core.knowledge.reranking import CrossEncoderReranker, GatewayReranker, LateInteractionReranker, Reranker
from core.knowledge.retrieval import Retriever
from core.knowledge.sentence_ranking import SentenceRanker
from core.knowledge.sources import Owner
from core.knowledge.terms import TermAnalyzer
from core.knowledge.token_codes import TokenMemory
from core.knowledge.vector_index import ChromaStore, VectorIndex
from core.knowledge.versions import Versions
from core.memory import Memory, VerifiedMemory
from core.operations.accounts import first_password
from core.operations.cache import CacheOperations
from core.operations.cache_dial import CacheDial
from core.operations.confidence import Confidence
from core.operations.configuration import Configuration, env_file_of
from core.operations.limits import LimitsReport
from core.operations.operations import Operations
from core.operations.people import People
from core.operations.providers import Providers
from core.operations.recent import recent
from core.operations.started import started
from core.proxy.assembly import build_proxy
from core.proxy.proxy import Proxy
from core.reports.document_use import DocumentUse
from core.reports.spending import Spending
from core.review.lessons import Lessons
from core.review.reviews import Reviews, build_reviews
from core.semantic_cache.cache import SemanticCache
from core.semantic_cache.entries import CacheKey
from core.semantic_cache.recalled import CacheRules
from core.semantic_cache.wording import language_of
from core.settings import Settings
from core.types import Errand

log = logging.getLogger(__name__)

FOLLOW_INTERVAL_S = 2.0
SWEEP_INTERVAL_S = 3_600.0
TOKEN_MEMORY_BYTES = 256_000_000


@dataclass(frozen=True)
class Reading:
    """What reads texts in this process: their vectors, their word pieces, their sentences."""

    embedder: Embedder
    reader: TokenEmbedder
    analyse: TermAnalyzer
    memory: TokenMemory
    ranker: SentenceRanker


@dataclass(frozen=True)
class Knowledge:
    """What the company knows, built and connected."""

    store: ChromaStore
    vectors: VectorIndex
    versions: Versions
    follower: KeywordFollower
    ingestion: Ingestion
    catalog: Catalog
    retriever: Retriever
    ranker: SentenceRanker


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

    @property
    def catalog(self) -> Catalog:
        """The read side of documents."""
        return self.knowledge.catalog

    def start(self) -> None:
        """Begin what runs beside the requests: warming the models up, following other processes."""
        self.journal.append(started(self.settings, uuid.uuid4().hex))
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

    def _warm_up(self) -> None:
        # The first question would otherwise wait some seconds for libraries and weights.
        for work in self._warm_ups:
            work()

    def _anchor(self) -> None:
        self.audit.anchors.keep()
        while not self._closing.wait(self.settings.journal_anchor_minutes * 60):
            self.audit.anchors.keep()

    def _sweep(self) -> None:
        """Nothing that may not be served is served meanwhile: this only keeps the cache small."""
        while not self._closing.wait(SWEEP_INTERVAL_S):
            try:
                self.cache.administration.sweep()
            except Exception:
                log.exception("the semantic cache could not be swept; it is tried again")

    def _follow(self) -> None:
        while not self._closing.wait(FOLLOW_INTERVAL_S):
            try:
                # An index of one's own has no other writers; the database may have, a gateway for one.
                if not self.knowledge.store.exclusive:
                    self.knowledge.follower.catch_up()
                self.operations.providers.follow()
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
) -> Desk:
    """Build the desk: migrates the database, opens the indexes, cleans up after a crash.

    The keyword arguments replace parts, for tests and benchmarks. Raises ConfigurationError or
    StoreInUse with a sentence that says what to do.
    """
    entries = load_models(settings.models_file)
    limiter = _limiter(settings)
    database = Database(settings.resolved_database_url())
    database.migrate()
    journal = Journal(database, clock)
    client = shared_client()
    reading = _reading(embedder or _local_embedder(settings, entries))
    analyser = analyser or Analyser(settings.employee_number_pattern)
    gateway = _gateway(
        settings, reading.ranker, database, journal, limiter, client, clock, timer, routes, analyser
    )
    embedder = embedder or _gateway_embedder(settings, gateway) or reading.embedder
    knowledge = _knowledge(settings, database, embedder, reading, gateway, journal, clock, timer)
    tries, session_life = settings.limits.sign_in_tries, timedelta(days=settings.session_days)
    identity = Identity(database, clock, limiter, tries, session_life, journal.append)
    conversations = Conversations(database, clock)
    adjustments = Adjustments(database, clock, journal.append_in)
    guardrails = build_guardrails(
        reading.analyse,
        settings.guardrails_file,
        analyser.find,
        _entailment(settings),
        knowledge.catalog.dated,
    )
    background = ThreadPoolExecutor(1, thread_name_prefix="background")
    cache_dial = CacheDial(adjustments, timer)
    cache = _cache(settings, database, knowledge, embedder, analyser, clock, cache_dial.threshold)
    key = _cache_key(settings, embedder)
    reviews = build_reviews(
        database,
        clock,
        journal,
        knowledge.catalog,
        guardrails.edited,
        settings.review,
        client,
        embedder=embedder,
        memory=VerifiedMemory(cache, key),
        masked=Redactor(analyser),
    )
    dial = _dial(settings, reviews.lessons, adjustments, timer)
    limits, model = settings.limits, settings.answer_model
    new_trace_id = lambda: uuid.uuid4().hex  # noqa: E731 - passed on, not named
    assistant = Assistant(
        conversations,
        Admittance(limiter, limits.questions_per_min, limits.question_chars, journal.append, new_trace_id),
        Rewriter(gateway, model, _is_real(entries, model), limits.question_chars),
        guardrails,
        Memory(
            cache,
            key,
            gateway.budgets.record_cached,
            journal.append,
            lambda question, passages: best_sentences(knowledge.ranker, question, passages),
        ),
        knowledge.retriever,
        Judge(knowledge.ranker, dial.setting),
        Composer(gateway, model, guardrails),
        Handover(reviews.intake, reviews.verified, analyser),
        timer,
        new_trace_id,
        journal.append,
        Redactor(analyser),
        background.submit,
    )
    keys = Keys(database, clock, journal.append_in, new_trace_id)
    proxy = build_proxy(
        settings,
        database,
        gateway,
        journal,
        keys,
        limiter,
        identity,
        assistant,
        conversations,
        embedder,
        clock,
        timer,
    )
    return Desk(
        settings,
        database,
        identity,
        conversations,
        knowledge,
        _library(knowledge, identity, settings, journal, reviews, cache),
        Jobs(),
        assistant,
        dial,
        gateway,
        journal,
        _operations(
            settings, database, gateway, journal, adjustments, dial, reviews, cache, cache_dial, clock, timer
        ),
        _spending(database, gateway, clock),
        DocumentUse(database, reading.analyse, clock),
        *_audit(settings, database, journal, clock),
        reviews,
        cache,
        keys,
        proxy,
        background,
        (
            lambda: reading.embedder.embed_query("warm up"),
            warm_up,
            lambda: Redactor(analyser)(""),
            guardrails.warm_up,
        ),
        client,
        threading.Event(),
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
        yield DemoTraffic(database, book, Journal(database, clock).append_many, clock, rng)
    finally:
        database.close()


def _reading(local: Embedder) -> Reading:
    # Not every embedder gives token embeddings: the embedded one then reads the few best passages.
    reader = local if reads_tokens(local) else local_embedder("embedded", 1)
    analyse, memory = TermAnalyzer(), TokenMemory(TOKEN_MEMORY_BYTES)
    return Reading(local, reader, analyse, memory, SentenceRanker(reader, analyse, memory))


def _knowledge(
    settings: Settings,
    database: Database,
    embedder: Embedder,
    reading: Reading,
    gateway: Gateway,
    journal: Journal,
    clock: Callable[[], datetime],
    timer: Callable[[], float],
) -> Knowledge:
    store = ChromaStore(settings.data_dir / "chroma", settings.chroma_url)
    vectors = VectorIndex(store, embedder.name)
    keywords = KeywordIndex()
    follower = KeywordFollower(database, keywords)
    versions = Versions(database, embedder.name, clock, journal.append_in)
    ingestion = Ingestion(
        versions,
        vectors,
        embedder,
        load,
        # Made for each document: asking the embedder for its window loads the model, which the start
        # must not wait for.
        lambda document: Chunker(embedder.count_tokens, embedder.max_tokens).split(document),
        reading.analyse,
        follower.catch_up,
        settings.limits.upload_bytes,
        reading.reader if settings.reranker == "embedded" else None,
        timer,
    )
    ingestion.recover(alone=store.exclusive)
    follower.load()
    catalog = Catalog(database)
    reranker = _reranker(settings, reading, catalog, gateway)
    retriever = Retriever(catalog, vectors, keywords, embedder, reading.analyse, reranker)
    return Knowledge(store, vectors, versions, follower, ingestion, catalog, retriever, reading.ranker)


def _gateway(
    settings: Settings,
    ranker: SentenceRanker,
    database: Database,
    journal: Journal,
    limiter: MovingWindowRateLimiter,
    client: httpx.Client,
    clock: Callable[[], datetime],
    timer: Callable[[], float],
    routes: dict[str, Sequence[Model]] | None,
    analyser: Finder,
) -> Gateway:
    nature = Nature(timer, time.sleep, random.Random())  # noqa: S311 - jitter and balancing
    catalogue = load_catalogue(settings.models_file)
    book = PriceBook(settings.prices_file, PriceList().price_of)
    if routes is None:
        router = router_of(catalogue, client, EmbeddedModel(ranker), nature, book)
    else:
        router = router_over(routes, nature)
    readers = readers_of(catalogue, settings.embedding_model, settings.reranker, nature, book)
    budgets = Budgets(database, clock, journal.append_in)
    budgets.expire()
    deployments = [*router.deployments(), *readers.deployments()]
    table = load_rate_table(settings.limits_file, defaults_of(settings.rate_limits), deployments)
    rate_limits = RateLimits(limiter, table, email_of=email_reader(database))
    return Gateway(router, readers, budgets, rate_limits, journal, analyser)


def _operations(
    settings: Settings,
    database: Database,
    gateway: Gateway,
    journal: Journal,
    adjustments: Adjustments,
    dial: ConfidenceDial,
    reviews: Reviews,
    cache: SemanticCache,
    cache_dial: CacheDial,
    clock: Callable[[], datetime],
    timer: Callable[[], float],
) -> Operations:
    people = People(database, journal, clock, lambda: uuid.uuid4().hex, first_password)
    providers = Providers(gateway, journal, adjustments, people.name_of, lambda: uuid.uuid4().hex, timer)
    providers.follow()
    configuration = Configuration(settings, os.environ, env_file_of(settings))
    outcomes = len(read_outcomes(settings.confidence_file))
    confidence = Confidence(dial, outcomes, reviews.lessons.recent, lambda: recent(journal, clock()))
    kept = CacheOperations(cache.administration, cache_dial, clock, journal.append, lambda: uuid.uuid4().hex)
    return Operations(providers, people, LimitsReport(gateway), configuration, confidence, kept)


def _audit(
    settings: Settings, database: Database, journal: Journal, clock: Callable[[], datetime]
) -> tuple[Audit, Names]:
    anchors = Anchors(settings.journal_anchor_file, journal.head, clock)
    anchors.check()
    pseudonyms = Pseudonyms(stored_key(database))
    return (
        Audit(journal, pseudonyms, anchors, clock, lambda: uuid.uuid4().hex),
        Names(journal, database, pseudonyms, lambda: uuid.uuid4().hex),
    )


def _library(
    knowledge: Knowledge,
    identity: Identity,
    settings: Settings,
    journal: Journal,
    reviews: Reviews,
    cache: SemanticCache,
) -> Library:
    def forget(document_id: int) -> int:
        reviews.erasing.erase(document_id)
        reviews.staleness.sources_changed(document_id)
        cache.administration.sweep()
        return cache.administration.resting_on(document_id)

    return Library(
        knowledge.catalog,
        knowledge.ingestion,
        knowledge.vectors,
        knowledge.retriever,
        lambda: frozenset(department.id for department in identity.departments()),
        lambda email: _owner(identity, email),
        settings.sync_dir,
        journal.append,
        forget,
    )


def _spending(database: Database, gateway: Gateway, clock: Callable[[], datetime]) -> Spending:
    return Spending(
        database,
        gateway.budgets,
        clock,
        lambda: {deployment.provider for deployment in gateway.router.snapshot()},
    )


def _dial(
    settings: Settings, lessons: Lessons, adjustments: Adjustments, timer: Callable[[], float]
) -> ConfidenceDial:
    model = read_model(settings.confidence_file)
    return ConfidenceDial(
        model,
        read_outcomes(settings.confidence_file),
        lambda: lessons.judged(model),
        adjustments,
        settings.accepted_wrong_share,
        timer,
    )


def _entailment(settings: Settings) -> Entailment | None:
    name = settings.entailment_model
    return None if name is None else CrossEncoderEntailment(name)


def _cache(
    settings: Settings,
    database: Database,
    knowledge: Knowledge,
    embedder: Embedder,
    analyser: Finder,
    clock: Callable[[], datetime],
    threshold: Callable[[], float],
) -> SemanticCache:
    questions = VectorIndex(knowledge.store, embedder.name, prefix="questions-")
    chosen = settings.cache
    rules = CacheRules(
        ttl=timedelta(days=chosen.ttl_days), entries=chosen.entries, shadow_rate=chosen.shadow_rate
    )
    rng = random.Random()  # noqa: S311 - which answers are compared
    return SemanticCache(
        database,
        questions,
        knowledge.vectors,
        embedder,
        analyser,
        clock,
        rng,
        rules,
        threshold=threshold,
    )


def _cache_key(settings: Settings, embedder: Embedder) -> Callable[[str], CacheKey]:
    wording = wording_digest()
    return lambda question: CacheKey(settings.answer_model, wording, embedder.name, language_of(question))


def _limiter(settings: Settings) -> MovingWindowRateLimiter:
    uri = settings.redis_url or "memory://"
    try:
        storage = storage_from_string(uri)
        if not storage.check():
            raise ConfigurationError("REDIS_URL: no Redis server answers there.")
    except ConfigurationError:
        raise
    except Exception as exc:
        raise ConfigurationError(f"REDIS_URL: this is not a usable address ({exc}).") from exc
    return MovingWindowRateLimiter(storage)


def _local_embedder(settings: Settings, entries: Sequence[ModelEntry]) -> Embedder:
    """The configured one, or the embedded one where the configured one is behind the gateway."""
    behind_gateway = _named(entries, settings.embedding_model)
    name = "embedded" if behind_gateway else settings.embedding_model
    return local_embedder(name, settings.embedding_threads)


def _gateway_embedder(settings: Settings, gateway: Gateway) -> Embedder | None:
    name = settings.embedding_model
    cleared = [deployment.data_class for deployment in gateway.readers.candidates(name)]
    if not cleared:
        return None

    def embed(texts: Sequence[str], errand: Errand) -> Sequence[Sequence[float]]:
        return gateway.embed(name, texts, caller_of(errand, "embedding"), errand.data_class)

    return CallableEmbedder(embed, name, max(cleared), Errand(""))


def _gateway_reranker(name: str, gateway: Gateway) -> Reranker:
    def rank(question: str, texts: Sequence[str], errand: Errand) -> Sequence[float]:
        return gateway.rerank(name, question, texts, caller_of(errand, "reranking"), errand.data_class)

    return GatewayReranker(rank, Errand(""))


def _reranker(settings: Settings, reading: Reading, catalog: Catalog, gateway: Gateway) -> Reranker | None:
    if settings.reranker == "none":
        return None
    if settings.reranker == "embedded":
        return LateInteractionReranker(reading.reader, catalog.token_codes, reading.memory)
    if gateway.readers.knows(settings.reranker):
        return _gateway_reranker(settings.reranker, gateway)
    return CrossEncoderReranker(settings.reranker)


def _named(entries: Sequence[ModelEntry], name: str) -> list[ModelEntry]:
    return [entry for entry in entries if entry.model_name == name]


def _is_real(entries: Sequence[ModelEntry], name: str) -> bool:
    named = _named(entries, name)
    if not named:
        raise ConfigurationError(f"ANSWERDESK_ANSWER_MODEL: {name!r} is not in the models file.")
    return any(entry.litellm_params.model != EMBEDDED for entry in named)


def _owner(identity: Identity, email: str) -> Owner | None:
    person = identity.by_email(email)
    return None if person is None else Owner(person.id, person.department)
