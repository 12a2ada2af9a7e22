"""After the installation nothing reaches beyond this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SET_UP_AND_ASK = """
from core.__main__ import main
from core.bootstrap import build
from core.settings import load_settings
assert main(["setup"]) == 0
desk = build(load_settings())
person = desk.identity.by_email("jonas.everard@fennwick.example")
conversation = desk.conversations.start(person, "x")
events = list(desk.assistant.ask(person, conversation, "How many days a week may I work from home?"))
print(events[-1].answer.outcome, events[-1].answer.model)
desk.close()
"""

pytestmark = [pytest.mark.xdist_group("heavy"), pytest.mark.timeout(300)]


@pytest.fixture
def child_env(tmp_path: Path) -> dict[str, str]:
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(("HF_", "LITELLM_", "ANONYMIZED"))},
        "PYTHONPATH": str(ROOT / "tests" / "no_network"),
        "REACHED_OUT": str(tmp_path / "reached-out"),
        "ANSWERDESK_DATA_DIR": str(tmp_path / "runtime"),
        "ANSWERDESK_COMPANY_DIR": str(_small_company(tmp_path / "company")),
    }


def _small_company(folder: Path) -> Path:
    """The sample company with its people and one policy."""
    source = ROOT / "data" / "company"
    policy = "people/remote-work-policy-2026.pdf"
    (folder / "files" / "people").mkdir(parents=True)
    shutil.copy(source / "people.yaml", folder)
    shutil.copy(source / "files" / policy, folder / "files" / policy)
    entry = f"documents:\n- {{path: {policy}, owner: ilse.brandmoor@fennwick.example, readers: everyone}}\n"
    (folder / "manifest.yaml").write_text(entry)
    return folder


def _reached_out(env: dict[str, str]) -> str:
    log = Path(env["REACHED_OUT"])
    return log.read_text() if log.exists() else ""


def test_loading_and_asking_reach_nobody(child_env: dict[str, str]) -> None:
    """Setup, ingestion, embedding, retrieval and the embedded model through LiteLLM."""
    command = [sys.executable, "-c", SET_UP_AND_ASK]
    asked = subprocess.run(command, cwd=ROOT, env=child_env, check=True, stdout=subprocess.PIPE, text=True)
    assert asked.stdout.splitlines()[-1] == "answered embedded"
    assert _reached_out(child_env) == ""


def test_the_server_reaches_nobody(child_env: dict[str, str]) -> None:
    """Starting the app and serving its first page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
        cwd=ROOT,
        env=child_env,
    )
    try:
        assert _fetch(f"http://127.0.0.1:{port}/_stcore/health") == b"ok"
        assert b"<html" in _fetch(f"http://127.0.0.1:{port}/")
    finally:
        server.terminate()
        server.wait(timeout=30)
    assert _reached_out(child_env) == ""


def _fetch(url: str) -> bytes:
    deadline = time.monotonic() + 90
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return response.read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
