"""PostgreSQL and Redis for tests: the ones that answer, else own ones that end with the tests.

An own server has a temporary folder and a free port. Where the tests run as root it runs as another
user, because PostgreSQL refuses root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from limits.storage import storage_from_string

START_S = 30.0
STOP_S = 30.0
TRIES = 3
"""Between choosing a free port and listening on it, somebody else may take it."""
POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/test")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")


Find = Callable[[str], str | None]
"""Gives the path of a program, None where it is not installed."""


class Unavailable(Exception):
    """Nothing answers and nothing can be started; the message says why."""


def installed(name: str) -> str | None:
    """A program on the path, or where Debian has the newest PostgreSQL."""
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    return shutil.which(name) or (str(packaged[-1]) if packaged else None)


def _version(binary: Path) -> int:
    name = binary.parent.parent.name
    return int(name) if name.isdigit() else 0


@contextmanager
def postgresql(named: str = POSTGRES, find: Find = installed) -> Iterator[sa.URL]:
    """Where a server answers in which databases may be created; raises Unavailable."""
    url = sa.make_url(named).set(drivername="postgresql+psycopg")
    if postgresql_answers(url):
        yield url
        return
    initdb, postgres = (find(name) for name in ("initdb", "postgres"))
    if initdb is None or postgres is None:
        raise Unavailable(
            "no PostgreSQL answers at TEST_DATABASE_URL or 127.0.0.1:5432, and none is installed"
        )
    with _folder() as folder:
        data = str(folder / "data")
        made = _run(
            [initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"], folder
        )
        if made.wait():
            raise Unavailable(f"initdb failed: {_last_line(folder)}")

        def command(port: int) -> list[str]:
            settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off")
            options = [part for setting in settings for part in ("-c", setting)]
            return [postgres, "-D", data, "-p", str(port), *options]

        def at(port: int) -> sa.URL:
            return sa.URL.create(
                "postgresql+psycopg", "postgres", host="127.0.0.1", port=port, database="postgres"
            )

        with _started(command, lambda port: postgresql_answers(at(port)), folder) as port:
            yield at(port)


@contextmanager
def redis(named: str = REDIS, find: Find = installed) -> Iterator[str]:
    """Where a Redis answers, as a URL; raises Unavailable."""
    if redis_answers(named):
        yield named
        return
    server = find("redis-server")
    if server is None:
        raise Unavailable("no Redis answers at TEST_REDIS_URL or 127.0.0.1:6379, and none is installed")
    with _folder() as folder:

        def command(port: int) -> list[str]:
            return [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]

        def at(port: int) -> str:
            return f"redis://127.0.0.1:{port}/0"

        with _started(command, lambda port: redis_answers(at(port)), folder) as port:
            yield at(port)


def postgresql_answers(url: sa.URL) -> bool:
    """Whether a connection can be made."""
    engine = sa.create_engine(url, connect_args={"connect_timeout": 3}, poolclass=sa.NullPool)
    try:
        engine.connect().close()
    except sa.exc.OperationalError:
        return False
    return True


def redis_answers(url: str) -> bool:
    """Whether a PING comes back."""
    storage = storage_from_string(url)
    try:
        return storage.check()
    finally:
        storage.storage.close()


@contextmanager
def _started(
    command: Callable[[int], Sequence[str]], answers: Callable[[int], bool], folder: Path
) -> Iterator[int]:
    """The port of a server that answers and that is ended, by its process, when the block is left."""
    for _ in range(TRIES):
        port = _free_port()
        process = _run(command(port), folder)
        try:
            if _comes_up(process, lambda port=port: answers(port)):
                yield port
                return
        finally:
            _end(process)
    raise Unavailable(f"{Path(command(0)[0]).name} did not start: {_last_line(folder)}")


def _comes_up(process: subprocess.Popen[bytes], answers: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if answers():
            return True
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        return False
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    # PostgreSQL ends at once with SIGINT; with SIGTERM it waits for its clients.
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _run(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    # A session of its own: an interrupt from the keyboard is for the tests, which end the server last.
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **_as_somebody_else(),
        )


def _as_somebody_else() -> dict[str, int | list[int]]:
    user = _other_user()
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _other_user() -> pwd.struct_passwd | None:
    """Whom servers run as where the tests run as root."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


@contextmanager
def _folder() -> Iterator[Path]:
    # Not pytest's own: only its user may enter that.
    folder = Path(tempfile.mkdtemp(prefix="answerdesk-service-"))
    user = _other_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_line(folder: Path) -> str:
    lines = (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "it says nothing"
