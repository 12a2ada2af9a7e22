"""What the cache keeps: an answer, what it was made from, and what it spares when it is given again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.answering.answer import Answer

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What must be the same for two answers to be interchangeable, whatever was asked."""

    model: str
    prompt_version: str
    embedding: str
    language: str = "en"

    @property
    def digest(self) -> str:
        """32 hex digits."""
        parts = json.dumps([self.model, self.prompt_version, self.embedding, self.language])
        return hashlib.sha256(parts.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Source:
    """A chunk that an answer rests on, in which version of which document, and who could read it.

    `stands` says whether that was still the current version, with the same readers, when it was read.
    """

    chunk_id: int
    document_id: int
    version_id: int
    readers: str
    stands: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored answer. `weakest_cosine` is that of its question with the least like of its sources,
    `department` that of whoever asked first.

    `checked_change` is the last change of the index that is known not to concern it, `last_change` the
    newest one when the entry was read.
    """

    id: int
    cache_key: str
    question: str
    vector: Vector
    answer: Answer
    sources: tuple[Source, ...]
    created_at: datetime
    verified: bool
    weakest_cosine: float
    checked_change: int
    cost_microusd: int
    tokens: int
    took_ms: int
    department: str
    last_change: int


class StoredQuestion(NamedTuple):
    """What an entry is found by."""

    id: int
    text: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An answer that has passed the rules of admission, before it has an id."""

    cache_key: str
    signature: str
    sha256: str
    question: str
    vector: Vector
    answer: Answer
    sources: tuple[Source, ...]
    department: str
    verified: bool
    weakest_cosine: float
    checked_change: int
    took_ms: int
    expires_at: datetime | None
