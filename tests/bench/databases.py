"""Fresh databases to measure on."""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/test")


def fresh_databases() -> Iterator[tuple[str, str]]:
    """Name and URL of an empty SQLite database, and of a PostgreSQL one where a server answers."""
    with tempfile.TemporaryDirectory() as folder:
        yield "sqlite", f"sqlite:///{folder}/bench.sqlite"
    with _postgresql() as url:
        if url is not None:
            yield "postgresql", url


@contextmanager
def _postgresql() -> Iterator[str | None]:
    server = sa.create_engine(
        sa.make_url(POSTGRES).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 3},
    )
    name = f"bench_{uuid.uuid4().hex}"
    try:
        with server.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
    except sa.exc.OperationalError:
        print("no PostgreSQL answers at TEST_DATABASE_URL or 127.0.0.1:5432: not measured", file=sys.stderr)
        yield None
        return
    try:
        yield server.url.set(database=name).render_as_string(False)
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()
