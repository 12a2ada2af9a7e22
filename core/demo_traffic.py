"""A month of made-up traffic, so that charts can be judged before there is any real one.

It lies in the real tables, every charge marked as demonstration. It takes nothing from a budget, so no
budget ever refuses any of it. Departments differ in size, people in how much they ask; offices are open
on weekdays, in the day.
"""

from __future__ import annotations

import random
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from core.database import Database, insert
from core.errors import BadInput, NotFound
from core.gateway.price_book import Price, PriceBook
from core.tables import charge_days, charges, departments, people

CHARGES = 20_000
DAYS = 31
BATCH = 5_000
_MARK = "demo"
_ADDRESS = "traffic.invalid"
_KEY = tuple(column.name for column in charge_days.primary_key.columns)
_SUMS = tuple(column.name for column in charge_days.columns if column.name not in _KEY)
_SIZES = (34, 26, 17, 11, 8, 5)
_HOURS = (0, 0, 0, 0, 0, 0, 1, 4, 14, 20, 21, 17, 9, 15, 20, 19, 14, 7, 3, 2, 1, 1, 0, 0)
_WEEKDAYS = (1.0, 1.1, 1.05, 1.0, 0.75, 0.05, 0.03)
_CACHED_AT_FIRST, _CACHED_AT_LAST = 0.12, 0.34
_GIVEN = "Ada Bram Cleo Daan Edda Finn Greta Hugo Iris Joost Kaia Lars Mila Nils Odile Pim Runa Sven Tess Wim"
_FAMILY = (
    "Aldermoor Birkholt Castwell Dunmere Elsworth Farrowby Glenholt Haverling Ingledew Kestermann "
    "Lindqvere Marrowdale Nettlefold Ostermoor Pennywood Quillby Ravensworth Silverdale Thornaby"
)


@dataclass(frozen=True, slots=True)
class _Model:
    """A deployment that the traffic went to, and how large a share of it."""

    model: str
    provider: str
    deployment: str
    share: float


_MODELS = (
    _Model("gpt-4o-mini", "openai", "openai-mini", 0.40),
    _Model("azure/gpt-4o-mini", "azure", "azure-mini", 0.18),
    _Model("claude-haiku-4-5", "anthropic", "anthropic-haiku", 0.20),
    _Model("mistral/mistral-small-latest", "mistral", "mistral-small", 0.13),
    _Model("claude-sonnet-4-5", "anthropic", "anthropic-sonnet", 0.09),
)


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Everybody who asks: `(person, department)`, and running sums of how much each one does."""

    members: list[tuple[int, str]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def pick(self, rng: random.Random) -> tuple[int, str]:
        return rng.choices(self.members, cum_weights=self.weights)[0]


class DemoTraffic:
    """Makes the traffic and takes it away. `clock` gives the time in UTC."""

    def __init__(
        self,
        database: Database,
        prices: PriceBook,
        clock: Callable[[], datetime],
        rng: random.Random,
    ) -> None:
        self._database = database
        self._prices = prices
        self._clock = clock
        self._rng = rng

    def make(
        self, count: int = CHARGES, add: bool = False, on_progress: Callable[[int, int], None] | None = None
    ) -> int:
        """Write this many charges over the last DAYS days; returns how many were written.

        Raises BadInput when there is such traffic already, unless it is asked to `add`, and NotFound
        while there are no departments.
        """
        if count < 1:
            raise BadInput("Ask for at least one charge.")
        if self.exists() and not add:
            raise BadInput(
                "The demonstration traffic is there already. Use --add for more of it, or --remove."
            )
        crowd = self._crowd()
        prices = {item.model: self._prices.price(item.model) for item in _MODELS}
        done, moments = 0, self._moments(count)
        for start in range(0, count, BATCH):
            rows = [self._charge(at, crowd, prices, moments[0]) for at in moments[start : start + BATCH]]
            _write(self._database, rows)
            done += len(rows)
            if on_progress is not None:
                on_progress(done, count)
        return done

    def remove(self) -> int:
        """Take the traffic away again; returns how many charges went."""
        made = sa.and_(charges.c.demonstration, charges.c.hold_id.startswith(_MARK))
        with self._database.write() as connection:
            gone = connection.execute(sa.delete(charges).where(made)).rowcount
            connection.execute(sa.delete(charge_days).where(charge_days.c.demonstration))
            _sum_up_what_is_left(connection)
            connection.execute(
                sa.delete(people).where(people.c.demonstration, people.c.email.endswith("@" + _ADDRESS))
            )
        return gone

    def exists(self) -> bool:
        """Whether there is made-up traffic."""
        found = sa.exists().where(charges.c.demonstration, charges.c.hold_id.startswith(_MARK))
        with self._database.read() as connection:
            return bool(connection.execute(sa.select(found)).scalar())

    def _moments(self, count: int) -> list[datetime]:
        """When each charge is made: in order, in the rhythm of offices, none in the future."""
        now = self._clock()
        days = [now.date() - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
        # What remains of today counts for nothing, and more people join as the weeks go by.
        weights = [
            _WEEKDAYS[day.weekday()]
            * (1 + 0.012 * number)
            * self._rng.uniform(0.85, 1.15)
            * _passed(day, now)
            for number, day in enumerate(days)
        ]
        if not any(weights):
            weights = [1.0] * DAYS
        chosen = Tally(self._rng.choices(days, weights, k=count))
        return sorted(
            at
            for day, number in chosen.items()
            for at in (_moment(day, now, self._rng) for _ in range(number))
        )

    def _charge(
        self, at: datetime, crowd: _Crowd, prices: dict[str, Price], first: datetime
    ) -> dict[str, Any]:
        rng = self._rng
        person, department = crowd.pick(rng)
        used = rng.choices(_MODELS, _SHARES)[0]
        prompt, completion = int(rng.lognormvariate(7.7, 0.45)), int(rng.lognormvariate(5.2, 0.6))
        cost = prices[used.model].cost_microusd(prompt, completion)
        cached = rng.random() < _cached_share((at - first) / timedelta(days=DAYS))
        return {
            "hold_id": _mark(rng),
            "number": 0,
            "at": at,
            "day": at.date(),
            "department": department,
            "person_id": person,
            "trace_id": _mark(rng),
            "purpose": "answer",
            "demonstration": True,
            "model": used.model,
            "provider": used.provider,
            "deployment": used.deployment,
            "prompt_tokens": 0 if cached else prompt,
            "completion_tokens": 0 if cached else completion,
            "cost_microusd": 0 if cached else cost,
            "cached": cached,
            "saved_microusd": cost if cached else 0,
            "saved_ms": int(rng.lognormvariate(7.6, 0.4)) if cached else 0,
            "overdraft_microusd": 0,
        }

    def _crowd(self) -> _Crowd:
        """The people who ask: those that there are, and made-up colleagues who cannot sign in."""
        members: list[tuple[int, str]] = []
        with self._database.write() as connection:
            ids = list(connection.scalars(sa.select(departments.c.id).order_by(departments.c.id)))
            if not ids:
                raise NotFound("There are no departments yet. Run 'make setup' first.")
            sizes = [_SIZES[number % len(_SIZES)] for number in range(len(ids))]
            self._rng.shuffle(sizes)
            for department, size in zip(ids, sizes, strict=True):
                members += [(person, department) for person in self._staff(connection, department, size)]
        weights = list(accumulate(self._rng.lognormvariate(0, 0.7) for _ in members))
        return _Crowd(members, weights)

    def _staff(self, connection: sa.Connection, department: str, size: int) -> list[int]:
        theirs = sa.and_(people.c.demonstration, people.c.email.endswith("@" + _ADDRESS))
        here = sa.select(people.c.id).where(
            people.c.department_id == department, sa.or_(people.c.active, theirs)
        )
        found = list(connection.scalars(here.order_by(people.c.id)))
        names = [f"{given} {family}" for given in _GIVEN.split() for family in _FAMILY.split()]
        for number, name in zip(range(len(found), size), self._rng.sample(names, size), strict=False):
            values = {
                "email": f"{department}-{number}@{_ADDRESS}",
                "name": name,
                "department_id": department,
                "roles": ["employee"],
                "demonstration": True,
                "active": False,
                "created_at": self._clock(),
            }
            found.append(
                connection.execute(sa.insert(people).values(**values).returning(people.c.id)).scalar_one()
            )
        return found


_SHARES = [item.share for item in _MODELS]


def _write(database: Database, rows: list[dict[str, Any]]) -> None:
    """Write charges and the sums of their days, both or neither."""
    sums: dict[tuple[Any, ...], Tally[str]] = {}
    for row in rows:
        of_day = sums.setdefault(tuple(row[name] for name in _KEY), Tally())
        of_day["calls"] += 1
        of_day.update({name: row[name] for name in _SUMS if name != "calls"})
    with database.write() as connection:
        connection.execute(sa.insert(charges), rows)
        adding = insert(connection, charge_days)
        connection.execute(
            adding.on_conflict_do_update(
                index_elements=list(_KEY),
                set_={name: charge_days.c[name] + adding.excluded[name] for name in _SUMS},
            ),
            # One order of the rows for every writer, so that no two wait for each other.
            [
                {**dict(zip(_KEY, key, strict=True)), **{name: total[name] for name in _SUMS}}
                for key, total in sorted(sums.items())
            ],
        )


def _sum_up_what_is_left(connection: sa.Connection) -> None:
    """The days of demonstration charges that are not ours: people of the demonstration really asked."""
    keys = [
        sa.func.coalesce(charges.c[name], 0).label(name) if name == "person_id" else charges.c[name]
        for name in _KEY
    ]
    sums = [sa.cast(_summed(name), sa.BigInteger).label(name) for name in _SUMS]
    left = (
        sa.select(*keys, *sums).where(charges.c.demonstration).group_by(*(charges.c[name] for name in _KEY))
    )
    connection.execute(sa.insert(charge_days).from_select([*_KEY, *_SUMS], left))


def _summed(name: str) -> sa.ColumnElement[int]:
    return sa.func.count() if name == "calls" else sa.func.sum(charges.c[name])


def _mark(rng: random.Random) -> str:
    return f"{_MARK}{rng.getrandbits(112):028x}"


def _cached_share(passed: float) -> float:
    """The cache knows more with every week."""
    return _CACHED_AT_FIRST + (_CACHED_AT_LAST - _CACHED_AT_FIRST) * passed


def _passed(day: date, now: datetime) -> float:
    """The part of a day's traffic that lies in the past."""
    if day < now.date():
        return 1.0
    return sum(_HOURS[: now.hour]) / sum(_HOURS)


def _moment(day: date, now: datetime, rng: random.Random) -> datetime:
    hours = _HOURS if day < now.date() else _HOURS[: now.hour]
    hour = rng.choices(range(len(hours)), hours)[0] if any(hours) else 0
    at = datetime.combine(day, time(hour), UTC) + timedelta(seconds=rng.uniform(0, 3600))
    return min(at, now)
