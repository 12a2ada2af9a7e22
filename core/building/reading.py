"""What reads texts: embedders of this process or behind the gateway, and the ranker of sentences."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from core.gateway.catalogue import ModelEntry, named
from core.gateway.embedded_reader import EMBED, RERANK, EmbeddedReader, Rows
from core.gateway.gateway import Gateway, caller_of
from core.knowledge.embedding import (
    CallableEmbedder,
    Embedder,
    TokenEmbedder,
    local_embedder,
    reads_tokens,
)
from core.knowledge.reranking import relevance
from core.knowledge.sentence_ranking import SentenceRanker
from core.knowledge.terms import TermAnalyzer
from core.knowledge.token_codes import TokenMemory
from core.settings import Settings
from core.types import Errand

TOKEN_MEMORY_BYTES = 256_000_000


@dataclass(frozen=True)
class Reading:
    """What reads texts in this process: their vectors, their word pieces, their sentences."""

    embedder: Embedder
    reader: TokenEmbedder
    analyse: TermAnalyzer
    memory: TokenMemory
    ranker: SentenceRanker


def reading_with(local: Embedder) -> Reading:
    """All of it around an embedder of this process."""
    # Not every embedder gives token embeddings: the embedded one then reads the few best passages.
    reader = local if reads_tokens(local) else local_embedder("embedded", 1)
    analyse, memory = TermAnalyzer(), TokenMemory(TOKEN_MEMORY_BYTES)
    return Reading(local, reader, analyse, memory, SentenceRanker(reader, analyse, memory))


def readers_here(reading: Reading) -> dict[str, EmbeddedReader]:
    """What applications may ask for vectors and relevance; both wait for each other."""
    turn = threading.Lock()

    def vectors(_: Sequence[str], texts: Sequence[str]) -> Rows:
        rows: Rows = reading.embedder.embed_texts(texts).tolist()
        return rows

    def relevant(asked: Sequence[str], texts: Sequence[str]) -> Rows:
        return [(score,) for score in relevance(reading.reader, asked[0], texts)]

    embed, rerank = (f"answerdesk/{model.name}" for model in (reading.embedder, reading.reader))
    return {
        EMBED: EmbeddedReader(embed, vectors, lambda texts: _read(reading.embedder, texts), turn),
        RERANK: EmbeddedReader(rerank, relevant, lambda texts: _read(reading.reader, texts), turn, asking=1),
    }


def _read(embedder: Embedder, texts: Sequence[str]) -> list[int]:
    """How many tokens the model reads of each text."""
    return [min(count, embedder.max_tokens) for count in embedder.count_tokens(texts)]


def embedder_in_process(settings: Settings, entries: Sequence[ModelEntry]) -> Embedder:
    """The configured one, or the embedded one where the configured one is behind the gateway."""
    behind_gateway = named(entries, settings.embedding_model)
    name = "embedded" if behind_gateway else settings.embedding_model
    return local_embedder(name, settings.embedding_threads)


def embedder_behind(gateway: Gateway, settings: Settings) -> Embedder | None:
    """The configured one where it is a deployment of the models file, else None."""
    name = settings.embedding_model
    cleared = [deployment.data_class for deployment in gateway.readers.candidates(name)]
    if not cleared:
        return None

    def embed(texts: Sequence[str], errand: Errand) -> Sequence[Sequence[float]]:
        return gateway.embed(name, texts, caller_of(errand, "embedding"), errand.data_class)

    return CallableEmbedder(embed, name, max(cleared), Errand(""))
