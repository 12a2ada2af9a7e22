"""The vector index behaves alike on disk and on a Chroma server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import ConfigurationError, StoreInUse
from core.knowledge.vector_index import ChromaStore, VectorIndex

# One worker starts one Chroma server.
pytestmark = pytest.mark.xdist_group("chroma")


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chroma = Path(sys.executable).with_name("chroma")
    process = subprocess.Popen(
        [
            chroma,
            "run",
            "--path",
            tmp_path_factory.mktemp("chroma"),
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "ANONYMIZED_TELEMETRY": "False"},
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the Chroma server did not start")


@pytest.fixture(params=["disk", "server"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChromaStore]:
    if request.param == "disk":
        store = ChromaStore(folder=tmp_path / "chroma")
    else:
        store = ChromaStore(url=request.getfixturevalue("server_url"))
        with store.open() as client:
            for collection in client.list_collections():
                client.delete_collection(collection.name)
    yield store
    store.close()


@pytest.fixture
def index(store: ChromaStore) -> VectorIndex:
    return VectorIndex(store, "model-a")


def unit(*angles: float) -> np.ndarray:
    return np.array([[np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)


def test_the_nearest_of_the_named_groups_come_first(index: VectorIndex) -> None:
    """Groups that are not named contribute nothing."""
    index.upsert("*", [1, 2], unit(0.0, 1.0))
    index.upsert("people", [3], unit(0.1))
    index.upsert("finance", [4], unit(0.0))
    hits = index.query(["*", "people", "never-used"], unit(0.0)[0], 2)
    assert [i for i, _ in hits] == [1, 3]
    assert hits[0][1] == pytest.approx(1.0, abs=1e-5)
    assert hits[1][1] == pytest.approx(np.cos(0.1), abs=1e-5)


def test_an_upsert_replaces_and_a_delete_removes(index: VectorIndex) -> None:
    """Deleting what is not there does no harm."""
    index.upsert("*", [1], unit(0.0))
    index.upsert("*", [1], unit(1.0))
    assert index.vectors(["*"], [1])[1] == pytest.approx(unit(1.0)[0])
    index.delete("*", [1, 99])
    index.delete("unknown", [1])
    assert index.vectors(["*", "unknown"], [1]) == {}
    assert list(index.ids("*")) == []


def test_more_rows_than_one_page_are_written_and_read(index: VectorIndex) -> None:
    """Chroma refuses large batches; nobody has to know."""
    ids = list(range(1, 12_001))
    index.upsert("*", ids, unit(*np.linspace(0, 1, len(ids))))
    assert sorted(index.ids("*")) == ids
    assert len(index.vectors(["*"], ids)) == len(ids)


def test_models_do_not_mix_and_the_old_ones_can_be_dropped(store: ChromaStore, index: VectorIndex) -> None:
    """Vectors of another embedding model are in collections of their own."""
    index.upsert("*", [1], unit(0.0))
    other = VectorIndex(store, "model-b")
    assert other.query(["*"], unit(0.0)[0], 5) == []
    other.upsert("*", [2], unit(0.0))
    other.drop_other_embeddings()
    assert VectorIndex(store, "model-a").query(["*"], unit(0.0)[0], 5) == []
    assert [i for i, _ in other.query(["*"], unit(0.0)[0], 5)] == [2]


def test_a_second_process_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Two processes on one folder would lose writes silently."""
    first = ChromaStore(folder=tmp_path / "chroma")
    code = (
        "import sys, pathlib\n"
        "from core.knowledge.vector_index import ChromaStore\n"
        "from core.errors import StoreInUse\n"
        "try: ChromaStore(folder=pathlib.Path(sys.argv[1]))\n"
        "except StoreInUse as error: print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "chroma"], capture_output=True, text=True, check=True
    )
    assert "CHROMA_URL" in run.stdout
    with pytest.raises(StoreInUse):
        ChromaStore(folder=tmp_path / "chroma")
    first.close()
    ChromaStore(folder=tmp_path / "chroma").close()


@pytest.mark.parametrize("url", ["chroma:8000", "http://127.0.0.1:9"])
def test_a_server_that_is_not_there_is_named(url: str) -> None:
    """The setting and the reason are in the message."""
    with pytest.raises(ConfigurationError, match="CHROMA_URL"):
        ChromaStore(url=url)
