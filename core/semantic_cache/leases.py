"""Who is answering a question right now, among all processes: a lease in the database or in Redis.

A lease runs out by itself, so that a process that died holds nobody up for long.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

import sqlalchemy as sa

from core.database import Database
from core.tables import cache_leases

if TYPE_CHECKING:
    from redis import Redis

_L = cache_leases.c
_FORGOTTEN = timedelta(hours=1)
_PREFIX = "answerdesk:cache-lease:"
_REDIS_WAIT_S = 1.0
_GIVE_BACK = """
if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end
"""


class Lease(NamedTuple):
    """Who has it, and whether it has run out."""

    holder: str
    expired: bool


class Leases(Protocol):
    """Leases by key (64 hex digits), of holders with a name of their own. All raise what the store does."""

    def take(self, key: str, holder: str) -> bool:
        """Take what is free or has run out; whether this holder has it now."""
        ...

    def seen(self, key: str) -> Lease | None:
        """The lease as it is, None where there is none."""
        ...

    def give_back(self, key: str, holder: str) -> None:
        """Free it, unless it is another's by now."""
        ...


class DatabaseLeases:
    """One row for a lease: taking it is one statement. `clock` gives the time in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime], lease_s: float) -> None:
        self._database = database
        self._clock = clock
        self._length = timedelta(seconds=lease_s)

    def take(self, key: str, holder: str) -> bool:
        """See `Leases`."""
        now = self._clock()
        wanted = {"holder": holder, "expires_at": now + self._length}
        insert = self._database.insert(cache_leases).values(key=key, **wanted)
        taking = insert.on_conflict_do_update(index_elements=["key"], set_=wanted, where=_L.expires_at <= now)
        with self._database.write() as connection:
            return bool(connection.scalar(taking.returning(_L.holder)) == holder)

    def seen(self, key: str) -> Lease | None:
        """See `Leases`."""
        query = sa.select(_L.holder, _L.expires_at).where(_L.key == key)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Lease(row.holder, row.expires_at <= self._clock())

    def give_back(self, key: str, holder: str) -> None:
        """See `Leases`; those that dead processes left long ago go too."""
        own = sa.and_(_L.key == key, _L.holder == holder)
        left = _L.expires_at < self._clock() - _FORGOTTEN
        with self._database.write() as connection:
            connection.execute(sa.delete(cache_leases).where(sa.or_(own, left)))


class RedisLeases:
    """Keys that Redis lets run out; `url` is where it answers, asked for a second at most."""

    def __init__(self, url: str, lease_s: float) -> None:
        self._url = url
        self._length_ms = max(1, round(lease_s * 1_000))
        self._opened: Redis | None = None

    def take(self, key: str, holder: str) -> bool:
        """See `Leases`."""
        return bool(self._redis().set(_PREFIX + key, holder, nx=True, px=self._length_ms))

    def seen(self, key: str) -> Lease | None:
        """See `Leases`; what has run out is gone."""
        holder = self._redis().get(_PREFIX + key)
        return None if holder is None else Lease(str(holder), expired=False)

    def give_back(self, key: str, holder: str) -> None:
        """See `Leases`."""
        self._redis().eval(_GIVE_BACK, 1, _PREFIX + key, holder)

    def _redis(self) -> Redis:
        if self._opened is None:
            from redis import Redis

            self._opened = Redis.from_url(
                self._url,
                decode_responses=True,
                socket_timeout=_REDIS_WAIT_S,
                socket_connect_timeout=_REDIS_WAIT_S,
            )
        return self._opened
