"""What our proxy adds to a direct call, beside LiteLLM's own proxy, on one stand-in provider.

Ours has its budgets, limits and journal on (SQLite, synchronous=FULL), `ours_masked` the masking of every
kind of personal data besides; LiteLLM's has none of that. At each number of clients the ways take turns,
block after block, so that whatever else the machine does meets all alike. A figure is a quantile of the
whole call minus the direct call's. `cpu_ms` is the proxy's own processor time for a call.

BENCH_PROXY_CLIENTS are the numbers of clients (1,16,64), BENCH_PROXY_SECONDS is a block's length,
BENCH_PROXY_ROUNDS how many blocks each way has,
BENCH_PROXY_SOAK_MINUTES how long ours is kept at a steady rate at the end to see its memory (none without).
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from tests.bench.litellm_proxy import NotAvailable, litellm_proxy
from tests.bench.proxy_process import our_proxy
from tests.bench.proxy_stand_in import stand_in

CLIENTS = tuple(int(n) for n in os.environ.get("BENCH_PROXY_CLIENTS", "1,16,64").split(","))
BLOCK_S = float(os.environ.get("BENCH_PROXY_SECONDS", "4"))
ROUNDS = int(os.environ.get("BENCH_PROXY_ROUNDS", "3"))
SOAK_MIN = float(os.environ.get("BENCH_PROXY_SOAK_MINUTES", "0"))
SOAK_RATE = 20
SAMPLE_S = 10.0
WARM_UP = 20


@dataclass(frozen=True)
class Way:
    """One address: a base (`.../v1`) and a model for each way the stand-in answers."""

    name: str
    urls: dict[str, str]
    models: dict[str, str]
    token: str = "none"
    pid: int | None = None


@dataclass
class Seen:
    """The calls of one way: milliseconds, errors, the seconds in which they were made, and of the CPU."""

    took: list[float] = field(default_factory=list)
    errors: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0

    @property
    def rps(self) -> float:
        return len(self.took) / self.seconds if self.seconds else 0.0

    def quantile(self, percent: int) -> float:
        return statistics.quantiles(self.took, n=100)[percent - 1] if len(self.took) > 1 else float("nan")


def run(data: Path) -> dict[str, Any]:
    """Figures of both proxies; `data` is not used."""
    with stand_in() as provider, our_proxy(provider) as ours, _litellm(provider) as (theirs, reason):
        kinds = ("0", "60", "paced")
        direct = Way("direct", {k: f"{provider}/{k}/v1" for k in kinds}, dict.fromkeys(kinds, "m"))
        urls = dict.fromkeys(kinds, ours.url)
        mine = Way("ours", urls, {k: k for k in kinds}, ours.token, ours.pid)
        masked = Way("ours_masked", urls, {k: f"masked-{k}" for k in kinds}, ours.token, ours.pid)
        ways = [direct, mine, masked, *theirs]
        found = {clients: asyncio.run(_measured(ways, clients)) for clients in CLIENTS}
        peak = {way.name: _peak_mb(way.pid) for way in ways if way.pid}
        growth = asyncio.run(_soak(mine)) if SOAK_MIN else None
    return _figures(found, peak, growth, reason)


@contextmanager
def _litellm(provider: str) -> Iterator[tuple[list[Way], str | None]]:
    """LiteLLM's proxy is started once for each way of answering; or the reason why it is not."""
    with ExitStack() as stack:
        urls: dict[str, str] = {}
        pids: list[int] = []
        try:
            for kind in ("0", "60", "paced"):
                before = _children()
                urls[kind] = stack.enter_context(litellm_proxy(f"{provider}/{kind}/v1"))
                pids += _children() - before
        except NotAvailable as exc:
            yield [], str(exc)
            return
        yield [Way("litellm", urls, dict.fromkeys(urls, "gpt"), "none", pids[0])], None


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


async def _measured(ways: list[Way], clients: int) -> dict[str, dict[str, Seen]]:
    """For each way: whole answers at 0 ms and 60 ms, and the time to the first piece of paced streams."""
    seen = {way.name: {kind: Seen() for kind in ("0", "60", "paced")} for way in ways}
    connector = aiohttp.TCPConnector(limit=clients)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(60)) as session:
        for way in ways:
            for kind in ("0", "60", "paced"):
                await asyncio.gather(*(_call(session, way, kind, Seen()) for _ in range(WARM_UP)))
        for number in range(ROUNDS):
            for kind in ("0", "60", "paced"):
                for way in ways if number % 2 else ways[::-1]:
                    await _block(session, way, kind, clients, seen[way.name][kind])
    return seen


async def _block(session: aiohttp.ClientSession, way: Way, kind: str, clients: int, seen: Seen) -> None:
    began, cpu = time.perf_counter(), _cpu_s(way.pid)
    until = began + BLOCK_S

    async def client() -> None:
        while time.perf_counter() < until:
            await _call(session, way, kind, seen)

    await asyncio.gather(*(client() for _ in range(clients)))
    seen.seconds += time.perf_counter() - began
    seen.cpu_s += _cpu_s(way.pid) - cpu


def _cpu_s(pid: int | None) -> float:
    if pid is None:
        return 0.0
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


_rng = random.Random(11)


async def _call(session: aiohttp.ClientSession, way: Way, kind: str, seen: Seen) -> None:
    """One question, a new one each time; of a paced stream the time to its first piece counts."""
    number = _rng.randint(10_000, 99_999)
    body: dict[str, Any] = {
        "model": way.models[kind],
        "messages": [{"role": "user", "content": f"How many days may I carry over in case {number}?"}],
        "max_tokens": 100,
        "stream": kind == "paced",
    }
    headers = {"Authorization": f"Bearer {way.token}"}
    began = time.perf_counter()
    first: float | None = None
    try:
        async with session.post(f"{way.urls[kind]}/chat/completions", json=body, headers=headers) as answer:
            if answer.status != 200:
                seen.errors += 1
                return
            if kind != "paced":
                said = (await answer.json())["choices"][0]["message"]["content"]
            else:
                said = ""
                async for line in answer.content:
                    if line.startswith(b"data: {") and b'"content"' in line and first is None:
                        first = time.perf_counter() - began
                    said += line.decode()
                    seen.errors += line.startswith(b'data: {"error')
            seen.errors += "March" not in said
    except (aiohttp.ClientError, TimeoutError):
        seen.errors += 1
        return
    took = time.perf_counter() - began if first is None else first
    seen.took.append(took * 1000)


async def _soak(way: Way) -> float:
    """By what share the memory grew from the first fifth of the time to the last, at a steady rate."""
    seen, samples = Seen(), []
    until = time.monotonic() + SOAK_MIN * 60
    next_sample = time.monotonic()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as session:
        calls: set[asyncio.Task[None]] = set()
        while time.monotonic() < until:
            call = asyncio.create_task(_call(session, way, _rng.choice(("0", "60", "paced")), seen))
            calls.add(call)
            call.add_done_callback(calls.discard)
            if time.monotonic() >= next_sample:
                samples.append(_rss_mb(way.pid))
                next_sample += SAMPLE_S
            await asyncio.sleep(1 / SOAK_RATE)
        await asyncio.gather(*calls)
    fifth = max(1, len(samples) // 5)
    first, last = statistics.median(samples[:fifth]), statistics.median(samples[-fifth:])
    print(f"soak: {len(seen.took)} calls, {seen.errors} errors, {first:.0f} MB to {last:.0f} MB")
    return round(last / first - 1, 4)


def _peak_mb(pid: int) -> float:
    """The most memory that the process ever had, as Linux keeps it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1e3


def _rss_mb(pid: int | None) -> float:
    return psutil.Process(pid).memory_info().rss / 1e6


def _figures(
    found: dict[int, dict[str, dict[str, Seen]]],
    peak: dict[str, float],
    growth: float | None,
    reason: str | None,
) -> dict[str, Any]:
    clients: dict[str, dict[str, Any]] = {}
    names = ("+p50 ms", "+p95 ms", "rps", "rps 60", "+first", "errors", "cpu ms")
    print(f"{'clients':>8} {'':12}" + "".join(f"{name:>9}" for name in names))
    for number, ways in found.items():
        direct = ways["direct"]
        print(
            f"{number:8} {'direct':12}{direct['0'].quantile(50):9.2f}{direct['0'].quantile(95):9.2f}"
            f"{direct['0'].rps:9.0f}{direct['60'].rps:9.0f}{direct['paced'].quantile(50):9.2f}"
        )
        clients[str(number)] = {name: _of(ways[name], direct) for name in ways if name != "direct"}
        for name, figures in clients[str(number)].items():
            print(f"{number:8} {name:12}" + "".join(f"{value:9.2f}" for value in figures.values()))
    result: dict[str, Any] = {"clients": clients, "peak_rss_mb": {k: round(v) for k, v in peak.items()}}
    if reason is None:
        result["ratio_added_p50_1"] = _ratio(clients.get("1"), "added_p50_ms")
        result["ratio_rps_16"] = _ratio(clients.get("16"), "rps")
    else:
        print(f"LiteLLM's proxy was not measured: {reason}", file=sys.stderr)
        result |= {"ratio_added_p50_1": None, "ratio_rps_16": None, "skipped": reason}
    return result | {"soak_rss_growth": growth}


def _ratio(ways: dict[str, Any] | None, figure: str) -> float | None:
    """Ours by LiteLLM's; None where this number of clients was not measured."""
    return None if ways is None else round(ways["ours"][figure] / ways["litellm"][figure], 3)


def _of(seen: dict[str, Seen], direct: dict[str, Seen]) -> dict[str, Any]:
    def added(kind: str, percent: int) -> float:
        return round(seen[kind].quantile(percent) - direct[kind].quantile(percent), 2)

    return {
        "added_p50_ms": added("0", 50),
        "added_p95_ms": added("0", 95),
        "rps": round(seen["0"].rps, 1),
        "rps_60ms": round(seen["60"].rps, 1),
        "added_first_p50_ms": added("paced", 50),
        "errors": sum(each.errors for each in seen.values()),
        "cpu_ms": round(seen["0"].cpu_s / max(1, len(seen["0"].took)) * 1000, 2),
    }


if __name__ == "__main__":
    print(json.dumps(run(Path())))
