"""The gateway alone and the app over one data folder: two real processes, in either order."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.bootstrap import Desk, build
from core.errors import StoreInUse
from core.gateway.embedded_reader import EMBED, RERANK
from core.keys import NewKey
from core.knowledge.folder_claim import FolderClaim
from core.knowledge.vector_index import ChromaStore, VectorIndex
from core.proxy.assistant_model import ASSISTANT
from core.proxy.attendance import Attendance
from core.proxy.refusals import Refused
from core.settings import Settings
from core.types import Role
from tests.conftest import add_departments, add_person
from tests.fakes import HashEmbedder
from tests.proxy_house import eventually

ROOT = Path(__file__).resolve().parents[2]
ASKED = {"messages": [{"role": "user", "content": "Hello?"}]}


def app_over(folder: Path) -> Desk:
    """What the app builds when it starts; in the test's own process."""
    return build(Settings(data_dir=folder, reranker="none"), embedder=HashEmbedder())


def key_for(desk: Desk) -> str:
    add_departments(desk.identity)
    administrator = add_person(desk.identity, "sanne", "people", Role.ADMINISTRATOR)
    return desk.keys.make(administrator, NewKey("Shop", "people", reads_documents=True))[1]


class Gateway:
    """`python -m core gateway`, and what it said on stderr."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self._log = log

    @property
    def said(self) -> str:
        return self._log.read_text()

    def ready(self) -> dict[str, Any]:
        return dict(httpx.get(f"{self.url}/readyz", timeout=30).json())

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.said
        try:
            return httpx.get(f"{self.url}/healthz", timeout=30).status_code == 200
        except httpx.TransportError:
            return False

    def client(self, token: str) -> httpx.Client:
        headers = {"authorization": f"Bearer {token}"}
        return httpx.Client(base_url=f"{self.url}/v1", headers=headers, timeout=60)


@contextmanager
def gateway_over(folder: Path) -> Iterator[Gateway]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSWERDESK_")},
        "ANSWERDESK_DATA_DIR": str(folder),
        "ANSWERDESK_RERANKER": "none",
        "ANSWERDESK_PROXY__PORT": str(port),
        "CHROMA_URL": "",
        "DATABASE_URL": "",
    }
    log = folder.parent / f"gateway-{port}.log"
    with log.open("w") as stderr:
        command = [sys.executable, "-W", "ignore", "-m", "core", "gateway"]
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=stderr, text=True)
        gateway = Gateway(process, port, log)
        try:
            for _ in range(8):
                try:
                    eventually(gateway.is_up)
                    break
                except AssertionError:
                    assert process.poll() is None, gateway.said
            yield gateway
        finally:
            process.terminate()
            assert process.wait(60) == 0, gateway.said


def served_without_the_assistant(gateway: Gateway, token: str) -> None:
    """All but the assistant is served, and the reason stands wherever somebody looks."""
    ready = gateway.ready()
    assert ready["status"] == "ready" and "CHROMA_URL" in ready["without"][ASSISTANT]
    with gateway.client(token) as client:
        models = client.get("/models").json()
        assert [model["id"] for model in models["data"]] == ["embedded", EMBED, RERANK]
        assert models["unavailable"] == [{"id": ASSISTANT, "reason": ready["without"][ASSISTANT]}]
        refused = client.post("/chat/completions", json={"model": ASSISTANT, **ASKED})
        assert refused.status_code == 503 and refused.headers["x-should-retry"] == "false"
        assert refused.json()["error"]["message"] == ready["without"][ASSISTANT]
        assert client.post("/chat/completions", json={"model": "embedded", **ASKED}).status_code == 200
        assert client.post("/embeddings", json={"model": EMBED, "input": "a"}).status_code == 200
    assert "does not answer here" in gateway.said and "Traceback" not in gateway.said


def test_the_gateway_begins_beside_the_app(tmp_path: Path) -> None:
    folder = tmp_path / "runtime"
    desk = app_over(folder)
    try:
        token = key_for(desk)
        with gateway_over(folder) as gateway:
            served_without_the_assistant(gateway, token)
            desk.knowledge.vectors.upsert("*", [1], desk_vector())
            assert desk.knowledge.vectors.count("*") == 1
    finally:
        desk.close()


def test_the_app_begins_beside_the_gateway(tmp_path: Path) -> None:
    """Alone the gateway has the assistant; the app takes the documents over without a restart of anybody."""
    folder = tmp_path / "runtime"
    first = app_over(folder)
    token = key_for(first)
    first.close()
    with gateway_over(folder) as gateway:
        assert gateway.ready() == {"status": "ready"}
        with gateway.client(token) as client:
            names = [model["id"] for model in client.get("/models").json()["data"]]
            assert names == [ASSISTANT, "embedded", EMBED, RERANK]
            assert client.post("/chat/completions", json={"model": ASSISTANT, **ASKED}).status_code == 200
        desk = app_over(folder)
        try:
            served_without_the_assistant(gateway, token)
            desk.knowledge.vectors.upsert("*", [1], desk_vector())
            assert desk.knowledge.vectors.query(["*"], desk_vector()[0], 1)[0][0] == 1
        finally:
            desk.close()


def desk_vector() -> Any:
    return HashEmbedder().embed_texts(["annual leave"])


def test_a_guest_takes_a_free_folder_and_learns_that_it_is_wanted(tmp_path: Path) -> None:
    guest = FolderClaim(tmp_path, guest=True)
    assert not guest.wanted()
    claims: list[FolderClaim] = []
    owner = threading.Thread(target=lambda: claims.append(FolderClaim(tmp_path)))
    owner.start()
    eventually(guest.wanted)
    assert not claims
    guest.release()
    owner.join(20)
    assert len(claims) == 1
    with pytest.raises(StoreInUse, match="CHROMA_URL"):
        FolderClaim(tmp_path, guest=True)
    with pytest.raises(StoreInUse, match="CHROMA_URL"):
        FolderClaim(tmp_path)
    claims[0].release()
    FolderClaim(tmp_path, guest=True).release()


def test_of_two_guests_the_first_has_it(tmp_path: Path) -> None:
    first = FolderClaim(tmp_path, guest=True)
    with pytest.raises(StoreInUse):
        FolderClaim(tmp_path, guest=True)
    first.release()


def test_a_store_is_not_closed_under_who_uses_it(tmp_path: Path) -> None:
    """And afterwards every use says plainly that it is another's."""
    store = ChromaStore(tmp_path / "chroma", guest=True)
    index = VectorIndex(store, "model")
    index.upsert("*", [1], desk_vector())
    closing = threading.Thread(target=store.close)
    with store.open() as client:
        closing.start()
        eventually(lambda: not store.here)
        assert closing.is_alive() and client.list_collections()
    closing.join(20)
    assert not closing.is_alive()
    for use in (
        lambda: index.query(["*"], desk_vector()[0], 1),
        lambda: index.upsert("*", [2], desk_vector()),
        lambda: index.delete("*", [1]),
        lambda: index.count("*"),
        lambda: list(index.ids("*")),
    ):
        with pytest.raises(StoreInUse):
            use()
    store.close()
    ChromaStore(tmp_path / "chroma").close()


def test_answers_under_way_are_finished_before_the_assistant_leaves() -> None:
    """New ones are refused at once."""
    attendance = Attendance()
    leaving = threading.Thread(target=attendance.leave, args=("The app has begun.", 20.0))
    with attendance.answering():
        leaving.start()
        eventually(lambda: attendance.away != "")
        with pytest.raises(Refused), attendance.answering():
            pass
        assert leaving.is_alive()
    leaving.join(20)
    assert not leaving.is_alive()
