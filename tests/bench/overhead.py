"""What the gateway adds to a call, over a direct httpx call, beside LiteLLM's own proxy.

All of them call the same stand-in in turn, round after round, so that whatever else the machine does
meets all alike. A figure is the quantile of the whole call minus the same quantile of the direct
call. Every question is a new one: nothing is remembered from the call before.

    ours_bare            the router: failover, stream watch and circuit, without the rest
    ours_full            the gateway: rate limits of every scope, masking of every kind, budgets of the
                         department and the provider, the journal; on SQLite with synchronous=FULL
    litellm_proxy_bare   the proxy with one worker and no key, budget, database or callback; whole
                         answers, which are quicker there than streams, over the whole direct call
"""

from __future__ import annotations

import json
import logging
import os
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.gateway.assembly import Nature, router_of, router_over
from core.gateway.budgets import Budgets
from core.gateway.catalogue import load_catalogue
from core.gateway.charges import Caller
from core.gateway.embedded_model import EmbeddedModel, Sentence
from core.gateway.gateway import Gateway
from core.gateway.messages import Finish, Message, ModelRequest
from core.gateway.money import Scope
from core.gateway.price_book import PriceBook
from core.gateway.privacy.analyser import Analyser
from core.gateway.rate_limits import RateLimit, RateLimits, RateTable
from core.gateway.transports import shared_client
from core.identity import Department, Identity, NewPerson
from core.journal.journal import Journal
from core.types import Person, Role
from tests.bench.litellm_proxy import MODEL, NotAvailable, litellm_proxy
from tests.bench.stand_in_process import provider

ROUNDS = int(os.environ.get("BENCH_OVERHEAD_ROUNDS", "400"))
WARM_UP = 20
MANY = 1_000_000_000
NAMES = ("Mara Lindqvist", "Tobias Hale", "Priya Raman", "Jonas Everard", "Elena Duarte")

Body = dict[str, Any]
Way = Callable[[str], object]


def run(data: Path) -> dict[str, Any]:
    """Added milliseconds at p50 and p95; `data` is not used."""
    logging.disable(logging.WARNING)
    with provider() as url, tempfile.TemporaryDirectory() as folder, _gateway(url, Path(folder)) as ours:
        ways = {**_direct(url), **_ours(*ours)}
        try:
            with litellm_proxy(url) as proxy:
                took = _interleaved({**ways, **_proxied(proxy)})
                reason = None
        except NotAvailable as exc:
            reason = str(exc)
            took = _interleaved(ways)
    return _figures(took, reason)


def _interleaved(ways: dict[str, Way]) -> dict[str, list[float]]:
    """Milliseconds of each call of each way, in a new order every round."""
    rng = random.Random(11)
    took: dict[str, list[float]] = {name: [] for name in ways}
    for round_number in range(-WARM_UP, ROUNDS):
        order = list(ways)
        rng.shuffle(order)
        for name in order:
            text = _question(rng)
            began = time.perf_counter()
            ways[name](text)
            if round_number >= 0:
                took[name].append((time.perf_counter() - began) * 1000)
    return took


def _figures(took: dict[str, list[float]], reason: str | None) -> dict[str, Any]:
    pairs = {"ours_bare": "direct_stream", "ours_full": "direct_stream"}
    if reason is None:
        pairs |= {"litellm_proxy_bare": "direct_whole", "litellm_proxy_stream": "direct_stream"}
    print(f"{'':22}{'p50 ms':>9}{'p95 ms':>9}   of {ROUNDS} calls each")
    for name, times in took.items():
        print(f"{name:22}{_quantile(times, 50):9.2f}{_quantile(times, 95):9.2f}")
    found: dict[str, Any] = {
        name: {f"p{q}": round(_quantile(took[name], q) - _quantile(took[over], q), 2) for q in (50, 95)}
        for name, over in pairs.items()
    }
    if reason is not None:
        print(f"LiteLLM's proxy was not measured: {reason}", file=sys.stderr)
        return {**found, "litellm_proxy_bare": None, "ratio_bare": None, "skipped": reason}
    ratio = {q: found["ours_bare"][q] / found["litellm_proxy_bare"][q] for q in ("p50", "p95")}
    return {**found, "ratio_bare": {q: round(value, 3) for q, value in ratio.items()}}


def _quantile(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100)[percent - 1]


def _question(rng: random.Random) -> str:
    return (
        f"How many days of leave may {rng.choice(NAMES)} carry over into {rng.randint(2024, 2090)}, "
        f"and who has to agree to request {rng.randint(10_000, 99_999)}?"
    )


def _body(text: str, stream: bool) -> Body:
    body: Body = {"model": MODEL, "messages": [{"role": "user", "content": text}], "max_tokens": 700}
    return body | ({"stream": True, "stream_options": {"include_usage": True}} if stream else {})


def _direct(url: str) -> dict[str, Way]:
    client = httpx.Client(timeout=60)
    return {
        "direct_whole": lambda text: _whole(client, url, text),
        "direct_stream": lambda text: _streamed(client, url, text),
    }


def _proxied(url: str) -> dict[str, Way]:
    client = httpx.Client(timeout=60)
    return {
        "litellm_proxy_bare": lambda text: _whole(client, url, text),
        "litellm_proxy_stream": lambda text: _streamed(client, url, text),
    }


def _whole(client: httpx.Client, url: str, text: str) -> None:
    answer = client.post(f"{url}/chat/completions", json=_body(text, stream=False))
    if not answer.raise_for_status().json()["choices"][0]["message"]["content"]:
        raise RuntimeError("an empty answer")


def _streamed(client: httpx.Client, url: str, text: str) -> None:
    said = 0
    with client.stream("POST", f"{url}/chat/completions", json=_body(text, stream=True)) as answer:
        for line in answer.raise_for_status().iter_lines():
            if line.startswith("data: {"):
                choices = json.loads(line[6:])["choices"]
                said += bool(choices and choices[0]["delta"].get("content"))
    if not said:
        raise RuntimeError("an empty answer")


def _ours(gateway: Gateway, asker: Person) -> dict[str, Way]:
    return {
        "ours_bare": lambda text: _drained(gateway.router.stream(_request(text))),
        "ours_full": lambda text: _drained(gateway.stream(_request(text), _caller(asker))),
    }


def _request(text: str) -> ModelRequest:
    return ModelRequest(MODEL, (Message("user", text),), max_tokens=700)


def _caller(person: Person) -> Caller:
    return Caller("sales", person.id, uuid.uuid4().hex, "answer")


def _drained(events: Iterator[object]) -> None:
    *_, last = events
    if not isinstance(last, Finish):
        raise RuntimeError("the answer has no end")


class _Unused:
    """No deployment of the benchmark is the embedded model."""

    def rank(self, question: str, texts: Sequence[str], heads: Sequence[str] = ()) -> Sequence[Sentence]:
        return []


@contextmanager
def _gateway(url: str, folder: Path) -> Iterator[tuple[Gateway, Person]]:
    """A gateway with one model at the stand-in, budgets that are never used up and limits never reached."""
    models, prices = folder / "models.yaml", folder / "prices.yaml"
    parameters = {"model": "openai/gpt-4o-mini", "api_base": url, "api_key": "none"}
    models.write_text(yaml.safe_dump({"model_list": [{"model_name": MODEL, "litellm_params": parameters}]}))
    prices.write_text("prices: {openai/gpt-4o-mini: {prompt: 1, completion: 2}}")
    database = Database(f"sqlite:///{folder / 'bench.sqlite'}")
    database.migrate()
    limiter = MovingWindowRateLimiter(MemoryStorage())
    ada = _administrator(database, limiter)
    journal = Journal(database, _now)
    budgets = Budgets(database, _now, journal.append_in)
    for scope in (Scope.department("sales"), Scope.provider("openai")):
        budgets.set_limit(ada, scope, MANY)
    nature = Nature(time.monotonic, time.sleep, random.Random(7))
    catalogue, book = load_catalogue(models), PriceBook(prices, lambda _: None)
    client, embedded = shared_client(), EmbeddedModel(_Unused())
    limit = RateLimit(MANY, MANY)
    analyser = Analyser("EMP-[0-9]{5}")
    analyser.warm_up()
    gateway = Gateway(
        router_of(catalogue, client, embedded, nature, book),
        router_over({}, nature),
        budgets,
        RateLimits(limiter, RateTable(limit, limit, limit, limit)),
        journal,
        analyser,
    )
    try:
        yield gateway, ada
    finally:
        client.close()
        database.close()


def _administrator(database: Database, limiter: MovingWindowRateLimiter) -> Person:
    identity = Identity(database, _now, limiter, sign_in_tries=1, session_life=timedelta(days=1))
    identity.add_departments([Department("sales", "Sales")])
    return identity.put_person(NewPerson("ada@x.example", "Ada", "sales", frozenset({Role.ADMINISTRATOR})))


def _now() -> datetime:
    return datetime.now(UTC)
