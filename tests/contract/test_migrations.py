"""The migrations make exactly the tables that the code uses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from core import migrations
from core.database import Database
from core.errors import ConfigurationError
from core.review.verified import question_key
from core.tables import metadata, review_tasks
from tests.fakes import Clock
from tests.review_house import QUESTION, House


def test_migrated_tables_equal_the_declared_ones(database: Database) -> None:
    """A column that only one of the two has is found; the journal's words are each database's own kind."""
    database.migrate()
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_declared})
        assert compare_metadata(context, metadata) == []


def test_questions_that_waited_before_the_keys_of_equal_ones_get_theirs(
    database: Database, clock: Clock
) -> None:
    house = House(database, clock)
    handed = house.flag(house.person("ada", "people"))
    move(database, command.downgrade, "0012")
    move(database, command.upgrade, "head")
    with database.read() as connection:
        query = sa.select(review_tasks.c.question_key).where(review_tasks.c.id == handed.task_id)
        assert connection.scalar(query) == question_key(QUESTION)


def move(database: Database, to: Callable[[Config, str], None], revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(*migrations.__path__))
    with database.write() as connection:
        config.attributes["connection"] = connection
        to(config, revision)


def is_declared(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or not str(name).startswith("journal_words")


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    """The message helps, and gives nothing away."""
    database = Database("postgresql+psycopg://ada:secret@127.0.0.1:9/none")
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as caught:
        database.migrate()
    assert "secret" not in str(caught.value)
