"""What every part stands on: settings, stores, time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx
from limits.storage import RedisStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.errors import ConfigurationError
from core.gateway.local_counters import LocalCounters
from core.gateway.shared_counters import SharedCounters
from core.journal.journal import Journal
from core.settings import Settings

REDIS_S = 2.0
"""So long Redis may take to answer before it counts as down."""


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


def limiter_of(settings: Settings, timer: Callable[[], float]) -> MovingWindowRateLimiter:
    """The counters of rate limits, in memory or in Redis.

    Raises ConfigurationError for an address that is none, and where nothing may go uncounted also when
    no Redis answers there.
    """
    if settings.redis_url is None:
        return MovingWindowRateLimiter(LocalCounters())
    refuses = settings.redis_outage == "refuse"
    try:
        shared = storage_from_string(
            settings.redis_url, socket_connect_timeout=REDIS_S, socket_timeout=REDIS_S
        )
    except Exception as exc:
        raise ConfigurationError(f"REDIS_URL: this is not a usable address ({exc}).") from exc
    if not isinstance(shared, RedisStorage):
        raise ConfigurationError("REDIS_URL: this is not the address of a Redis.")
    counters = SharedCounters(shared, refuses, timer)
    if not counters.check() and refuses:
        raise ConfigurationError("REDIS_URL: no Redis server answers there.")
    return MovingWindowRateLimiter(counters)
