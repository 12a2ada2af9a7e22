"""Adjustments on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from limits.strategies import MovingWindowRateLimiter

from core.adjustments import Adjustments
from core.database import Database
from core.errors import NotAllowed
from core.gateway.local_counters import LocalCounters
from core.identity import Identity
from core.journal.entries import Kind, Record
from core.types import Person, Role
from tests.conftest import add_departments, add_person
from tests.fakes import Clock


@pytest.fixture
def records() -> list[Record]:
    return []


@pytest.fixture
def adjustments(database: Database, clock: Clock, records: list[Record]) -> Adjustments:
    return Adjustments(database, clock, lambda _, record: records.append(record))


@pytest.fixture
def desk_identity(database: Database, clock: Clock) -> Identity:
    limiter = MovingWindowRateLimiter(LocalCounters())
    identity = Identity(database, clock, limiter, 10, timedelta(days=1))
    add_departments(identity)
    return identity


@pytest.fixture
def administrator(desk_identity: Identity) -> Person:
    return add_person(desk_identity, "sanne", "people", Role.ADMINISTRATOR)


def test_the_last_value_holds_and_each_change_is_on_record(
    adjustments: Adjustments, administrator: Person, records: list[Record]
) -> None:
    adjustments.put(administrator, "confidence", 0.05)
    adjustments.put(administrator, "confidence", 0.02, "too many wrong answers")

    stored = adjustments.get("confidence")
    assert stored is not None
    assert (stored.value, stored.set_by) == (0.02, administrator.id)
    assert [(r.kind, r.data["value"], r.data["reason"]) for r in records] == [
        (Kind.SETTING, 0.05, ""),
        (Kind.SETTING, 0.02, "too many wrong answers"),
    ]


def test_a_removed_one_is_gone(adjustments: Adjustments, administrator: Person) -> None:
    adjustments.put(administrator, "off:gpt 1", {"reason": "slow"})
    adjustments.put(administrator, "off_gpt 2", {"reason": "slower"})
    assert [a.name for a in adjustments.starting_with("off:")] == ["off:gpt 1"]
    assert [a.name for a in adjustments.starting_with("off_")] == ["off_gpt 2"]

    adjustments.remove(administrator, "off:gpt 1")

    assert adjustments.get("off:gpt 1") is None


def test_only_an_administrator_may(adjustments: Adjustments, desk_identity: Identity) -> None:
    manager = add_person(desk_identity, "mara", "people", Role.MANAGER)

    with pytest.raises(NotAllowed):
        adjustments.put(manager, "confidence", 0.5)
    with pytest.raises(NotAllowed):
        adjustments.remove(manager, "confidence")
    assert adjustments.get("confidence") is None


def test_a_change_that_cannot_be_put_on_record_is_not_made(
    database: Database, clock: Clock, adjustments: Adjustments, administrator: Person
) -> None:
    def refuse(_connection: sa.Connection, _record: Record) -> None:
        raise OSError("the disk is full")

    adjustments.put(administrator, "confidence", 0.05)
    broken = Adjustments(database, clock, refuse)
    with pytest.raises(OSError, match="full"):
        broken.put(administrator, "confidence", 0.5)
    with pytest.raises(OSError, match="full"):
        broken.remove(administrator, "confidence")

    stored = adjustments.get("confidence")
    assert stored is not None and stored.value == 0.05


def test_the_record_says_what_the_caller_wants_said(
    adjustments: Adjustments, administrator: Person, records: list[Record]
) -> None:
    """In place of the name and the value; nothing where there was nothing to remove."""
    adjustments.put(administrator, "off:gpt 1", "SLOW", said={"act": "deployment_off"})
    adjustments.remove(administrator, "off:gpt 1", said={"act": "deployment_on"})
    adjustments.remove(administrator, "off:gpt 1", said={"act": "deployment_on"})

    assert [dict(record.data) for record in records] == [{"act": "deployment_off"}, {"act": "deployment_on"}]
    assert len({record.trace_id for record in records}) == 2
