"""Whatever a provider saw is in the journal, also when the process is killed at a random moment.

One child builds a gateway, and forks a worker again and again, which it kills after a random time. A
worker asks through the gateway from four threads, so that kills fall between and within every two
steps of a call. The stand-in's requests are matched with the entries by the id that they carry.
`JOURNAL_CRASH_CALLS=1000` makes it the full run.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.database import Database
from core.gateway.budgets import Budgets
from core.gateway.charges import Caller
from core.gateway.messages import Message, ModelRequest
from core.gateway.money import Scope
from core.gateway.openai_http import ATTEMPT_HEADER
from core.journal.entries import Kind
from core.journal.journal import Journal
from tests.fakes import ShapeFinder
from tests.gateway_house import House, gateway_house, now
from tests.model_files import entry
from tests.stand_in import Script, stand_in

CALLS = int(os.environ.get("JOURNAL_CRASH_CALLS", "80"))
THREADS = 4
LIFE_S = 0.4
CALLS_PER_LIFE = 8  # at most, so that there are many kills
SALES = Scope.department("sales")
_ATTEMPT = re.compile(rf"^{ATTEMPT_HEADER}: (\S+)".encode(), re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Killed:
    """What the kills left: `lost` are requests that the stand-in saw and the journal does not hold.

    `open` are attempts without an outcome, `stuck_microusd` is what is still held when every hold's
    time is up.
    """

    kills: int
    seen: int
    lost: list[str]
    open: int
    intact: bool
    stuck_microusd: int


def test_every_call_that_the_provider_saw_is_in_the_journal(tmp_path: Path) -> None:
    """The chain is whole, what has no outcome is visible as such, and no money stays held."""
    outcome = killed_at_random(tmp_path, CALLS)
    assert outcome.seen >= CALLS
    assert outcome.kills >= CALLS // (CALLS_PER_LIFE * THREADS)
    assert outcome.lost == []
    assert outcome.intact
    assert outcome.open > 0
    assert outcome.stuck_microusd == 0


def killed_at_random(folder: Path, calls: int) -> Killed:
    """Kill workers until the stand-in has seen so many calls, and look at what is left."""
    folder.mkdir(exist_ok=True)
    # The stand-in's server complains aloud about every connection that a kill cuts off.
    with contextlib.redirect_stderr(io.StringIO()), stand_in() as provider:
        provider.script = lambda _: Script(pieces=("Five ", "days."), keep_alive=True)
        command = [sys.executable, "-m", "tests.unit.test_journal_crash", str(folder), provider.url]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            kills = 0
            while len(provider.requests) < calls:
                print("live", file=child.stdin, flush=True)
                kills += child.stdout.readline() == "killed\n"
                assert child.poll() is None
            child.stdin.close()
            assert child.wait(30) == 0
    seen = Counter(
        found[1].decode() if (found := _ATTEMPT.search(raw)) else "a request without an id"
        for raw in provider.raw
    )
    database = Database(f"sqlite:///{folder / 'house.sqlite'}")
    result = _left(database, seen, kills)
    database.close()
    return result


def _left(database: Database, seen: Counter[str], kills: int) -> Killed:
    journal = Journal(database, lambda: datetime.now(UTC))
    intents = {
        f"{found.trace_id}-{found.seq}"
        for found in journal.search(limit=1_000_000)
        if found.kind == Kind.MODEL_ATTEMPT
    }
    unanswered = journal.open_attempts(timedelta(0))
    intact = journal.verify().intact
    budgets = Budgets(database, lambda: now() + timedelta(hours=1), journal.append_in)
    budgets.expire()
    held = sum(sum(hold.amounts.values()) for hold in budgets.open_holds())
    stuck = held + budgets.status(SALES).held_microusd
    # One intent is one request: an id that came twice was not written down for the second.
    lost = sorted((seen - Counter(intents)).elements())
    return Killed(kills, seen.total(), lost, len(unanswered), intact, stuck)


def main(folder: Path, url: str) -> None:
    """The child: for each line that it reads, one worker is born and killed."""
    rng = random.Random(7)
    with gateway_house(folder, [entry("stand-in", url)], ShapeFinder()) as house:
        house.budgets.set_limit(house.root, SALES, 1_000_000_000)
        house.database.close()  # a worker must not share its parent's connections
        for _ in sys.stdin:
            worker = os.fork()
            if worker == 0:
                live(house)
                os._exit(0)
            time.sleep(rng.uniform(0, LIFE_S))
            os.kill(worker, signal.SIGKILL)
            status = os.waitpid(worker, 0)[1]
            print("killed" if os.WIFSIGNALED(status) else "ended", flush=True)


def live(house: House) -> None:
    """A worker: ask from every thread until there is nothing left to ask."""
    threads = [threading.Thread(target=ask_again_and_again, args=(house,)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def ask_again_and_again(house: House) -> None:
    request = ModelRequest("gpt", (Message("user", "How many days?"),), max_tokens=50)
    for _ in range(CALLS_PER_LIFE):
        for _event in house.gateway.stream(request, Caller("sales", None, uuid.uuid4().hex, "answer")):
            pass


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
