"""What every part stands on: settings, stores, time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.errors import ConfigurationError
from core.journal.journal import Journal
from core.settings import Settings


@dataclass(frozen=True)
class Foundations:
    """Opened once for a process. `clock` is UTC, `timer` monotonic, `new_trace_id` gives 32 hex digits."""

    settings: Settings
    database: Database
    journal: Journal
    limiter: MovingWindowRateLimiter
    client: httpx.Client
    clock: Callable[[], datetime]
    timer: Callable[[], float]
    new_trace_id: Callable[[], str]


def limiter_of(settings: Settings) -> MovingWindowRateLimiter:
    """The counters of rate limits, in memory or in Redis; ConfigurationError when it does not answer."""
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
