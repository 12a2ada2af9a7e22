"""Databases for tests: every one is migrated and empty, and none is migrated twice.

A migration takes a tenth of a second, and PostgreSQL as long again to make and drop a database, which
some thousand tests would pay each. SQLite is a file that is copied; a PostgreSQL database is given out
again when its rows are gone.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from core.database import Database

SCHEMA = """
SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
    SELECT concat(relname, relkind) FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat(attrelid, attname, attnum, atttypid, attnotnull) FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat(tgrelid, tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat(conrelid, conname) FROM pg_constraint
    UNION ALL SELECT concat(proname, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS parts(part)
"""
"""One word for all that migrations make."""
TABLES = """
SELECT string_agg(quote_ident(relname), ',') FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
"""
OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
FIRST_NUMBERS = """
SELECT setval(oid::regclass, 1, false) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
"""


def lay_sqlite(file: Path) -> None:
    """Put a migrated, empty database there, unless there is one."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_migrated_sqlite())


@cache
def _migrated_sqlite() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "migrated.sqlite"
        database = Database(f"sqlite:///{file}")
        database.migrate()
        database.close()
        return file.read_bytes()


class PostgresqlPool:
    """One database at a server, for one test after the other."""

    def __init__(self, server: sa.URL) -> None:
        self._server = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        self._free: tuple[sa.URL, str] | None = None

    @contextmanager
    def lend(self) -> Iterator[sa.URL]:
        """A migrated, empty database. Connections that are left open are cut afterwards."""
        url, schema = self._free or self._make()
        self._free = None
        try:
            yield url
        finally:
            if self._emptied(url, schema):
                self._free = (url, schema)
            else:
                self._drop(url)

    def close(self) -> None:
        """Leave nothing at the server."""
        if self._free is not None:
            self._drop(self._free[0])

    def _make(self) -> tuple[sa.URL, str]:
        name = f"answerdesk_{uuid.uuid4().hex}"
        self._tell_server(f"CREATE DATABASE {name}")
        # No test outlives its server: nothing is lost where a commit does not wait for the disk.
        url = self._server.url.set(database=name).update_query_dict({"options": "-csynchronous_commit=off"})
        database = Database(url.render_as_string(False))
        database.migrate()
        with database.read() as connection:
            schema = str(connection.scalar(sa.text(SCHEMA)))
        database.close()
        return url, schema

    def _emptied(self, url: sa.URL, schema: str) -> bool:
        """Whether it is as it was made; not where a test changed a table or a trigger."""
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text(OTHERS))
            if connection.scalar(sa.text(SCHEMA)) != schema:
                return False
            tables = str(connection.scalar(sa.text(TABLES)))
            # The lock waits until the transactions that were cut are over. Triggers keep the journal.
            connection.exec_driver_sql(f"LOCK TABLE {tables}")
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql(";".join(f"DELETE FROM {table}" for table in tables.split(",")))
            connection.execute(sa.text(FIRST_NUMBERS))
        return True

    def _drop(self, url: sa.URL) -> None:
        self._tell_server(f"DROP DATABASE {url.database} WITH (FORCE)")

    def _tell_server(self, statement: str) -> None:
        with self._server.connect() as connection:
            connection.exec_driver_sql(statement)
