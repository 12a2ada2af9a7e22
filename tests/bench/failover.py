"""The sixteen faults of providers over loopback HTTP, with the router's default limits in real time.

Every fault is played for a stream and for a whole answer, over plain httpx and through LiteLLM. The
last fault takes two minutes; BENCH_FAILOVER_SCALE=0.1 makes every time, the limits included, ten
times shorter.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from core.gateway.models import warm_up
from tests.faults import FAULTS, outage, play

Verdict = tuple[str, str]

AT_ONCE = 8
WORST_FIRST = ("fail", "safe", "partial", "pass")
TRANSPORTS = ("http", "litellm")


def run(data: Path) -> dict[str, Any]:
    """The verdict on each fault over httpx, and those through LiteLLM; `data` is not used."""
    scale = float(os.environ.get("BENCH_FAILOVER_SCALE", "1"))
    # Every attempt is meant to fail, and LiteLLM says so at length.
    logging.disable(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warm_up()
        found = {transport: verdicts(transport, scale) for transport in TRANSPORTS}
    logging.disable(logging.NOTSET)
    show(found)
    faults = {transport: {n: verdict for n, (verdict, _) in of.items()} for transport, of in found.items()}
    passed = {transport: list(of.values()).count("pass") for transport, of in faults.items()}
    return {
        "faults": faults["http"],
        "pass": passed["http"],
        "litellm": {"faults": faults["litellm"], "pass": passed["litellm"]},
        "scale": scale,
    }


def verdicts(transport: str, scale: float) -> dict[int, Verdict]:
    plays: dict[int, list[Callable[[], Verdict]]] = {15: [partial(outage, scale, transport)]}
    for fault in FAULTS:
        plays[fault.number] = [partial(play, fault, scale, transport, whole) for whole in (False, True)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = {number: [pool.submit(one) for one in of] for number, of in plays.items()}
        return {number: worst(one.result() for one in running[number]) for number in sorted(running)}


def worst(found: Iterable[Verdict]) -> Verdict:
    return min(found, key=lambda verdict: WORST_FIRST.index(verdict[0]))


def show(found: dict[str, dict[int, Verdict]]) -> None:
    titles = {fault.number: fault.title for fault in FAULTS} | {15: "down 60 s, a request every 4 s"}
    for number, title in sorted(titles.items()):
        cells = "  ".join(f"{t}: {found[t][number][0]:7} {found[t][number][1]:34}" for t in TRANSPORTS)
        print(f"{number:2}  {title:32}  {cells}")
