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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from core.gateway.charges import Caller
from core.gateway.messages import Finish, Message, ModelRequest
from core.gateway.money import Scope
from core.gateway.privacy.analyser import Analyser
from core.gateway.rate_limits import RateLimit, RateTable
from tests.bench.litellm_proxy import MODEL, NotAvailable, litellm_proxy
from tests.bench.stand_in_process import provider
from tests.gateway_house import House, gateway_house
from tests.model_files import entry

ROUNDS = int(os.environ.get("BENCH_OVERHEAD_ROUNDS", "400"))
WARM_UP = 20
MANY = 1_000_000_000
NAMES = ("Mara Lindqvist", "Tobias Hale", "Priya Raman", "Jonas Everard", "Elena Duarte")

Body = dict[str, Any]
Way = Callable[[str], object]


def run(data: Path) -> dict[str, Any]:
    """Added milliseconds at p50 and p95; `data` is not used."""
    logging.disable(logging.WARNING)
    with provider() as url, tempfile.TemporaryDirectory() as folder, _house(url, Path(folder)) as house:
        ways = {**_direct(url), **_ours(house)}
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


def _ours(house: House) -> dict[str, Way]:
    gateway = house.gateway
    return {
        "ours_bare": lambda text: _drained(gateway.router.stream(_request(text))),
        "ours_full": lambda text: _drained(gateway.stream(_request(text), _caller(house))),
    }


def _request(text: str) -> ModelRequest:
    return ModelRequest(MODEL, (Message("user", text),), max_tokens=700)


def _caller(house: House) -> Caller:
    return Caller("sales", house.root.id, uuid.uuid4().hex, "answer")


def _drained(events: Iterator[object]) -> None:
    *_, last = events
    if not isinstance(last, Finish):
        raise RuntimeError("the answer has no end")


@contextmanager
def _house(url: str, folder: Path) -> Iterator[House]:
    """A gateway with one model at the stand-in, budgets that are never used up and limits never reached."""
    limit = RateLimit(MANY, MANY)
    table = RateTable(limit, limit, limit, limit)
    analyser = Analyser("EMP-[0-9]{5}")
    analyser.warm_up()
    with gateway_house(folder, [entry("stand-in", url, route=MODEL)], analyser, table=table) as house:
        for scope in (Scope.department("sales"), Scope.provider("openai")):
            house.budgets.set_limit(house.root, scope, MANY)
        yield house
