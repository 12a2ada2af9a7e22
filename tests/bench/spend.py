"""How quickly the spend screen's frames and first chart are there, at a million charges."""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.demo_traffic import DemoTraffic
from core.gateway.budgets import Budgets
from core.gateway.local_counters import LocalCounters
from core.gateway.money import Period, Scope
from core.gateway.price_book import PriceBook
from core.gateway.prices import PriceList
from core.identity import Department, Identity, NewPerson
from core.reports.periods import Choice
from core.reports.spending import Spending, SpendReport
from core.settings import ROOT
from core.types import Person, Role
from pages.parts import charts
from pages.parts.palette import department_colours

CHARGES = int(os.environ.get("SPEND_CHARGES", "1_000_000"))
DEPARTMENTS = ("people", "finance", "engineering", "sales", "legal", "operations")
ROUNDS = 5
POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/test")


def run(data: Path) -> dict[str, Any]:
    """Milliseconds, the median of some rounds; PostgreSQL's are None where none answers.

    `data` is not used. The frames are those of a page for an administrator over the last 90 days,
    budgets, holds and the cache's ledger included; the first chart is the same up to its specification.
    """
    with tempfile.TemporaryDirectory() as name:
        sqlite = measured(f"sqlite:///{Path(name) / 'spend.sqlite'}")
    with postgres() as url:
        server = None if url is None else measured(url)
    figures = {
        "charges": CHARGES,
        "frames_ms": sqlite["frames_ms"],
        "first_chart_ms": sqlite["first_chart_ms"],
        "day_rows": sqlite["day_rows"],
        "made_in_s": sqlite["made_in_s"],
        "postgresql_frames_ms": server and server["frames_ms"],
        "postgresql_first_chart_ms": server and server["first_chart_ms"],
        "postgresql_made_in_s": server and server["made_in_s"],
    }
    for key, value in figures.items():
        print(f"{key:28} {value if value is None else format(value, ','):>12}")
    return figures


def measured(url: str) -> dict[str, float]:
    database = Database(url)
    database.migrate()
    try:
        spending, person, made_in_s = filled(database)
        with database.read() as connection:
            counted = sa.select(sa.func.count()).select_from(sa.table("charge_days"))
            day_rows = connection.execute(counted).scalar_one()

        def frames() -> SpendReport:
            report = spending.report(person, Choice.LAST_90_DAYS)
            assert report.totals.calls == CHARGES
            assert len(spending.outlooks(person)) == 2
            spending.open_holds(person)
            spending.cache(person, Choice.LAST_90_DAYS)
            return report

        def first_chart() -> None:
            daily = frames().daily
            colours = department_colours(name.capitalize() for name in DEPARTMENTS)
            assert charts.stacked_days(daily, "cost_usd", "Spent", colours).to_json()

        return {
            "frames_ms": median_ms(frames),
            "first_chart_ms": median_ms(first_chart),
            "day_rows": day_rows,
            "made_in_s": round(made_in_s, 1),
        }
    finally:
        database.close()


def filled(database: Database) -> tuple[Spending, Person, float]:
    """The charges, two budgets (one of a month, one of a day), and who looks at them."""

    def clock() -> datetime:
        return datetime.now(UTC)

    identity = Identity(database, clock, MovingWindowRateLimiter(LocalCounters()), 3, timedelta(days=1))
    identity.add_departments(Department(name, name.capitalize()) for name in DEPARTMENTS)
    person = identity.put_person(
        NewPerson("ada@fennwick.example", "Ada", "sales", frozenset({Role.ADMINISTRATOR}))
    )
    budgets = Budgets(database, clock)
    book = PriceBook(ROOT / "data" / "prices.yaml", PriceList().price_of)
    traffic = DemoTraffic(database, book, clock, random.Random(1))
    began = time.perf_counter()
    traffic.make(CHARGES)
    made_in_s = time.perf_counter() - began
    spending = Spending(database, budgets, clock, lambda: ["openai"])
    spending.set_budget(person, Scope.department("sales"), 500_000_000, Period.MONTH)
    spending.set_budget(person, Scope.provider("openai"), 50_000_000, Period.DAY)
    return spending, person, made_in_s


def median_ms(call: Callable[[], object]) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(took), 1)


@contextmanager
def postgres() -> Iterator[str | None]:
    """A database of its own on the server, dropped afterwards; None where no server answers."""
    url = sa.make_url(POSTGRES).set(drivername="postgresql+psycopg")
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    name = f"answerdesk_{uuid.uuid4().hex}"
    try:
        with server.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
    except sa.exc.OperationalError:
        yield None
        return
    try:
        yield url.set(database=name).render_as_string(False)
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()
