"""Stand-ins that record or are deterministic; no patches."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence, Set
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from core.gateway.messages import Finish, ModelRequest, Piece
from core.gateway.privacy.identifiers import find_emails
from core.gateway.privacy.kinds import DEFAULT_MASKED, Kind
from core.gateway.privacy.secrets import find_secrets
from core.gateway.privacy.spans import Span, merged
from core.types import Chunk, Passage

Vectors = NDArray[np.float32]
DIM = 256


class HashEmbedder:
    """Bags of words, hashed: texts that share words are near, and nothing has to be loaded."""

    name = "hashed-words"
    max_tokens = 256

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed_query(self, text: str) -> Vectors:
        return self._vector(re.findall(r"\w+", text.casefold()))

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        rows = [self.embed_query(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, DIM), np.float32)

    def embed_tokens(self, texts: Sequence[str]) -> list[Vectors]:
        return [
            np.stack([self._vector([word]) for word in re.findall(r"\w+", text.casefold()) or ["-"]])
            for text in texts
        ]

    def embed_both(self, texts: Sequence[str]) -> tuple[Vectors, list[Vectors]]:
        return self.embed_texts(texts), self.embed_tokens(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(re.findall(r"\w+|[^\w\s]", text)) + 2 for text in texts]

    def _vector(self, words: Sequence[str]) -> Vectors:
        """The sum of a vector of random signs for each word, of length one."""
        total = np.full(DIM, 1e-6, dtype=np.float32)
        for word in words:
            digest = np.frombuffer(hashlib.blake2b(word.encode(), digest_size=DIM // 8).digest(), np.uint8)
            total += np.unpackbits(digest).astype(np.float32) * 2 - 1
        return total / np.linalg.norm(total)


class ShapeFinder:
    """Finds e-mail addresses and secrets by their shape alone, and loads nothing."""

    def find(self, text: str, kinds: Set[Kind] = DEFAULT_MASKED) -> list[Span]:
        return merged(s for s in (*find_emails(text), *find_secrets(text)) if s.kind in kinds)


class Clock:
    """A time that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


class ScriptedModel:
    """Answers each request with the next script: its pieces, or an error that it raises."""

    def __init__(self, *scripts: Sequence[str | Exception]) -> None:
        self.requests: list[ModelRequest] = []
        self._scripts = list(scripts)

    def stream(self, request: ModelRequest) -> Iterator[Piece | Finish]:
        self.requests.append(request)
        for part in self._scripts.pop(0):
            if isinstance(part, Exception):
                raise part
            yield Piece(part)
        yield Finish("scripted", "fake", prompt_tokens=10, completion_tokens=5, cost_microusd=0)


def passage(
    text: str,
    *,
    chunk_id: int = 1,
    document_id: int = 1,
    bm25: float = 1.0,
    cosine: float = 0.5,
    score: float = 1.0,
    title: str = "A policy",
    heading_path: tuple[str, ...] = (),
) -> Passage:
    """A passage that is a whole document of its own."""
    chunk = Chunk(
        chunk_id, document_id, document_id, title, 1, "*", heading_path, None, 0, len(text), text, text
    )
    return Passage(chunk, bm25, cosine, score)
