"""LiteLLM's own proxy, to measure beside ours: in a virtual environment of its own, with one worker.

The environment is made once, under the user's cache folder, because the proxy's extras do not install
beside our own packages.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

VERSION = "1.106.12"
PYTHON = "python3.11"
START_S = 180.0
MODEL = "gpt"


class NotAvailable(Exception):
    """The proxy cannot be installed or does not start; the message is the reason."""


@contextmanager
def litellm_proxy(provider: str) -> Iterator[str]:
    """The base address (`.../v1`) of a proxy whose one model, `gpt`, is the stand-in at `provider`.

    Raises NotAvailable.
    """
    program = _installed()
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        config = Path(folder) / "config.yaml"
        config.write_text(yaml.safe_dump(_config(provider)))
        command = [
            program,
            "--config",
            config,
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--num_workers",
            "1",
        ]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=_environment())
        try:
            _wait(process, f"http://127.0.0.1:{port}/health/liveliness", Path(folder) / "log")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def _installed() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "answerdesk"
    folder = cache / f"litellm-proxy-{VERSION}"
    whole = folder / "complete"
    if not whole.exists():
        python = shutil.which(PYTHON) or sys.executable
        print(f"installing LiteLLM's proxy {VERSION} into {folder}", file=sys.stderr)
        _run(python, "-m", "venv", "--clear", str(folder))
        _run(str(folder / "bin" / "python"), "-m", "pip", "install", "-q", f"litellm[proxy]=={VERSION}")
        whole.touch()
    return folder / "bin" / "litellm"


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except OSError as exc:
        raise NotAvailable(f"{command[0]} does not run: {exc}") from exc
    except subprocess.CalledProcessError as exc:
        errors = [line for line in exc.stderr.splitlines() if line.startswith("ERROR")]
        raise NotAvailable(" ".join(errors)[:300] or f"{' '.join(command)} failed") from exc


def _config(provider: str) -> dict[str, Any]:
    parameters = {"model": "openai/gpt-4o-mini", "api_base": provider, "api_key": "none"}
    return {
        "model_list": [{"model_name": MODEL, "litellm_params": parameters}],
        # On loopback, for a stand-in: it has no key to check.
        "general_settings": {"dangerously_permit_weak_or_unset_master_key": True},
    }


def _environment() -> dict[str, str]:
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "DO_NOT_TRACK": "1"}
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(Path.home()), **quiet}


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise NotAvailable(f"LiteLLM's proxy ended at its start: {' '.join(last)[:300]}")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.3)
    raise NotAvailable(f"LiteLLM's proxy did not answer within {START_S:.0f} s.")
