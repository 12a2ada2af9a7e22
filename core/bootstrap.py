"""The one place where the parts meet: `build(settings)` makes the desk that every screen asks."""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from core.answering.evidence import assess
from core.assistant import Assistant
from core.conversations import Conversations
from core.database import Database
from core.errors import ConfigurationError
from core.gateway.assembly import Nature, router_of, router_over
from core.gateway.budgets import Budgets
from core.gateway.catalogue import ModelEntry, call_parameters, load_catalogue, load_models
from core.gateway.embedded_model import EmbeddedModel
from core.gateway.gateway import Gateway
from core.gateway.messages import Model
from core.gateway.models import EMBEDDED, LiteLLMEmbedding, LiteLLMRerank, warm_up
from core.gateway.price_book import PriceBook
from core.gateway.prices import PriceList
from core.gateway.privacy.analyser import Analyser
from core.gateway.rate_limits import RateLimits, RateTable
from core.gateway.transports import shared_client
from core.identity import Identity
from core.journal.journal import Journal
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
from core.settings import Settings

log = logging.getLogger(__name__)

FOLLOW_INTERVAL_S = 2.0
TOKEN_MEMORY_BYTES = 256_000_000


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
    gateway: Gateway
    journal: Journal
    _warm_ups: tuple[Callable[[], object], ...]
    _client: httpx.Client
    _closing: threading.Event

    @property
    def catalog(self) -> Catalog:
        """The read side of documents."""
        return self.knowledge.catalog

    def start(self) -> None:
        """Begin what runs beside the requests: warming the models up, following other processes."""
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()
        if not self.knowledge.store.exclusive:
            threading.Thread(target=self._follow, name="follow", daemon=True).start()

    def close(self) -> None:
        """Stop what runs in the background and let go of files and connections."""
        self._closing.set()
        self.jobs.stop_all(timeout_s=10)
        self._client.close()
        self.knowledge.store.close()
        self.database.close()

    def _warm_up(self) -> None:
        # The first question would otherwise wait some seconds for libraries and weights.
        for work in self._warm_ups:
            work()

    def _follow(self) -> None:
        while not self._closing.wait(FOLLOW_INTERVAL_S):
            try:
                self.knowledge.follower.catch_up()
            except Exception:
                log.exception("the keyword index could not follow; it is tried again")


def build(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    timer: Callable[[], float] = time.monotonic,
    embedder: Embedder | None = None,
    routes: dict[str, Sequence[Model]] | None = None,
) -> Desk:
    """Build the desk: migrates the database, opens the indexes, cleans up after a crash.

    The keyword arguments replace parts, for tests and benchmarks. Raises ConfigurationError or
    StoreInUse with a sentence that says what to do.
    """
    entries = load_models(settings.models_file)
    embedder = embedder or _embedder(settings, entries)
    limiter = _limiter(settings)
    database = Database(settings.resolved_database_url())
    database.migrate()
    knowledge = _knowledge(settings, database, embedder, entries, clock, timer)
    identity = Identity(
        database, clock, limiter, settings.limits.sign_in_tries, timedelta(days=settings.session_days)
    )
    conversations = Conversations(database, clock)
    journal = Journal(database, clock)
    client = shared_client()
    gateway = _gateway(settings, knowledge, database, journal, limiter, client, clock, timer, routes)
    assistant = Assistant(
        conversations,
        knowledge.retriever,
        lambda question, passages: assess(question, passages, knowledge.ranker),
        gateway,
        settings.answer_model,
        _is_real(entries, settings.answer_model),
        limiter,
        settings.limits.questions_per_min,
        settings.limits.question_chars,
        timer,
        lambda: uuid.uuid4().hex,
        journal.append,
    )
    return Desk(
        settings,
        database,
        identity,
        conversations,
        knowledge,
        _library(knowledge, identity, settings),
        Jobs(),
        assistant,
        gateway,
        journal,
        (lambda: embedder.embed_query("warm up"), warm_up),
        client,
        threading.Event(),
    )


def _knowledge(
    settings: Settings,
    database: Database,
    embedder: Embedder,
    entries: Sequence[ModelEntry],
    clock: Callable[[], datetime],
    timer: Callable[[], float],
) -> Knowledge:
    # A remote embedding model gives no token embeddings: the embedded one reads the few best passages.
    reader = embedder if reads_tokens(embedder) else local_embedder("embedded", 1)
    analyse = TermAnalyzer()
    store = ChromaStore(settings.data_dir / "chroma", settings.chroma_url)
    vectors = VectorIndex(store, embedder.name)
    keywords = KeywordIndex()
    follower = KeywordFollower(database, keywords)
    versions = Versions(database, embedder.name, clock)
    ingestion = Ingestion(
        versions,
        vectors,
        embedder,
        load,
        # Made for each document: asking the embedder for its window loads the model, which the start
        # must not wait for.
        lambda document: Chunker(embedder.count_tokens, embedder.max_tokens).split(document),
        analyse,
        follower.catch_up,
        settings.limits.upload_bytes,
        reader if settings.reranker == "embedded" else None,
        timer,
    )
    ingestion.recover(alone=store.exclusive)
    follower.load()
    catalog = Catalog(database)
    memory = TokenMemory(TOKEN_MEMORY_BYTES)
    reranker = _reranker(settings, reader, catalog, memory, entries)
    retriever = Retriever(catalog, vectors, keywords, embedder, analyse, reranker)
    ranker = SentenceRanker(reader, analyse, memory)
    return Knowledge(store, vectors, versions, follower, ingestion, catalog, retriever, ranker)


def _gateway(
    settings: Settings,
    knowledge: Knowledge,
    database: Database,
    journal: Journal,
    limiter: MovingWindowRateLimiter,
    client: httpx.Client,
    clock: Callable[[], datetime],
    timer: Callable[[], float],
    routes: dict[str, Sequence[Model]] | None,
) -> Gateway:
    nature = Nature(timer, time.sleep, random.Random())  # noqa: S311 - jitter and balancing
    if routes is None:
        catalogue = load_catalogue(settings.models_file)
        book = PriceBook(settings.prices_file, PriceList().price_of)
        router = router_of(catalogue, client, EmbeddedModel(knowledge.ranker), nature, book)
    else:
        router = router_over(routes, nature)
    budgets = Budgets(database, clock)
    budgets.expire()
    return Gateway(router, budgets, RateLimits(limiter, RateTable()), journal, Analyser())


def _library(knowledge: Knowledge, identity: Identity, settings: Settings) -> Library:
    return Library(
        knowledge.catalog,
        knowledge.ingestion,
        knowledge.vectors,
        knowledge.retriever,
        lambda: frozenset(department.id for department in identity.departments()),
        lambda email: _owner(identity, email),
        settings.sync_dir,
    )


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


def _embedder(settings: Settings, entries: Sequence[ModelEntry]) -> Embedder:
    named = _named(entries, settings.embedding_model)
    if named and settings.embedding_model != "embedded":
        return CallableEmbedder(LiteLLMEmbedding(call_parameters(named[0])), settings.embedding_model)
    return local_embedder(settings.embedding_model, settings.embedding_threads)


def _reranker(
    settings: Settings,
    reader: TokenEmbedder,
    catalog: Catalog,
    memory: TokenMemory,
    entries: Sequence[ModelEntry],
) -> Reranker | None:
    if settings.reranker == "none":
        return None
    if settings.reranker == "embedded":
        return LateInteractionReranker(reader, catalog.token_codes, memory)
    named = _named(entries, settings.reranker)
    if named:
        return GatewayReranker(LiteLLMRerank(call_parameters(named[0])))
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
