"""People and sessions behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.errors import BadInput, NotAllowed, SignInFailed
from core.identity import Identity, NewPerson
from core.types import Role
from tests.conftest import PASSWORD, add_departments, add_person
from tests.fakes import Clock


@pytest.fixture
def identity(database: Database, clock: Clock) -> Identity:
    identity = Identity(database, clock, MovingWindowRateLimiter(MemoryStorage()), 3, timedelta(days=14))
    add_departments(identity)
    return identity


def test_the_right_password_signs_in_whatever_the_case_of_the_address(identity: Identity) -> None:
    """An e-mail address is compared without case and surrounding space."""
    ada = add_person(identity, "ada", "people", Role.OWNER)
    assert identity.sign_in("  ADA@Fennwick.example ", PASSWORD) == ada
    assert ada.roles == {Role.OWNER, Role.EMPLOYEE}


def test_a_wrong_password_and_an_unknown_address_read_the_same(identity: Identity) -> None:
    """Nobody learns from the message which addresses exist."""
    add_person(identity, "ada", "people")
    with pytest.raises(SignInFailed) as wrong:
        identity.sign_in("ada@fennwick.example", "wrong")
    with pytest.raises(SignInFailed) as unknown:
        identity.sign_in("nobody@fennwick.example", "wrong")
    assert str(wrong.value) == str(unknown.value)


def test_after_too_many_tries_even_the_right_password_waits(identity: Identity) -> None:
    """Guessing is stopped for each address."""
    add_person(identity, "ada", "people")
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


def test_closing_the_demonstration_accounts_ends_their_sessions(identity: Identity) -> None:
    """Only an administrator closes them, and then nobody is signed in with one."""
    demo = identity.put_person(
        NewPerson("demo@fennwick.example", "Demo", "people", frozenset(), PASSWORD, demonstration=True)
    )
    token = identity.redeem(identity.open_session(demo))
    admin = add_person(identity, "root", "people", Role.ADMINISTRATOR)
    assert token is not None
    with pytest.raises(NotAllowed):
        identity.close_demonstration_accounts(demo)
    assert identity.close_demonstration_accounts(admin) == 1
    assert identity.of_session(token) is None
    assert identity.demonstration_people() == []
    with pytest.raises(SignInFailed):
        identity.sign_in(demo.email, PASSWORD)


def test_a_new_password_needs_the_old_one_and_ends_all_sessions(identity: Identity) -> None:
    """A stolen session cannot take the account over."""
    ada = add_person(identity, "ada", "people")
    token = identity.redeem(identity.open_session(ada))
    assert token is not None
    with pytest.raises(SignInFailed):
        identity.change_password(ada, "wrong", "another-good-one")
    with pytest.raises(BadInput):
        identity.change_password(ada, PASSWORD, "short")
    identity.change_password(ada, PASSWORD, "another-good-one")
    assert identity.of_session(token) is None
    assert identity.sign_in(ada.email, "another-good-one") == ada
