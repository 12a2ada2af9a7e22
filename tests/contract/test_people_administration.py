"""Administrators keep people and departments alike on SQLite and PostgreSQL, and every act is on record."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from limits.strategies import MovingWindowRateLimiter

from core.database import Database
from core.errors import AnswerdeskError, BadInput, NotAllowed, NotFound, SignInFailed
from core.gateway.local_counters import LocalCounters
from core.identity import Identity, NewPerson
from core.journal.entries import Kind
from core.journal.journal import Journal
from core.journal.search import Filters
from core.operations.accounts import NewAccount, department_id, first_password
from core.operations.people import People
from core.types import Person, Role
from tests.conftest import PASSWORD, add_departments, add_person
from tests.fakes import Clock

BO = NewAccount("  Bo   Ferrin ", " Bo.Ferrin@Fennwick.example", "sales", frozenset({Role.REVIEWER}))


@pytest.fixture
def identity(database: Database, clock: Clock) -> Identity:
    identity = Identity(database, clock, MovingWindowRateLimiter(LocalCounters()), 9, timedelta(days=14))
    add_departments(identity)
    return identity


@pytest.fixture
def journal(database: Database, clock: Clock) -> Journal:
    return Journal(database, clock)


@pytest.fixture
def people(database: Database, journal: Journal, clock: Clock) -> People:
    return People(database, journal, clock, lambda: uuid.uuid4().hex, first_password)


@pytest.fixture
def root(identity: Identity) -> Person:
    return add_person(identity, "root", "people", Role.ADMINISTRATOR)


def acts(journal: Journal) -> list[dict[str, object]]:
    return [entry.data for entry in reversed(journal.search(Filters(kinds=(Kind.SETTING,))))]


def signed_in(identity: Identity, person: Person) -> str:
    token = identity.redeem(identity.open_session(person))
    assert token is not None
    return token


def test_somebody_new_signs_in_with_the_password_that_was_shown(
    people: People, identity: Identity, root: Person, journal: Journal
) -> None:
    """Name and address are tidied; the journal has the act without either of them, or the password."""
    account, password = people.add(root, BO)
    bo = identity.sign_in("bo.ferrin@fennwick.example", password)

    assert (bo.id, bo.name, bo.department) == (account.id, "Bo Ferrin", "sales")
    assert bo.roles == {Role.EMPLOYEE, Role.REVIEWER}
    [act] = acts(journal)
    assert act == {
        "act": "person_added",
        "person": bo.id,
        "department": "sales",
        "roles": ["employee", "reviewer"],
    }
    [entry] = journal.search()
    assert entry.person_id == root.id and journal.verify().intact


def test_an_address_is_given_to_one_account_only(people: People, root: Person, journal: Journal) -> None:
    people.add(root, BO)
    with pytest.raises(BadInput, match="already an account"):
        people.add(root, BO)
    assert len(people.all(root)) == 2 and len(acts(journal)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        NewAccount(" ", "a@b.example", "sales"),
        NewAccount("A", "not an address", "sales"),
        NewAccount("A", "a@b.example", "nowhere"),
        NewAccount("A" * 201, "a@b.example", "sales"),
    ],
)
def test_what_is_no_account_is_refused(people: People, root: Person, wrong: NewAccount) -> None:
    with pytest.raises(BadInput):
        people.add(root, wrong)
    assert [account.id for account in people.all(root)] == [root.id]


def test_a_change_counts_from_the_next_click(
    people: People, identity: Identity, root: Person, journal: Journal
) -> None:
    """The open session stays; whom it belongs to is read anew."""
    ada = add_person(identity, "ada", "people", Role.MANAGER)
    token = signed_in(identity, ada)
    people.change(root, ada.id, "sales", {Role.AUDITOR})

    now = identity.of_session(token)
    assert now is not None and now.department == "sales" and now.roles == {Role.EMPLOYEE, Role.AUDITOR}
    [act] = acts(journal)
    assert act["before"] == {"department": "people", "roles": ["employee", "manager"]}


def test_a_closed_account_is_out_at_once_and_comes_back_as_it_was(
    people: People, identity: Identity, root: Person
) -> None:
    ada = add_person(identity, "ada", "people", Role.OWNER, password=PASSWORD)
    token = signed_in(identity, ada)
    people.close(root, ada.id)
    assert identity.of_session(token) is None
    with pytest.raises(SignInFailed):
        identity.sign_in(ada.email, PASSWORD)

    people.reopen(root, ada.id)
    assert identity.of_session(token) is None, "the session has ended for good"
    assert identity.sign_in(ada.email, PASSWORD) == ada


def test_a_new_password_replaces_the_lost_one(people: People, identity: Identity, root: Person) -> None:
    ada = add_person(identity, "ada", "people", password=PASSWORD)
    token = signed_in(identity, ada)
    password = people.renew_password(root, ada.id)

    assert identity.of_session(token) is None
    assert identity.sign_in(ada.email, password) == ada
    with pytest.raises(SignInFailed):
        identity.sign_in(ada.email, PASSWORD)


def test_people_of_the_company_account_have_no_password_here(
    people: People, identity: Identity, root: Person
) -> None:
    outside = identity.put_person(NewPerson("eva@fennwick.example", "Eva", "people", frozenset()))
    with pytest.raises(BadInput, match="company account"):
        people.renew_password(root, outside.id)
    assert [account.own_password for account in people.all(root, "eva")] == [False]


def test_the_list_is_searched_by_words_of_name_address_and_department(
    people: People, identity: Identity, root: Person
) -> None:
    add_person(identity, "ada", "sales")
    people.add(root, NewAccount("Östen Vik", "osten@fennwick.example", "people"))

    assert [account.name for account in people.all(root, "ÖSTEN people")] == ["Östen Vik"]
    assert [account.name for account in people.all(root, "fennwick sales")] == ["Ada"]
    assert people.all(root, "nobody") == []


@pytest.mark.parametrize("act", ["close", "change"])
def test_the_last_administrator_stays(people: People, root: Person, journal: Journal, act: str) -> None:
    """Neither closing nor a lost role leaves a desk that nobody can administer; nothing is changed."""
    with pytest.raises(BadInput, match="last account that can administer"):
        if act == "close":
            people.close(root, root.id)
        else:
            people.change(root, root.id, "people", {Role.OWNER})
    [account] = people.all(root)
    assert account.active and Role.ADMINISTRATOR in account.roles and acts(journal) == []


def test_a_closed_administrator_is_not_counted_as_one(
    people: People, identity: Identity, root: Person
) -> None:
    second = add_person(identity, "second", "people", Role.ADMINISTRATOR)
    people.close(root, second.id)
    with pytest.raises(BadInput):
        people.close(root, root.id)
    with pytest.raises(NotAllowed):
        people.reopen(second, second.id)


def test_of_two_administrators_who_close_each_other_at_once_one_stays(
    people: People, identity: Identity, root: Person
) -> None:
    second = add_person(identity, "second", "people", Role.ADMINISTRATOR)
    for _ in range(5):
        ready = threading.Barrier(2)
        problems: list[AnswerdeskError] = []

        def close(actor: Person, other: Person) -> None:
            ready.wait(10)  # noqa: B023 - joined below
            try:
                people.close(actor, other.id)
            except AnswerdeskError as exc:
                problems.append(exc)  # noqa: B023

        threads = [threading.Thread(target=close, args=pair) for pair in ((root, second), (second, root))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        accounts = {account.id: account for account in people.all(root)}
        [stays] = [person for person in (root, second) if accounts[person.id].active]
        assert [type(problem) for problem in problems] == [NotAllowed]
        people.reopen(stays, root.id if stays is second else second.id)


def test_demonstration_accounts_close_only_when_another_administrator_is_left(
    people: People, identity: Identity, journal: Journal
) -> None:
    demo = identity.put_person(
        NewPerson(
            "demo@fennwick.example",
            "Demo",
            "people",
            frozenset({Role.ADMINISTRATOR}),
            PASSWORD,
            demonstration=True,
        )
    )
    token = signed_in(identity, demo)
    with pytest.raises(BadInput):
        people.close_demonstration_accounts(demo)
    assert identity.of_session(token) == demo and identity.demonstration_people() == [demo]

    root = add_person(identity, "root", "people", Role.ADMINISTRATOR)
    assert people.close_demonstration_accounts(root) == 1
    assert identity.of_session(token) is None and identity.demonstration_people() == []
    with pytest.raises(SignInFailed):
        identity.sign_in(demo.email, PASSWORD)
    assert acts(journal) == [{"act": "demonstration_closed", "people": [demo.id]}]


def test_a_department_gets_an_id_that_readers_lists_can_hold(
    people: People, identity: Identity, root: Person
) -> None:
    made = people.add_department(root, "  Research & Développement ")
    assert (made.id, made.name) == ("research-and-developpement", "Research & Développement")
    assert made in identity.departments()
    with pytest.raises(BadInput, match="already"):
        people.add_department(root, "research & développement")
    for wrong in ("", "***", "x" * 65):
        with pytest.raises(BadInput):
            department_id(wrong)


ACTS: list[Callable[[People, Person], object]] = [
    lambda people, actor: people.all(actor),
    lambda people, actor: people.add(actor, BO),
    lambda people, actor: people.change(actor, actor.id, "people", set(Role)),
    lambda people, actor: people.close(actor, 1),
    lambda people, actor: people.reopen(actor, 1),
    lambda people, actor: people.renew_password(actor, 1),
    lambda people, actor: people.close_demonstration_accounts(actor),
    lambda people, actor: people.add_department(actor, "New"),
]


@pytest.mark.parametrize("act", ACTS)
def test_nobody_else_may(
    people: People,
    identity: Identity,
    root: Person,
    journal: Journal,
    act: Callable[[People, Person], object],
) -> None:
    """Every other role together is not enough, and nothing is written."""
    other = add_person(identity, "other", "people", *(set(Role) - {Role.ADMINISTRATOR}))
    with pytest.raises(NotAllowed):
        act(people, other)
    assert journal.search() == [] and len(people.all(root)) == 2


def test_an_administrator_who_lost_the_role_a_moment_ago_may_not_either(
    people: People, identity: Identity, root: Person
) -> None:
    """What the page still believes of somebody does not count."""
    second = add_person(identity, "second", "people", Role.ADMINISTRATOR)
    people.change(root, second.id, "people", set())
    with pytest.raises(NotAllowed):
        people.close(second, root.id)


def test_an_account_that_does_not_exist_is_not_found(people: People, root: Person, journal: Journal) -> None:
    for act in (people.close, people.reopen, people.renew_password):
        with pytest.raises(NotFound):
            act(root, 999)
    assert acts(journal) == []
