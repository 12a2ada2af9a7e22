"""Run by test_crash: ingests, counts its SQL statements, and kills itself before one of them.

It imports everything once. For each line `folder point` a worker is forked that does it; at point 0 it
lives, and says how many statements there were. Then the line `killed` or `ended` follows.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import sqlalchemy as sa

from core.bootstrap import build
from core.settings import Settings
from tests.fakes import HashEmbedder
from tests.unit.test_crash import replacing


def main() -> None:
    for line in sys.stdin:
        folder, at = line.rsplit(maxsplit=1)
        worker = os.fork()
        if worker == 0:
            status = 1
            try:
                ingest(Path(folder), int(at))
                status = 0
            finally:
                os._exit(status)
        code = os.waitpid(worker, 0)[1]
        assert os.WIFSIGNALED(code) or os.waitstatus_to_exitcode(code) == 0
        print("killed" if os.WIFSIGNALED(code) else "ended", flush=True)


def ingest(folder: Path, at: int) -> None:
    desk = build(Settings(data_dir=folder, reranker="none"), embedder=HashEmbedder())
    count = 0

    def before(*_: object) -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    for event in ("before_cursor_execute", "commit"):
        sa.event.listen(desk.database.engine, event, before)
    list(desk.knowledge.ingestion.run(replacing(), "upload"))
    desk.close()
    print(count, flush=True)


if __name__ == "__main__":
    main()
