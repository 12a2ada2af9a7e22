"""What the company knows: both indexes, ingestion, retrieval, and the library that changes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.building.foundations import Foundations
from core.building.reading import Reading
from core.gateway.gateway import Gateway, caller_of
from core.identity import Identity
from core.knowledge.catalog import Catalog
from core.knowledge.chunking import Chunker
from core.knowledge.embedding import Embedder
from core.knowledge.ingestion import Ingestion
from core.knowledge.keyword_follower import KeywordFollower
from core.knowledge.keyword_index import KeywordIndex
from core.knowledge.library import Library
from core.knowledge.loading import load
from core.knowledge.reranking import CrossEncoderReranker, GatewayReranker, LateInteractionReranker, Reranker
from core.knowledge.retrieval import Retriever
from core.knowledge.sentence_ranking import SentenceRanker
from core.knowledge.sources import Owner
from core.knowledge.superseded import Superseded
from core.knowledge.vector_index import ChromaStore, VectorIndex
from core.knowledge.versions import Versions
from core.settings import Settings
from core.types import Errand


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


def build_knowledge(
    on: Foundations, embedder: Embedder, reading: Reading, gateway: Gateway, guest: bool
) -> Knowledge:
    """Open the indexes, and clean up what a crash left half done: a `guest` only where it is alone."""
    settings = on.settings
    store = ChromaStore(settings.data_dir / "chroma", settings.chroma_url, guest)
    vectors = VectorIndex(store, embedder.name)
    keywords = KeywordIndex()
    follower = KeywordFollower(on.database, keywords)
    versions = Versions(on.database, embedder.name, on.clock, on.journal.append_in)
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
        on.timer,
    )
    if store.here:
        ingestion.recover(alone=store.exclusive)
    follower.load()
    catalog = Catalog(on.database)
    reranker = _reranker(settings, reading, catalog, gateway)
    parts = (catalog, vectors, keywords, embedder, reading.analyse, reranker)
    retriever = Retriever(*parts, superseded=Superseded(catalog.opening))
    return Knowledge(store, vectors, versions, follower, ingestion, catalog, retriever, reading.ranker)


def build_library(
    on: Foundations, knowledge: Knowledge, identity: Identity, forget: Callable[[int], int]
) -> Library:
    """`forget` takes kept answers that rest on a document out of use, and says how many remain."""
    return Library(
        knowledge.catalog,
        knowledge.ingestion,
        knowledge.vectors,
        knowledge.retriever,
        lambda: frozenset(department.id for department in identity.departments()),
        lambda email: _owner(identity, email),
        on.settings.sync_dir,
        on.journal.append,
        forget,
    )


def _reranker(settings: Settings, reading: Reading, catalog: Catalog, gateway: Gateway) -> Reranker | None:
    if settings.reranker == "none":
        return None
    if settings.reranker == "embedded":
        return LateInteractionReranker(reading.reader, catalog.token_codes, reading.memory)
    if gateway.readers.knows(settings.reranker):
        return _gateway_reranker(settings.reranker, gateway)
    return CrossEncoderReranker(settings.reranker)


def _gateway_reranker(name: str, gateway: Gateway) -> Reranker:
    def rank(question: str, texts: Sequence[str], errand: Errand) -> Sequence[float]:
        return gateway.rerank(name, question, texts, caller_of(errand, "reranking"), errand.data_class)

    return GatewayReranker(rank, Errand(""))


def _owner(identity: Identity, email: str) -> Owner | None:
    person = identity.by_email(email)
    return None if person is None else Owner(person.id, person.department)
