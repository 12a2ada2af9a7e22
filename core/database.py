"""The database: SQLite with WAL by default, PostgreSQL by URL, behind two kinds of transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from core.errors import ConfigurationError

_MIGRATION_LOCK = 0x616E7364  # any fixed number: it names the advisory lock that migrations take


class Database:
    """Connections to one database; safe to share between threads.

    `read()` sees one consistent snapshot. `write()` takes SQLite's write lock at its beginning, so
    that a check and the change that rests on it are one step; on PostgreSQL the statements
    themselves must be conditional.
    """

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and self.url.database not in (None, "", ":memory:"):
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
        # Every transaction here ends with its `with`: a pooled connection has nothing to roll back.
        pooled: dict[str, Any] = {"pool_reset_on_return": None} if self.is_sqlite else {"pool_pre_ping": True}
        self.engine = sa.create_engine(self.url, **pooled)
        if self.is_sqlite:
            sa.event.listen(self.engine, "connect", _configure_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        self._writer = self.engine.execution_options(answerdesk_write=True)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only reads."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that writes: committed on leaving, rolled back on an exception."""
        with self._writer.begin() as connection:
            yield connection

    def insert(self, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT."""
        return insert_in(self.url.get_backend_name(), table)

    def migrate(self) -> None:
        """Bring the tables to the newest revision; safe when several processes start at once."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        try:
            with self._writer.begin() as connection:
                if not self.is_sqlite:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except SQLAlchemyError as exc:
            shown = self.url.render_as_string(hide_password=True)
            raise ConfigurationError(
                f"DATABASE_URL: the database {shown} cannot be opened or migrated ({_first_line(exc)})."
            ) from exc

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def insert(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in the connection's dialect."""
    return insert_in(connection.dialect.name, table)


def insert_in(dialect: str, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in this dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _configure_sqlite(connection: Any, _record: object) -> None:
    # sqlite3's own transaction handling is switched off: it would begin late and break snapshots.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=30000", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("answerdesk_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _first_line(exc: SQLAlchemyError) -> str:
    return (str(exc).splitlines() or [type(exc).__name__])[0]
