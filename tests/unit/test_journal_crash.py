"""Whatever a provider saw is in the journal, also when the process is killed at a random moment.

One child imports everything, and forks a worker again and again, which it kills after a random
time. A worker writes the attempt, calls the stand-in, and writes the outcome, from four threads.
`JOURNAL_CRASH_CALLS=1000` makes it the full run.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.database import Database
from core.journal.entries import Kind, Record
from core.journal.journal import Journal
from tests.stand_in import stand_in

CALLS = int(os.environ.get("JOURNAL_CRASH_CALLS", "200"))
THREADS = 4
LIFE_S = 0.12
CALLS_PER_LIFE = 8  # at most, so that there are many kills


@dataclass(frozen=True)
class Killed:
    """What the kills left: `lost` are calls that the stand-in saw and the journal does not hold."""

    kills: int
    seen: int
    lost: list[str]
    open: int
    intact: bool


def test_every_call_that_the_provider_saw_is_in_the_journal(tmp_path: Path) -> None:
    """The chain is whole, and what has no outcome is visible as such."""
    outcome = killed_at_random(tmp_path, CALLS)
    assert outcome.seen >= CALLS
    assert outcome.kills >= CALLS // (CALLS_PER_LIFE * THREADS)
    assert outcome.lost == []
    assert outcome.intact
    assert outcome.open > 0


def killed_at_random(folder: Path, calls: int) -> Killed:
    folder.mkdir(exist_ok=True)
    # The stand-in's server complains aloud about every connection that a kill cuts off.
    with contextlib.redirect_stderr(io.StringIO()), stand_in() as provider:
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
    seen = {str(request["attempt"]) for request in provider.requests}
    database, journal = opened(folder)
    recorded = {entry.trace_id for entry in journal.search(limit=1_000_000) if entry.kind == "model_attempt"}
    unanswered = journal.open_attempts(timedelta(0))
    result = Killed(kills, len(seen), sorted(seen - recorded), len(unanswered), journal.verify().intact)
    database.close()
    return result


def opened(folder: Path) -> tuple[Database, Journal]:
    database = Database(f"sqlite:///{folder / 'journal.sqlite'}")
    return database, Journal(database, lambda: datetime.now(UTC))


def main(folder: Path, url: str) -> None:
    """The child: for each line that it reads, one worker is born and killed."""
    database, _ = opened(folder)
    database.migrate()
    database.close()
    rng = random.Random(7)
    for _ in sys.stdin:
        worker = os.fork()
        if worker == 0:
            live(folder, url)
            os._exit(0)
        time.sleep(rng.uniform(0, LIFE_S))
        os.kill(worker, signal.SIGKILL)
        status = os.waitpid(worker, 0)[1]
        print("killed" if os.WIFSIGNALED(status) else "ended", flush=True)


def live(folder: Path, url: str) -> None:
    _, journal = opened(folder)
    threads = [threading.Thread(target=call_again_and_again, args=(journal, url)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def call_again_and_again(journal: Journal, url: str) -> None:
    for _ in range(CALLS_PER_LIFE):
        trace = uuid.uuid4().hex
        attempt = journal.append(Record(trace, Kind.MODEL_ATTEMPT, provider="stand-in"))
        call(url, trace)
        journal.append(Record(trace, Kind.MODEL_OUTCOME, outcome="ok", closes=attempt.seq))


def call(url: str, trace: str) -> None:
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    body = json.dumps({"attempt": trace, "messages": []})
    connection.request("POST", f"{address.path}/chat/completions", body)
    connection.getresponse().read()
    connection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
