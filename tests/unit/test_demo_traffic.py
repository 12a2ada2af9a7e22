"""Made-up traffic: realistic, marked, equal in both tables, and gone again when asked."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.demo_traffic import DAYS, DemoTraffic
from core.errors import BadInput, NotFound
from core.gateway.charges import Caller, Spent, write_charges
from core.gateway.local_counters import LocalCounters
from core.gateway.price_book import PriceBook
from core.gateway.prices import PriceList
from core.identity import Identity
from core.journal.journal import Journal
from core.settings import ROOT
from core.tables import budget_counters, charge_days, charges, people
from tests.conftest import add_departments, add_person
from tests.fakes import Clock

SUMS = ("prompt_tokens", "completion_tokens", "cost_microusd", "saved_microusd", "saved_ms")


class Place:
    """A database with two departments, and traffic of a seed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database, self.clock = database, clock
        self.journal = Journal(database, clock)
        limiter = MovingWindowRateLimiter(LocalCounters())
        self.identity = Identity(database, clock, limiter, 3, timedelta(days=1))

    def traffic(self, seed: int = 1) -> DemoTraffic:
        book = PriceBook(ROOT / "data" / "prices.yaml", PriceList().price_of)
        return DemoTraffic(self.database, book, self.clock, random.Random(seed))

    def rows(self, table: sa.Table) -> list[sa.Row[tuple[object, ...]]]:
        with self.database.read() as connection:
            return list(connection.execute(sa.select(table)).all())

    def assert_days_equal_charges(self) -> None:
        keys = [column.name for column in charge_days.primary_key.columns]
        expected: dict[tuple[object, ...], Counter[str]] = {}
        for row in self.rows(charges):
            values = row._mapping
            total = expected.setdefault(tuple(values[key] or 0 for key in keys), Counter())
            total.update({"calls": 1, **{name: values[name] for name in SUMS}})
        found = {
            tuple(row._mapping[key] for key in keys): Counter(
                {name: row._mapping[name] for name in ("calls", *SUMS)}
            )
            for row in self.rows(charge_days)
        }
        assert found == expected


@pytest.fixture
def place(database: Database, clock: Clock) -> Place:
    place = Place(database, clock)
    add_departments(place.identity)
    return place


def test_the_days_are_equal_to_the_charges_and_no_budget_is_touched(place: Place) -> None:
    seen: list[tuple[int, int]] = []
    assert place.traffic().make(6_000, on_progress=lambda done, total: seen.append((done, total))) == 6_000

    assert seen == [(5_000, 6_000), (6_000, 6_000)]
    rows = place.rows(charges)
    assert len(rows) == 6_000 and all(row.demonstration for row in rows)
    assert place.rows(budget_counters) == []
    place.assert_days_equal_charges()


def test_it_looks_like_the_traffic_of_offices(place: Place) -> None:
    place.traffic().make(4_000)
    rows = place.rows(charges)
    now = place.clock.now

    assert all(now - timedelta(days=DAYS) <= row.at <= now and row.day == row.at.date() for row in rows)
    weekend = sum(row.day.weekday() >= 5 for row in rows) / len(rows)
    by_day = sum(7 <= row.at.hour <= 18 for row in rows) / len(rows)
    cached = sum(row.cached for row in rows) / len(rows)
    assert 0 < weekend < 0.06 and by_day > 0.9 and 0.1 < cached < 0.4
    assert len({row.provider for row in rows}) >= 4
    assert {row.department for row in rows} == {"people", "sales"}
    assert sorted(Counter(row.department_id for row in place.rows(people)).values()) == [26, 34]
    assert all(row.cost_microusd == 0 < row.saved_microusd for row in rows if row.cached)
    mini = next(row for row in rows if row.model == "gpt-4o-mini" and not row.cached)
    price = PriceList().price_of("gpt-4o-mini")
    assert price is not None
    dollars = mini.prompt_tokens * float(price[0]) + mini.completion_tokens * float(price[1])
    assert mini.cost_microusd == pytest.approx(dollars * 1e6, abs=1)
    assert place.journal.head().seq == 0, "what takes nothing from a budget is refused by none"


def test_one_seed_makes_one_traffic(place: Place) -> None:
    place.traffic(7).make(200)
    first = [(row.at, row.cost_microusd, row.hold_id) for row in place.rows(charges)]
    place.traffic().remove()
    place.traffic(7).make(200)
    again = [(row.at, row.cost_microusd, row.hold_id) for row in place.rows(charges)]
    place.traffic().remove()
    place.traffic(8).make(200)

    assert again == first != [(row.at, row.cost_microusd, row.hold_id) for row in place.rows(charges)]


def test_it_is_made_once_unless_more_is_asked_for(place: Place) -> None:
    place.traffic().make(50)
    with pytest.raises(BadInput, match="there already"):
        place.traffic(2).make(50)
    place.traffic(2).make(50, add=True)

    assert len(place.rows(charges)) == 100
    place.assert_days_equal_charges()


def test_removing_leaves_what_people_really_asked(place: Place) -> None:
    ilse = add_person(place.identity, "ilse", "people")
    now = place.clock.now
    for number, demonstration in enumerate((False, True)):
        caller = Caller("people", ilse.id, "t", "answer", demonstration)
        with place.database.write() as connection:
            item = Spent("gpt-4o-mini", "openai", "openai-mini", 5, 6, 7)
            write_charges(connection, f"real{number}", now, now.date(), caller, [item])
    before = (place.rows(charges), place.rows(charge_days), place.rows(people))
    place.traffic().make(300)
    assert len(place.rows(people)) > 10, "made-up colleagues have names"

    assert place.traffic().remove() == 300
    assert (place.rows(charges), sorted(place.rows(charge_days)), place.rows(people)) == (
        before[0],
        sorted(before[1]),
        before[2],
    )
    assert place.traffic().remove() == 0


def test_made_up_colleagues_cannot_sign_in(place: Place) -> None:
    place.traffic().make(100)
    assert place.identity.demonstration_people() == []
    assert all(not row.active and row.password_hash is None for row in place.rows(people))


def test_without_departments_or_charges_there_is_a_sentence(database: Database, clock: Clock) -> None:
    place = Place(database, clock)
    with pytest.raises(NotFound, match="no departments"):
        place.traffic().make(10)
    with pytest.raises(BadInput, match="at least one"):
        place.traffic().make(0)


def test_in_the_first_hour_after_midnight_nothing_lies_in_the_future(place: Place) -> None:
    place.clock.now = place.clock.now.replace(hour=0, minute=5)
    place.traffic().make(300)
    assert max(row.at for row in place.rows(charges)) <= place.clock.now


def test_the_price_list_knows_every_model_of_the_traffic(tmp_path: Path) -> None:
    from core.demo_traffic import _MODELS

    assert all(PriceList().price_of(item.model) for item in _MODELS)
    assert sum(item.share for item in _MODELS) == pytest.approx(1)
