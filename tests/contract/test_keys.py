"""Keys of applications on both databases: made, checked, revoked, and nothing kept that opens a door."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.errors import BadInput, KeyRefused, NotAllowed, NotFound, RateLimited
from core.gateway.local_counters import LocalCounters
from core.identity import Identity
from core.journal.entries import Kind
from core.journal.journal import Journal
from core.keys import Keys, NewKey
from core.proxy.gate import REMEMBERED_S, Gate
from core.tables import api_keys
from core.types import Person, Role
from tests.conftest import add_departments, add_person
from tests.fakes import Clock


@pytest.fixture
def identity(database: Database, clock: Clock) -> Identity:
    identity = Identity(database, clock, MovingWindowRateLimiter(LocalCounters()), 10, timedelta(days=1))
    add_departments(identity)
    return identity


@pytest.fixture
def administrator(identity: Identity) -> Person:
    return add_person(identity, "sanne", "people", Role.ADMINISTRATOR)


@pytest.fixture
def journal(database: Database, clock: Clock) -> Journal:
    return Journal(database, clock)


@pytest.fixture
def keys(database: Database, clock: Clock, journal: Journal) -> Keys:
    return Keys(database, clock, journal.append_in, lambda: uuid.uuid4().hex)


def test_a_key_opens_what_it_is_bound_to(keys: Keys, administrator: Person) -> None:
    made, token = keys.make(administrator, NewKey("  Web  shop ", "sales", True, ("gpt", "gpt"), 10, 1_000))
    found = keys.check(token)

    assert found == made
    assert (found.name, found.department, found.models) == ("Web shop", "sales", ("gpt",))
    assert found.admits("gpt") and not found.admits("other")
    reader = found.reader()
    assert (reader.department, reader.roles) == ("sales", {Role.EMPLOYEE})
    assert token.startswith(f"ad-{made.id}-")


def test_nothing_that_is_stored_opens_the_door(
    keys: Keys, administrator: Person, database: Database, journal: Journal
) -> None:
    """Neither the row nor the journal has the secret, and what the row has is no key."""
    made, token = keys.make(administrator, NewKey("Shop", "sales"))
    secret = token.removeprefix(f"ad-{made.id}-")
    with database.read() as connection:
        row = connection.execute(sa.select(api_keys)).one()
    kept = repr([row, journal.search()])

    assert len(secret) >= 43, "256 random bits"
    assert secret not in kept
    with pytest.raises(KeyRefused):
        keys.check(f"ad-{made.id}-{row.secret_sha256}")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "ad",
        "ad--",
        "sk-abcdefghijkm-x",
        "ad-short-x",
        "ad-abcdefghijkm-",
        "ad-abcdefghijkm-x",
        "ad-" + "x" * 9_000,
    ],
)
def test_what_is_no_key_is_refused(keys: Keys, administrator: Person, token: str) -> None:
    keys.make(administrator, NewKey("Shop", "sales"))
    with pytest.raises(KeyRefused, match="not known"):
        keys.check(token)


def test_a_wrong_secret_reads_like_an_unknown_key(keys: Keys, administrator: Person) -> None:
    """Also for a key that is revoked: only who knows the secret learns that."""
    made, token = keys.make(administrator, NewKey("Shop", "sales"))
    keys.revoke(administrator, made.id)
    with pytest.raises(KeyRefused, match="not known"):
        keys.check(token[:-1] + ("a" if token[-1] != "a" else "b"))
    with pytest.raises(KeyRefused, match="revoked"):
        keys.check(token)


def test_a_key_ends_when_it_should(keys: Keys, administrator: Person, clock: Clock) -> None:
    _, token = keys.make(administrator, NewKey("Shop", "sales", expires_at=clock() + timedelta(days=1)))
    assert keys.check(token)
    clock.advance(days=1)
    with pytest.raises(KeyRefused, match="expired"):
        keys.check(token)


def test_making_and_revoking_is_on_record_once(keys: Keys, administrator: Person, journal: Journal) -> None:
    made, _ = keys.make(administrator, NewKey("Shop", "sales"))
    assert keys.revoke(administrator, made.id).revoked_at is not None
    keys.revoke(administrator, made.id)

    entries = [e for e in journal.search() if e.kind == Kind.SETTING]
    assert [(e.data["act"], e.data["key"], e.person_id) for e in reversed(entries)] == [
        ("key_made", made.id, administrator.id),
        ("key_revoked", made.id, administrator.id),
    ]
    with pytest.raises(NotFound):
        keys.revoke(administrator, "abcdefghijkm")


def test_only_administrators_have_to_do_with_keys(
    keys: Keys, administrator: Person, identity: Identity
) -> None:
    """Also not somebody who has lost the role since the page was drawn."""
    made, _ = keys.make(administrator, NewKey("Shop", "sales"))
    manager = add_person(identity, "mara", "sales", Role.MANAGER, Role.REVIEWER)
    for act in (
        lambda who: keys.make(who, NewKey("Other", "sales")),
        lambda who: keys.revoke(who, made.id),
        keys.all,
    ):
        with pytest.raises(NotAllowed):
            act(manager)
    add_person(identity, "sanne", "people")
    with pytest.raises(NotAllowed):
        keys.revoke(administrator, made.id)
    with pytest.raises(NotAllowed):
        keys.make(administrator, NewKey("Other", "sales"))


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (NewKey(" ", "sales"), "Name the application"),
        (NewKey("Shop", "nowhere"), "Choose a department"),
        (NewKey("Shop", "sales", models=()), "at least one"),
        (NewKey("Shop", "sales", requests_per_min=0), "at least 1"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    keys: Keys, administrator: Person, new: NewKey, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        keys.make(administrator, new)
    assert keys.all(administrator) == []


def test_the_gate_remembers_for_a_moment_only(
    keys: Keys, administrator: Person, clock: Clock, database: Database
) -> None:
    """A known key and an unknown one alike; a revoked one is out at the latest after that moment."""
    now = [0.0]
    gate = Gate(keys, MovingWindowRateLimiter(LocalCounters()), clock, lambda: now[0])
    made, token = keys.make(administrator, NewKey("Shop", "sales"))
    assert gate.remembered(token) is None
    assert gate.check(token) == gate.remembered(token) == made
    with pytest.raises(KeyRefused):
        gate.check("ad-abcdefghijkm-x")
    with pytest.raises(KeyRefused):
        gate.remembered("ad-abcdefghijkm-x")

    keys.revoke(administrator, made.id)
    assert gate.remembered(token) == made
    now[0] = REMEMBERED_S + 0.1
    assert gate.remembered(token) is None
    with pytest.raises(KeyRefused, match="revoked"):
        gate.check(token)


def test_a_key_has_limits_of_its_own(keys: Keys, administrator: Person, clock: Clock) -> None:
    """Of requests and of tokens; what can never fit does not ask to come back."""
    gate = Gate(keys, MovingWindowRateLimiter(LocalCounters()), clock, lambda: 0.0)
    few, _ = keys.make(administrator, NewKey("Few", "sales", requests_per_min=2))
    small, _ = keys.make(administrator, NewKey("Small", "sales", tokens_per_min=10_000))
    gate.take(few, 1)
    gate.take(few, 1)
    gate.take(small, 9_000)
    with pytest.raises(RateLimited) as third:
        gate.take(few, 1)
    with pytest.raises(RateLimited):
        gate.take(small, 2_000)
    with pytest.raises(RateLimited) as never:
        gate.take(small, 11_000)

    assert third.value.retry_after_s is not None and 1 <= third.value.retry_after_s <= 60
    assert never.value.retry_after_s is None


def test_a_large_limit_of_requests_is_all_of_it(keys: Keys, administrator: Person, clock: Clock) -> None:
    """And one of tokens is not used up by many small requests."""
    gate = Gate(keys, MovingWindowRateLimiter(LocalCounters()), clock, lambda: 0.0)
    limits = {"requests_per_min": 4_000, "tokens_per_min": 1_000_000_000}
    many, _ = keys.make(administrator, NewKey("Many", "sales", **limits))
    for _ in range(4_000):
        gate.take(many, 10)
    with pytest.raises(RateLimited):
        gate.take(many, 1)
