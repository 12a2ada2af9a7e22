"""A proxy over a real gateway and database, served by a real uvicorn on loopback."""

from __future__ import annotations

import asyncio
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.gateway.assembly import Nature, readers_of, router_of
from core.gateway.budgets import Budgets
from core.gateway.catalogue import load_catalogue
from core.gateway.embedded_model import EmbeddedModel
from core.gateway.embedded_reader import EmbeddedReader
from core.gateway.gateway import Gateway
from core.gateway.local_counters import LocalCounters
from core.gateway.price_book import PriceBook
from core.gateway.privacy.masking import Finder
from core.gateway.rate_limits import RateLimits, RateTable
from core.gateway.transports import shared_client
from core.identity import Identity
from core.journal.journal import Journal
from core.keys import ApiKey, Keys, NewKey
from core.proxy.proxy import Company, Proxy
from core.proxy.serving import Server
from core.proxy.tracing import Tracing
from core.settings import ProxySettings, Settings
from core.types import Person, Role
from tests.conftest import add_departments, add_person
from tests.databases import lay_sqlite
from tests.fakes import ShapeFinder
from tests.model_files import entry, settings_of
from tests.stand_in import StandIn

EMBEDDING, RERANKING = "vectors", "ranks"
WITHIN_S = 15.0


def eventually(is_so: Callable[[], bool]) -> None:
    """Waits for what another thread does."""
    waiting = threading.Event()
    for _ in range(int(WITHIN_S / 0.02)):
        if is_so():
            return
        waiting.wait(0.02)
    raise AssertionError("it did not come to pass")


class Nobody:
    """Ranks nothing: no test of the proxy asks the embedded model."""

    def rank(self, question: str, texts: Any, heads: Any = ()) -> list[Any]:
        return []


@dataclass
class House:
    """What a test of the proxy may look at; `url` is the address with `/v1`."""

    url: str
    proxy: Proxy
    gateway: Gateway
    journal: Journal
    keys: Keys
    identity: Identity
    administrator: Person
    token: str
    key: ApiKey
    server: Server

    def make_key(self, **more: Any) -> tuple[ApiKey, str]:
        return self.keys.make(
            self.administrator, NewKey(**{"name": "Billing", "department": "sales", **more})
        )

    def client(self, token: str | None = None, **more: Any) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, **more)


def entries_of(provider: StandIn | str, second: StandIn | None = None) -> list[dict[str, Any]]:
    """A chat model, an embedding and a rerank model at the stand-in; `gpt` fails over to the second."""
    url = provider if isinstance(provider, str) else provider.url
    found = [entry("first", url, order=1)]
    if second is not None:
        found.append(entry("second", second.url, order=2))
    found.append(entry("e", url, route=EMBEDDING, params={"model": "openai/text-embedding-3-small"}))
    ranks = {"model": "cohere/rerank-v3", "api_base": f"{url}/rerank", "input_cost_per_query": 0.001}
    found.append(entry("r", url, route=RERANKING, params=ranks))
    return found


@contextmanager
def house_of(
    folder: Path,
    entries: list[dict[str, Any]],
    *,
    database_url: str | None = None,
    proxy: ProxySettings | None = None,
    analyser: Finder | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    tracing: Tracing | None = None,
    rates: RateTable | None = None,
    readers: Mapping[str, EmbeddedReader] | None = None,
    **company: Any,
) -> Iterator[House]:
    """Everything behind the proxy, and the proxy itself on a free port."""
    settings = settings_of(folder, entries, embedding_model=EMBEDDING, reranker=RERANKING)
    lay_sqlite(folder / "house.sqlite")
    database = Database(database_url or f"sqlite:///{folder / 'house.sqlite'}")
    database.migrate()
    limiter = MovingWindowRateLimiter(LocalCounters())
    identity = Identity(database, clock, limiter, 10, timedelta(days=1))
    add_departments(identity)
    administrator = add_person(identity, "sanne", "people", Role.ADMINISTRATOR)
    journal = Journal(database, clock)
    rate_limits = RateLimits(limiter, rates or RateTable())
    gateway, client = _gateway(
        settings, database, journal, rate_limits, clock, analyser or ShapeFinder(), readers
    )
    keys = Keys(database, clock, journal.append_in, lambda: uuid.uuid4().hex)
    key, token = keys.make(administrator, NewKey("Shop", "sales", reads_documents=True))
    built = Proxy(
        Company(
            database,
            gateway,
            journal,
            keys,
            limiter,
            identity.by_email,
            embedding=EMBEDDING,
            reranking=RERANKING,
            **company,
        ),
        proxy or ProxySettings(port=1),
        clock,
        time.monotonic,
        tracing,
    )
    try:
        with serving(built) as (url, server):
            yield House(url, built, gateway, journal, keys, identity, administrator, token, key, server)
    finally:
        built.close()
        client.close()
        database.close()


def _gateway(
    settings: Settings,
    database: Database,
    journal: Journal,
    rate_limits: RateLimits,
    clock: Callable[[], datetime],
    analyser: Finder,
    readers_here: Mapping[str, EmbeddedReader] | None,
) -> tuple[Gateway, httpx.Client]:
    nature = Nature(time.monotonic, time.sleep, random.Random(7))
    catalogue, book = load_catalogue(settings.models_file), PriceBook(settings.prices_file, lambda _: None)
    client = shared_client()
    router = router_of(catalogue, client, EmbeddedModel(Nobody()), nature, book)
    models = settings.embedding_model, settings.reranker
    readers = readers_of(catalogue, *models, nature, book, here=readers_here)
    budgets = Budgets(database, clock, journal.append_in)
    return Gateway(router, readers, budgets, rate_limits, journal, analyser), client


@contextmanager
def serving(proxy: Proxy) -> Iterator[tuple[str, Server]]:
    """A real server in a thread; its address with `/v1`."""
    server = Server(proxy)
    server.config.port = 0
    ready = threading.Event()

    async def main() -> None:
        task = asyncio.create_task(server._serve())
        while not server.started and not task.done():
            await asyncio.sleep(0.005)
        ready.set()
        await task

    def run() -> None:
        # On the loop that the server takes when it runs alone.
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(main())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(20)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1", server
    finally:
        server.handle_exit(15, None)
        thread.join(20)
        assert not thread.is_alive()
