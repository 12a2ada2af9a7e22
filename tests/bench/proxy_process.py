"""Our proxy in a process of its own, with budgets, limits and journal on, over SQLite."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.gateway.money import Scope
from core.gateway.privacy.analyser import Analyser
from core.gateway.rate_limits import RateLimit, RateTable
from core.settings import ProxySettings
from tests.model_files import entry
from tests.proxy_house import house_of

MANY = 1_000_000_000
KINDS = ("0", "60", "paced")


@dataclass(frozen=True)
class Running:
    """Where it answers, with which key, in which process."""

    url: str
    token: str
    pid: int


@contextmanager
def our_proxy(provider: str) -> Iterator[Running]:
    """Its models are called as the stand-in's ways of answering: 0, 60 and paced.

    Behind `masked-0` and so on all kinds of personal data are masked.
    """
    command = [sys.executable, "-W", "ignore", "-m", "tests.bench.proxy_process", provider]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            said = json.loads(process.stdout.readline())
            yield Running(said["url"], said["token"], process.pid)
        finally:
            process.stdin.close()
            process.wait(60)


def main(provider: str) -> None:
    """Serve until the standard input ends."""
    ways: dict[str, dict[str, Any]] = {"": {"masked_kinds": []}, "masked-": {}}
    entries = [
        entry(f"{word}{kind}", f"{provider}/{kind}/v1", route=f"{word}{kind}", **info)
        for kind in KINDS
        for word, info in ways.items()
    ]
    analyser = Analyser(None)
    analyser.warm_up()
    settings = ProxySettings(port=1, parallel=64)
    limit = RateLimit(requests_per_min=MANY)
    rates = RateTable(limit, limit, limit, limit)
    with (
        tempfile.TemporaryDirectory() as folder,
        house_of(Path(folder), entries, proxy=settings, analyser=analyser, rates=rates) as house,
    ):
        for scope in (Scope.department("sales"), Scope.provider("openai")):
            house.gateway.budgets.set_limit(house.administrator, scope, MANY)
        _, token = house.make_key(requests_per_min=MANY, tokens_per_min=MANY)
        print(json.dumps({"url": house.url, "token": token}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
