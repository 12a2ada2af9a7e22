"""Run by test_crash: ingests, counts its SQL statements, and kills itself before one of them."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import sqlalchemy as sa

from core.bootstrap import build
from core.settings import Settings
from tests.fakes import HashEmbedder


def main(folder: Path, at: int) -> None:
    from tests.unit.test_crash import replacing

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
    print(count)
    desk.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
