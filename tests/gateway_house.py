"""A whole gateway without the rest of the desk: its own database, journal, budgets and limits."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.gateway.assembly import Nature, router_of, router_over
from core.gateway.budgets import Budgets
from core.gateway.catalogue import load_catalogue
from core.gateway.embedded_model import EmbeddedModel
from core.gateway.gateway import Gateway
from core.gateway.local_counters import LocalCounters
from core.gateway.price_book import PriceBook
from core.gateway.privacy.masking import Finder
from core.gateway.rate_limits import RateLimits, RateTable
from core.gateway.transports import shared_client
from core.identity import Department, Identity, NewPerson
from core.journal.journal import Journal
from core.types import Person, Role
from tests.databases import lay_sqlite


@dataclass(frozen=True)
class House:
    """A running gateway and what it writes to; `root` is an administrator of the department `sales`."""

    gateway: Gateway
    budgets: Budgets
    journal: Journal
    database: Database
    root: Person


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


@contextmanager
def gateway_house(
    folder: Path,
    entries: list[dict[str, Any]],
    analyser: Finder,
    *,
    database_url: str | None = None,
    clock: Callable[[], datetime] = now,
    table: RateTable | None = None,
) -> Iterator[House]:
    """A gateway over a models file of these entries, which must name their prices.

    The database is SQLite in the folder where none is named; several processes may open it.
    """
    models, prices = folder / "models.yaml", folder / "prices.yaml"
    models.write_text(yaml.safe_dump({"model_list": entries}))
    prices.write_text("prices: {}")
    lay_sqlite(folder / "house.sqlite")
    database = Database(database_url or f"sqlite:///{folder / 'house.sqlite'}")
    database.migrate()
    limiter = MovingWindowRateLimiter(LocalCounters())
    journal = Journal(database, clock)
    budgets = Budgets(database, clock, journal.append_in)
    nature = Nature(time.monotonic, time.sleep, random.Random(7))
    client = shared_client()
    router = router_of(
        load_catalogue(models), client, EmbeddedModel(_Unused()), nature, PriceBook(prices, lambda _: None)
    )
    limits = RateLimits(limiter, table or RateTable())
    gateway = Gateway(router, router_over({}, nature), budgets, limits, journal, analyser)
    try:
        yield House(gateway, budgets, journal, database, _root(database, limiter, clock))
    finally:
        client.close()
        database.close()


def _root(database: Database, limiter: MovingWindowRateLimiter, clock: Callable[[], datetime]) -> Person:
    identity = Identity(database, clock, limiter, sign_in_tries=1, session_life=timedelta(days=1))
    known = identity.by_email("root@x.example")
    if known is not None:
        return known
    identity.add_departments([Department("sales", "Sales")])
    return identity.put_person(NewPerson("root@x.example", "Root", "sales", frozenset({Role.ADMINISTRATOR})))


class _Unused:
    """No entry of a house is the embedded model."""

    def rank(self, *_: object) -> list[Any]:
        return []
