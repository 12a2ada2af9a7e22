"""People and sessions behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.errors import BadInput, SignInFailed
from core.gateway.local_counters import LocalCounters
from core.identity import Identity
from core.journal.entries import Kind, Record, prepared
from core.types import Role
from tests.conftest import PASSWORD, add_departments, add_person
from tests.fakes import Clock


@pytest.fixture
def records() -> list[Record]:
    return []


@pytest.fixture
def identity(database: Database, clock: Clock, records: list[Record]) -> Identity:
    limiter = MovingWindowRateLimiter(LocalCounters())
    identity = Identity(database, clock, limiter, 3, timedelta(days=14), records.append)
    add_departments(identity)
    return identity


def test_the_right_password_signs_in_whatever_the_case_of_the_address(identity: Identity) -> None:
    """An e-mail address is compared without case and surrounding space."""
    ada = add_person(identity, "ada", "people", Role.OWNER, password=PASSWORD)
    assert identity.sign_in("  ADA@Fennwick.example ", PASSWORD) == ada
    assert ada.roles == {Role.OWNER, Role.EMPLOYEE}


def test_a_wrong_password_and_an_unknown_address_read_the_same(identity: Identity) -> None:
    """Nobody learns from the message which addresses exist."""
    add_person(identity, "ada", "people", password=PASSWORD)
    with pytest.raises(SignInFailed) as wrong:
        identity.sign_in("ada@fennwick.example", "wrong")
    with pytest.raises(SignInFailed) as unknown:
        identity.sign_in("nobody@fennwick.example", "wrong")
    assert str(wrong.value) == str(unknown.value)


def test_after_too_many_tries_even_the_right_password_waits(identity: Identity) -> None:
    """Guessing is stopped for each address."""
    add_person(identity, "ada", "people", password=PASSWORD)
    for _ in range(3):
        with pytest.raises(SignInFailed):
            identity.sign_in("ada@fennwick.example", "guess")
    with pytest.raises(SignInFailed, match="Too many tries"):
        identity.sign_in("ada@fennwick.example", PASSWORD)


def test_a_ticket_opens_one_session_and_only_once(identity: Identity, clock: Clock) -> None:
    """A ticket that is seen by somebody else afterwards is worth nothing."""
    ada = add_person(identity, "ada", "people")
    ticket = identity.open_session(ada)
    token = identity.redeem(ticket)
    assert token is not None
    assert identity.of_session(token) == ada
    assert identity.redeem(ticket) is None
    assert identity.of_session(ticket) is None


def test_a_ticket_expires_within_a_minute(identity: Identity, clock: Clock) -> None:
    """A ticket is for the very next request of the browser."""
    ticket = identity.open_session(add_person(identity, "ada", "people"))
    clock.advance(seconds=61)
    assert identity.redeem(ticket) is None


def test_a_session_ends_by_sign_out_or_by_time(identity: Identity, clock: Clock) -> None:
    """The server forgets the session; the browser's cookie is then worth nothing."""
    ada = add_person(identity, "ada", "people")
    first, second = (identity.redeem(identity.open_session(ada)) for _ in range(2))
    assert first and second
    identity.sign_out(first)
    assert identity.of_session(first) is None
    assert identity.of_session(second) == ada
    clock.advance(days=14, seconds=1)
    assert identity.of_session(second) is None


def test_claims_make_a_person_and_bring_them_up_to_date(identity: Identity) -> None:
    """Department and roles follow the identity provider; roles that are not ours are left out."""
    claims = {"email": "Bo@Fennwick.example", "department": "sales", "groups": ["reviewer", "x"]}
    bo = identity.from_claims(claims, "people")
    assert (bo.email, bo.department, bo.roles) == (
        "bo@fennwick.example",
        "sales",
        {Role.EMPLOYEE, Role.REVIEWER},
    )
    moved = identity.from_claims({**claims, "department": "legal-affairs", "groups": []}, "people")
    assert (moved.id, moved.department, moved.roles) == (bo.id, "legal-affairs", {Role.EMPLOYEE})


@pytest.mark.parametrize("claims", [{}, {"email": ""}, {"email": "a@b.example", "email_verified": False}])
def test_claims_without_a_confirmed_address_are_refused(
    identity: Identity, claims: dict[str, object]
) -> None:
    """An address that anybody may claim is no identity."""
    with pytest.raises(SignInFailed):
        identity.from_claims(claims, "people")


def test_a_new_password_needs_the_old_one_and_ends_all_sessions(identity: Identity) -> None:
    """A stolen session cannot take the account over."""
    ada = add_person(identity, "ada", "people", password=PASSWORD)
    token = identity.redeem(identity.open_session(ada))
    assert token is not None
    with pytest.raises(SignInFailed):
        identity.change_password(ada, "wrong", "another-good-one")
    with pytest.raises(BadInput):
        identity.change_password(ada, PASSWORD, "short")
    identity.change_password(ada, PASSWORD, "another-good-one")
    assert identity.of_session(token) is None
    assert identity.sign_in(ada.email, "another-good-one") == ada


def test_signing_in_and_out_is_on_record_once_each(identity: Identity, records: list[Record]) -> None:
    """Leaving a session that is over already is no second entry."""
    ada = add_person(identity, "ada", "people", password=PASSWORD)
    token = identity.redeem(identity.open_session(identity.sign_in(ada.email, PASSWORD)))
    assert token is not None
    for _ in range(2):
        identity.sign_out(token)
    assert [(r.kind, r.outcome, r.person_id, r.department) for r in records] == [
        (Kind.SIGN_IN, "ok", ada.id, "people"),
        (Kind.SIGN_OUT, "ok", ada.id, "people"),
    ]
    assert len({r.trace_id for r in records}) == 2


def test_a_failed_sign_in_names_the_person_by_id_and_nobody_by_address(
    identity: Identity, records: list[Record]
) -> None:
    """An address that nobody has is not kept: people type passwords where addresses belong."""
    ada = add_person(identity, "ada", "people", password=PASSWORD)
    for address in (ada.email, "hunter2-secret"):
        with pytest.raises(SignInFailed):
            identity.sign_in(address, "wrong-password")
    assert [(r.kind, r.outcome, r.person_id) for r in records] == [
        (Kind.SIGN_IN, "failed", ada.id),
        (Kind.SIGN_IN, "failed", None),
    ]
    stored = str([prepared(record) for record in records])
    assert not [word for word in ("ada@", "hunter2", "wrong-password", PASSWORD) if word in stored]


def test_a_flood_of_tries_is_one_entry(identity: Identity, records: list[Record]) -> None:
    """What is refused before a password is looked at costs the journal nothing more."""
    ada = add_person(identity, "ada", "people", password=PASSWORD)
    for _ in range(9):
        with pytest.raises(SignInFailed):
            identity.sign_in(ada.email, "guess")
    assert [r.outcome for r in records] == ["failed", "failed", "failed", "refused"]
    assert records[-1].person_id == ada.id


def test_a_change_of_password_with_a_wrong_one_is_on_record(
    identity: Identity, records: list[Record]
) -> None:
    """Somebody at an open screen guesses; the right one is no sign-in."""
    ada = add_person(identity, "ada", "people", password=PASSWORD)
    with pytest.raises(SignInFailed):
        identity.change_password(ada, "guess", "another-good-one")
    identity.change_password(ada, PASSWORD, "another-good-one")
    assert [(r.outcome, r.data["by"]) for r in records] == [("failed", "change of password")]


def test_company_accounts_are_on_record_with_the_roles_they_were_given(
    identity: Identity, records: list[Record]
) -> None:
    """Also where the provider confirms nothing."""
    bo = identity.from_claims({"email": "bo@fennwick.example", "roles": ["auditor"]}, "people")
    with pytest.raises(SignInFailed):
        identity.from_claims({"email": "bo@fennwick.example", "email_verified": False}, "people")
    assert [(r.kind, r.outcome, r.person_id) for r in records] == [
        (Kind.SIGN_IN, "ok", bo.id),
        (Kind.SIGN_IN, "failed", None),
    ]
    assert records[0].data == {"by": "identity provider", "roles": ["auditor", "employee"]}
