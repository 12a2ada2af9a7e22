"""An ingestion that is killed at any point leaves the old version whole and nothing behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
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

# One worker has them all: they share a child, and a run that is not killed.
pytestmark = pytest.mark.xdist_group("crash")
Ingest = Callable[[Path, int], list[str]]


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, reranker="none")


@pytest.fixture(scope="module")
def ingest() -> Iterator[Ingest]:
    """Has the child ingest into a folder, killed before a statement or, at 0, not; gives what it said."""
    command = [sys.executable, "-m", "tests.crash_child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None and child.stdout is not None
        asked, said = child.stdin, child.stdout

        def ask(folder: Path, at: int) -> list[str]:
            print(folder, at, file=asked, flush=True)
            lines: list[str] = []
            while not lines or lines[-1] not in ("killed", "ended"):
                line = said.readline()
                assert line, "the child is gone"
                lines.append(line.strip())
            return lines

        yield ask
        asked.close()
        assert child.wait(30) == 0


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a desk with one document."""
    folder = tmp_path_factory.mktemp("crash") / "before"
    desk = build(settings(folder), embedder=HashEmbedder())
    add_departments(desk.identity)
    add_person(desk.identity, "ada", "people")
    list(desk.knowledge.ingestion.run([text_source("people/a.txt", OLD)], "upload"))
    desk.close()
    return folder


@pytest.fixture(scope="module")
def statements(before: Path, ingest: Ingest) -> int:
    """How many a whole run has."""
    whole = before.parent / "whole"
    shutil.copytree(before, whole)
    count, end = ingest(whole, 0)[-2:]
    assert end == "ended"
    return int(count)


@pytest.mark.parametrize("point", range(POINTS))
def test_a_kill_at_any_point_loses_nothing(
    tmp_path: Path, before: Path, ingest: Ingest, statements: int, point: int
) -> None:
    """The child replaces a document and adds another; it is killed before one of its statements."""
    at = 1 + point * (statements - 1) // (POINTS - 1)
    folder = tmp_path / "killed"
    shutil.copytree(before, folder)
    assert ingest(folder, at) == ["killed"]

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
