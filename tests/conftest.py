"""What every test may use: databases of both kinds, a desk with small parts, people."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa

from core.bootstrap import Desk, build
from core.database import Database
from core.identity import Department, Identity, NewPerson
from core.knowledge.sources import Source
from core.settings import Settings
from core.types import Person, Readership, Role
from tests import services
from tests.databases import PostgresqlPool, lay_sqlite
from tests.fakes import Clock, HashEmbedder, ShapeFinder

os.environ["HF_HUB_OFFLINE"] = "1"
# A property is about results: how long an example takes on a busy machine is no failure.
hypothesis.settings.register_profile(
    "no-deadline", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("no-deadline")
PASSWORD = "a-good-password"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[sa.URL]:
    """A server in which databases can be created; with several workers, each may start its own."""
    try:
        with services.postgresql() as url:
            yield url
    except services.Unavailable as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="session")
def postgresql_pool(postgresql_server: sa.URL) -> Iterator[PostgresqlPool]:
    pool = PostgresqlPool(postgresql_server)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis, shared with other tests: take a prefix of your own."""
    try:
        with services.redis() as url:
            yield url
    except services.Unavailable as exc:
        pytest.skip(str(exc))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database of each kind."""
    if request.param == "sqlite":
        file = tmp_path / "test.sqlite"
        lay_sqlite(file)
        yield f"sqlite:///{file}"
        return
    pool: PostgresqlPool = request.getfixturevalue("postgresql_pool")
    with pool.lend() as url:
        yield url.render_as_string(False)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database of each kind, connected."""
    database = Database(database_url)
    yield database
    database.close()


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(tmp_path: Path, clock: Clock) -> Iterator[MakeDesk]:
    """Builds desks over one data folder, closed at the end."""
    desks: list[Desk] = []

    def make(**parts: object) -> Desk:
        settings = parts.pop("settings", None) or Settings(data_dir=tmp_path / "runtime", reranker="none")
        # Models in this process get every text as it is: only the journal's copies are masked.
        shapes = {"analyser": ShapeFinder()} if "routes" in parts else {}
        parts = {"embedder": HashEmbedder(), **shapes, **parts}
        lay_sqlite_of(settings)
        desk = build(settings, clock=clock, **parts)  # type: ignore[arg-type]
        desks.append(desk)
        return desk

    yield make
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    """A desk with an empty knowledge base and two departments."""
    desk = make_desk()
    add_departments(desk.identity)
    return desk


def lay_sqlite_of(settings: Settings) -> None:
    """Spare a desk its migrations, where it has a SQLite file of its own."""
    url = sa.make_url(settings.resolved_database_url())
    if url.get_backend_name() == "sqlite":
        lay_sqlite(Path(str(url.database)))


def add_departments(identity: Identity) -> None:
    identity.add_departments([Department("people", "People"), Department("sales", "Sales")])


def add_person(
    identity: Identity, name: str, department: str, *roles: Role, password: str | None = None
) -> Person:
    """Without a password, unless the test signs in: to hash one takes a fifth of a second."""
    return identity.put_person(
        NewPerson(f"{name}@fennwick.example", name.title(), department, frozenset(roles), password)
    )


def text_source(
    name: str, text: str, readers: Readership | None = None, department: str = "people"
) -> Source:
    content = text.encode()
    return Source(name, readers or Readership.everyone(), department, None, len(content), lambda: content)
