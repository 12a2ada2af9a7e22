"""A real server process over a temporary data folder, and a real browser in front of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FLAGS += ["--disable-sync", "--no-first-run"]
START_S = 90

expect.set_options(timeout=45_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(reason=f"there is no {CHROMIUM}")
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")
            item.add_marker(pytest.mark.timeout(400))
            if not Path(CHROMIUM).exists():
                item.add_marker(missing)


@dataclass(frozen=True)
class Server:
    """Where a running Answerdesk is, and which data it holds."""

    url: str
    data: Path


def environment(data: Path, **extra: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSWERDESK_")}
    return kept | {"ANSWERDESK_DATA_DIR": str(data), "HF_HUB_OFFLINE": "1"} | extra


def free_port() -> int:
    """One that the system hands out, so that two workers are not given the same."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(data: Path, port: int, *options: str) -> Iterator[Server]:
    """`streamlit run app.py`, ended when the block is left."""
    log = data.parent / f"server-{port}.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), *options]
    with log.open("ab") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(data), stdout=out, stderr=out)
    try:
        wait_until_healthy(process, f"http://127.0.0.1:{port}/_stcore/health", log)
        yield Server(f"http://127.0.0.1:{port}", data)
    finally:
        process.terminate()
        process.wait(30)


def wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(START_S * 5):
        if process.poll() is not None:
            raise RuntimeError(log.read_text())
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            _lives_for(process, 0.2)
    raise RuntimeError("the server did not start: " + log.read_text())


def _lives_for(process: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


@pytest.fixture(scope="session")
def company_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the sample company, as `python -m core setup` makes it."""
    data = tmp_path_factory.mktemp("company") / "runtime"
    subprocess.run(
        [sys.executable, "-m", "core", "setup"], cwd=ROOT, env=environment(data), check=True, timeout=300
    )
    return data


@pytest.fixture
def company(company_data: Path, tmp_path: Path) -> Iterator[Server]:
    """A server of the sample company that nobody has asked anything yet."""
    data = tmp_path / "runtime"
    shutil.copytree(company_data, data)
    with running(data, free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A page in a browser of its own, and the requests that it made to other machines."""

    page: Page
    outside: list[str]


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """Opens browsers that share nothing; whatever they ask of other machines is refused and noted."""
    with ExitStack() as stack:

        def open_(**options: Any) -> Visitor:
            context: BrowserContext = chromium.new_context(**{"timezone_id": "Europe/Amsterdam", **options})
            stack.callback(context.close)
            outside: list[str] = []

            def guard(route: Any) -> None:
                if "://127.0.0.1:" in route.request.url:
                    route.continue_()
                else:
                    outside.append(route.request.url)
                    route.abort()

            context.route(lambda url: url.startswith("http"), guard)
            return Visitor(context.new_page(), outside)

        yield open_
