"""An ingestion that is killed at any point leaves the old version whole and nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.bootstrap import build
from core.knowledge.ingestion import Outcome
from core.knowledge.sources import Source
from core.settings import Settings
from core.tables import chunks
from tests.conftest import add_departments, add_person, text_source
from tests.fakes import HashEmbedder

POINTS = 10
OLD, NEW = "Parking costs three euro.", "Parking is free."


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, reranker="none")


def statements_of_a_whole_run(folder: Path) -> int:
    run = subprocess.run(
        [sys.executable, "-m", "tests.crash_child", folder, "0"], capture_output=True, text=True, check=True
    )
    return int(run.stdout.split()[-1])


def prepare(folder: Path) -> None:
    desk = build(settings(folder), embedder=HashEmbedder())
    add_departments(desk.identity)
    add_person(desk.identity, "ada", "people")
    list(desk.knowledge.ingestion.run([text_source("people/a.txt", OLD)], "upload"))
    desk.close()


@pytest.mark.parametrize("point", range(POINTS))
def test_a_kill_at_any_point_loses_nothing(tmp_path: Path, point: int) -> None:
    """The child replaces a document and adds another; it is killed before one of its statements."""
    prepare(tmp_path / "dry")
    total = statements_of_a_whole_run(tmp_path / "dry")
    at = 1 + point * (total - 1) // (POINTS - 1)
    folder = tmp_path / "killed"
    prepare(folder)
    child = subprocess.run([sys.executable, "-m", "tests.crash_child", folder, str(at)], check=False)
    assert child.returncode == -signal.SIGKILL

    desk = build(settings(folder), embedder=HashEmbedder())
    try:
        ada = desk.identity.by_email("ada@fennwick.example")
        assert ada is not None
        texts = {p.chunk.text for p in desk.knowledge.retriever.search("parking", ada).passages}
        assert texts in ({OLD}, {NEW, "Parking is behind the hall."})
        names = {i.name: i.version for i in desk.catalog.documents(ada)}
        with desk.database.read() as connection:
            stored = set(connection.scalars(sa.select(chunks.c.id)))
        assert set(desk.knowledge.vectors.ids("*")) == stored
        assert desk.knowledge.versions.pending_purges() == []
        again = list(desk.knowledge.ingestion.run(replacing(), "upload"))
        assert {r.outcome for r in again} <= {Outcome.ADDED, Outcome.REPLACED, Outcome.UNCHANGED}
        texts = {p.chunk.text for p in desk.knowledge.retriever.search("parking", ada).passages}
        assert texts == {NEW, "Parking is behind the hall."}
        assert names["people/a.txt"] in (1, 2)
    finally:
        desk.close()


def replacing() -> list[Source]:
    return [
        text_source("people/a.txt", NEW),
        text_source("people/b.txt", "Parking is behind the hall."),
    ]
