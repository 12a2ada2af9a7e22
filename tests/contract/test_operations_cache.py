"""The cache for administrators: its dial in every process, purges on record, and nobody else."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from limits.strategies import MovingWindowRateLimiter

from core.adjustments import Adjustments
from core.database import Database
from core.errors import BadInput, NotAllowed
from core.gateway.local_counters import LocalCounters
from core.identity import Identity
from core.journal.entries import Kind
from core.journal.journal import Journal
from core.journal.search import Filters
from core.operations.cache import CacheOperations
from core.operations.cache_dial import ADJUSTMENT, CacheDial
from core.semantic_cache.administration import EntryLine
from core.semantic_cache.dial import DIAL
from core.semantic_cache.ledger import Figures
from core.types import Person, Role
from tests.conftest import add_departments, add_person
from tests.fakes import Clock

FIGURES = Figures(3, 40, 20, {"nothing near": 40}, 1, 9, 1, 5_000, 700, 60_000)


class RecordingAdministration:
    """Answers with fixed figures, and keeps what it was asked."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        self.purged: list[dict[str, object]] = []

    def figures(self, actor: Person, since: datetime) -> Figures:
        self.since = since
        return FIGURES

    def most_used(self, actor: Person, limit: int = 20) -> list[EntryLine]:
        return []

    def false_hits(self, actor: Person, limit: int = 20) -> list[EntryLine]:
        return []

    def purge(
        self,
        actor: Person,
        *,
        document_id: int | None = None,
        department: str | None = None,
        entry_id: int | None = None,
    ) -> int:
        self.purged.append({"document": document_id, "department": department, "entry": entry_id})
        return 4


class Timer:
    """Seconds that only move when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def journal(database: Database, clock: Clock) -> Journal:
    return Journal(database, clock)


@pytest.fixture
def adjustments(database: Database, journal: Journal, clock: Clock) -> Adjustments:
    return Adjustments(database, clock, journal.append_in)


@pytest.fixture
def identity(database: Database, clock: Clock) -> Identity:
    found = Identity(database, clock, MovingWindowRateLimiter(LocalCounters()), 10, timedelta(days=1))
    add_departments(found)
    return found


@pytest.fixture
def root(identity: Identity) -> Person:
    return add_person(identity, "sanne", "people", Role.ADMINISTRATOR)


@pytest.fixture
def administration() -> RecordingAdministration:
    return RecordingAdministration()


@pytest.fixture
def cache(
    administration: RecordingAdministration, adjustments: Adjustments, journal: Journal, clock: Clock
) -> CacheOperations:
    dial = CacheDial(adjustments, Timer())
    return CacheOperations(administration, dial, clock, journal.append, lambda: "t")


def test_a_notch_holds_here_at_once_and_elsewhere_within_seconds(
    adjustments: Adjustments, root: Person, journal: Journal
) -> None:
    timer = Timer()
    here, there = CacheDial(adjustments, timer, "normal"), CacheDial(adjustments, timer, "normal")
    assert there.threshold() == DIAL["normal"].threshold
    here.turn(root, "careful")

    assert (here.notch(), there.notch()) == ("careful", "normal")
    timer.now = 10.0
    assert (there.notch(), there.threshold()) == ("careful", DIAL["careful"].threshold)
    [said] = journal.search(Filters(kinds=(Kind.SETTING,)))
    assert (said.data["name"], said.data["value"], said.person_id) == (ADJUSTMENT, "careful", root.id)


def test_a_notch_that_there_is_no_more_is_not_in_force(adjustments: Adjustments, root: Person) -> None:
    adjustments.put(root, ADJUSTMENT, "daring")
    assert CacheDial(adjustments, Timer(), "strict").notch() == "strict"
    with pytest.raises(BadInput, match="no notch named daring"):
        CacheDial(adjustments, Timer()).turn(root, "daring")


def test_the_dial_is_shown_from_careful_to_bold(cache: CacheOperations, root: Person) -> None:
    cache.turn(root, "wide")
    dial = cache.dial(root)
    thresholds = [notch.threshold for notch in dial.notches.values()]
    assert dial.chosen == "wide" and thresholds == sorted(thresholds, reverse=True)


def test_a_week_is_today_and_six_days_before(
    cache: CacheOperations, administration: RecordingAdministration, root: Person, clock: Clock
) -> None:
    assert cache.figures(root, 7) == FIGURES
    assert administration.since == clock.now - timedelta(days=6)


def test_a_purge_is_on_record(
    cache: CacheOperations, administration: RecordingAdministration, root: Person, journal: Journal
) -> None:
    assert cache.purge(root, document_id=7) == cache.purge(root, department="sales") == 4

    assert administration.purged == [
        {"document": 7, "department": None, "entry": None},
        {"document": None, "department": "sales", "entry": None},
    ]
    found = [entry.data for entry in journal.search(Filters(kinds=(Kind.SETTING,)))]
    assert found == [
        {"act": "cache_purged", "for_department": "sales", "entries": 4},
        {"act": "cache_purged", "document": 7, "entries": 4},
    ]


def test_a_purge_of_nothing_in_particular_is_refused(
    cache: CacheOperations, administration: RecordingAdministration, root: Person, journal: Journal
) -> None:
    """Two at once as well: what meets both is not what somebody means who names both."""
    with pytest.raises(BadInput):
        cache.purge(root)
    with pytest.raises(BadInput):
        cache.purge(root, document_id=1, department="sales")
    assert administration.purged == [] and journal.head().seq == 0


def test_only_administrators_see_or_change_the_cache(
    cache: CacheOperations, administration: RecordingAdministration, identity: Identity, journal: Journal
) -> None:
    other = add_person(identity, "other", "people", *(set(Role) - {Role.ADMINISTRATOR}))
    for ask in (
        lambda: cache.figures(other, 7),
        lambda: cache.most_used(other),
        lambda: cache.reported(other),
        lambda: cache.dial(other),
        lambda: cache.turn(other, "bold"),
        lambda: cache.purge(other, entry_id=1),
    ):
        with pytest.raises(NotAllowed):
            ask()
    assert administration.purged == [] and journal.head().seq == 0
