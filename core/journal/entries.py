"""What an entry of the journal is, and the exact bytes that its hash covers.

Hash = SHA-256, in hex, over the UTF-8 bytes of the canonical JSON of all columns but the hash
itself: keys sorted by code point, no spaces, nothing escaped but what JSON requires. `data` enters
as the string that is stored, itself canonical JSON, so that anybody can check an exported line
without knowing how we write numbers. Text is not normalised. Floats are written as Python's
shortest form that reads back to the same number; NaN and infinities are refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

GENESIS = "0" * 64
HASHED = (
    "seq",
    "trace_id",
    "at",
    "kind",
    "department",
    "person_id",
    "provider",
    "model",
    "outcome",
    "cost_microusd",
    "closes",
    "data",
    "previous",
)
COLUMNS = (*HASHED, "hash")

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
# PostgreSQL stores no NUL, and UTF-8 has no lone surrogates.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SECRET_KEY = re.compile(
    "passw(or)?d|passphrase|apikey|authorization|secret|cookie|credential|privatekey|token$"
)
_NO_LETTER = re.compile("[^a-z0-9]")


class Kind(StrEnum):
    """What happened. The stored values are never renamed."""

    QUESTION = "question"
    STANDALONE = "standalone"
    CACHE = "cache"
    RETRIEVAL = "retrieval"
    EVIDENCE = "evidence"
    MODEL_ATTEMPT = "model_attempt"
    MODEL_OUTCOME = "model_outcome"
    REDACTION = "redaction"
    REFUSAL = "refusal"
    ANSWER = "answer"
    REVIEW = "review"
    BUDGET = "budget"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    DOCUMENT = "document"
    SETTING = "setting"
    RATE_LIMIT = "rate_limit"
    SEAL = "seal"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Record:
    """What a caller gives: masked text only, in `data` and everywhere else.

    `trace_id` is one for each question; `closes` is the `seq` of the attempt whose outcome this is.
    """

    trace_id: str
    kind: Kind
    department: str | None = None
    person_id: int | None = None
    provider: str | None = None
    model: str | None = None
    outcome: str | None = None
    cost_microusd: int | None = None
    closes: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal. `seq` counts from 1 without gaps, `at` is UTC.

    `kind` is a Kind, or a word of a newer version of this code.
    """

    seq: int
    trace_id: str
    at: datetime
    kind: str
    department: str | None
    person_id: int | None
    provider: str | None
    model: str | None
    outcome: str | None
    cost_microusd: int | None
    closes: int | None
    data: dict[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry's number and hash; `str(head)` is the line that anchors it outside."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"journal head {self.seq} {self.hash}"


Columns = dict[str, Any]


def prepared(record: Record) -> Columns:
    """The record's columns, ready to be linked into the chain.

    Raises ValueError for a key that looks like a secret or a float that is no number, TypeError for
    what JSON cannot hold. NUL and lone surrogates become U+FFFD: an odd character must not keep an
    event out of the journal.
    """
    return {
        "trace_id": _text(record.trace_id),
        "kind": str(record.kind),
        "department": _text(record.department),
        "person_id": record.person_id,
        "provider": _text(record.provider),
        "model": _text(record.model),
        "outcome": _text(record.outcome),
        "cost_microusd": record.cost_microusd,
        "closes": record.closes,
        "data": canonical(_storable(record.data)),
    }


def linked(columns: Columns, at: datetime, head: Head) -> Columns:
    """The full row that follows `head`."""
    row = {**columns, "seq": head.seq + 1, "at": stamp(at), "previous": head.hash}
    return {**row, "hash": hash_of(row)}


def canonical(value: Any) -> str:
    """Canonical JSON; ValueError for NaN and infinities, TypeError for what JSON cannot hold."""
    return _ENCODER.encode(value)


def hash_of(row: Columns) -> str:
    """The hash of a row that has exactly the hashed columns."""
    return hashlib.sha256(canonical(row).encode()).hexdigest()


def stamp(at: datetime) -> str:
    """A time in UTC as it is stored and hashed: fixed width, so that text order is time order."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entry_of(row: Columns) -> Entry:
    """A stored row as an Entry; one that was tampered with still shows, with what is left of it."""
    try:
        at = datetime.fromisoformat(row["at"])
        data = json.loads(row["data"])
    except (ValueError, TypeError):
        at, data = datetime.min.replace(tzinfo=UTC), {"unreadable": str(row["data"])}
    return Entry(**{**row, "at": at, "data": data if isinstance(data, dict) else {"unreadable": data}})


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_key(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a journal key must be text, not {type(key).__name__}")
    if _SECRET_KEY.search(_NO_LETTER.sub("", key.lower())):
        raise ValueError(f"the journal keeps no secrets: {key!r} looks like one")
    return str(_text(key))


def _text(value: str | None) -> str | None:
    return None if value is None else _UNSTORABLE.sub("\ufffd", value)
