"""The migrations make exactly the tables that the code uses."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from core.database import Database
from core.errors import ConfigurationError
from core.tables import metadata


def test_migrated_tables_equal_the_declared_ones(database: Database) -> None:
    """A column that only one of the two has is found; the journal's words are each database's own kind."""
    database.migrate()
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_declared})
        assert compare_metadata(context, metadata) == []


def is_declared(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or not str(name).startswith("journal_words")


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    """The message helps, and gives nothing away."""
    database = Database("postgresql+psycopg://ada:secret@127.0.0.1:9/none")
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as caught:
        database.migrate()
    assert "secret" not in str(caught.value)
