"""Tests that need a server find one, start their own, or say why they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from tests import services

# Nothing listens there.
NO_POSTGRESQL = "postgresql://postgres@127.0.0.1:1/test"
NO_REDIS = "redis://127.0.0.1:1/0"


@contextmanager
def own(service: Any, named: str) -> Iterator[Any]:
    try:
        with service(named) as url:
            yield url
    except services.Unavailable as exc:
        pytest.skip(str(exc))


def test_a_postgresql_of_ones_own_makes_databases_and_ends_with_the_tests() -> None:
    with own(services.postgresql, NO_POSTGRESQL) as url:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text("CREATE DATABASE fresh"))
            folder = connection.scalar(sa.text("SHOW data_directory"))
        engine.dispose()
        assert "answerdesk-service-" in str(folder) and url.port != 1
    assert not services.postgresql_answers(url)


def test_a_redis_of_ones_own_answers_and_ends_with_the_tests() -> None:
    with own(services.redis, NO_REDIS) as url:
        assert services.redis_answers(url) and url != NO_REDIS
        with services.redis(url) as found:
            assert found == url, "one that answers is used as it is"
    assert not services.redis_answers(url)


@pytest.mark.parametrize(
    ("service", "named"), [(services.postgresql, NO_POSTGRESQL), (services.redis, NO_REDIS)]
)
def test_where_nothing_is_installed_the_reason_is_said(service: Any, named: str) -> None:
    with pytest.raises(services.Unavailable, match="none is installed"), service(named, lambda _: None):
        raise AssertionError("there is nothing to use")
