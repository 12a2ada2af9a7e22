"""Operations: what an administrator sees and does, and that nobody else does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pandas import isna
from streamlit.testing.v1 import AppTest

import pages
from core.adjustments import Adjustments
from core.bootstrap import Desk
from core.gateway.money import Period, Scope
from core.identity import NewPerson
from core.journal.entries import Kind
from core.journal.search import Filters
from core.operations.cache import CacheOperations
from core.operations.cache_dial import CacheDial
from core.operations.confidence import Confidence
from core.operations.providers import OffReason
from core.operations.recent import Recent
from core.review.lessons import Lesson
from core.semantic_cache.administration import EntryLine
from core.semantic_cache.ledger import Figures
from core.types import Person, Role
from tests.conftest import MakeDesk, add_person
from tests.fakes import ScriptedModel
from tests.pages.conftest import QuotingModel, all_text

OpenApp = Callable[..., AppTest]
OPERATIONS = "pages/operations.py"


@pytest.fixture
def administrator(desk: Desk) -> Person:
    return add_person(desk.identity, "sanne", "people", Role.ADMINISTRATOR)


def section(at: AppTest, name: str) -> AppTest:
    at.segmented_control(key="section").set_value(name).run()
    assert not at.exception
    return at


def acts(desk: Desk) -> list[str]:
    found = desk.journal.search(Filters(kinds=(Kind.SETTING,)))
    return [str(entry.data["act"]) for entry in reversed(found)]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_but_administrators_sees_the_page(open_app: OpenApp, desk: Desk, role: Role) -> None:
    """Also when the file is run without the navigation that does not offer it."""
    person = add_person(desk.identity, "somebody", "people", role)
    at = AppTest.from_file(str(pages.ASSETS.parent / "operations.py"), default_timeout=30)
    at.session_state["session_token"] = desk.identity.redeem(desk.identity.open_session(person))
    at.run()

    assert "for administrators" in at.info[0].value
    assert not at.title and not at.button and not at.dataframe
    assert not open_app(person).exception


def test_a_deployment_is_switched_off_with_a_reason_and_on_again(
    open_app: OpenApp, desk: Desk, administrator: Person
) -> None:
    at = open_app(administrator, OPERATIONS)
    assert "not used lately" in all_text(at)
    at.button(key="off-embedded 1").click().run()
    assert "its requests fail meanwhile" in all_text(at), "nothing stands in for it"
    at.selectbox(key="off-reason").select("It costs too much")
    at.button(key="confirm-off").click().run()

    assert "Switched off by Sanne" in all_text(at) and "it costs too much" in all_text(at)
    assert desk.gateway.router.snapshot()[0].state == "off"
    at.button(key="on-embedded 1").click().run()
    assert desk.gateway.router.snapshot()[0].state == "closed"
    assert acts(desk) == ["deployment_off", "deployment_on"]


def test_a_switch_outlasts_a_restart_and_reaches_other_processes(
    make_desk: MakeDesk, desk: Desk, administrator: Person
) -> None:
    providers = desk.operations.providers
    providers.switch_off(administrator, "embedded 1", OffReason.DATA)
    desk.close()
    again = make_desk(settings=desk.settings, routes={"embedded": [ScriptedModel()]})

    [status] = again.operations.providers.all(administrator)
    assert status.off is not None and status.off.by == "Sanne" and status.now.state == "off"


def test_a_test_says_how_it_went_and_stands_in_the_journal(
    open_app: OpenApp, desk: Desk, administrator: Person, model: QuotingModel
) -> None:
    model.says = "OK"
    at = open_app(administrator, OPERATIONS)
    at.button(key="test-embedded 1").click().run()

    assert "It answered in" in all_text(at)
    [act] = desk.journal.search(Filters(kinds=(Kind.SETTING,)))
    steps = [entry.kind for entry in desk.journal.trace(act.trace_id)]
    assert steps == [Kind.SETTING, Kind.MODEL_ATTEMPT, Kind.MODEL_OUTCOME]


def test_somebody_is_added_and_the_first_password_is_shown_until_it_is_passed_on(
    open_app: OpenApp, desk: Desk, administrator: Person
) -> None:
    at = section(open_app(administrator, OPERATIONS), "People")
    at.button(key="add-person").click().run()
    at.text_input(key="new-name").input("Bo Ferrin")
    at.text_input(key="new-email").input("bo@fennwick.example")
    at.selectbox(key="new-department").select("sales")
    at.multiselect(key="new-roles").select(Role.AUDITOR)
    at.button(key="confirm-add-person").click().run()
    assert not at.exception
    password = at.code[0].value
    assert desk.identity.sign_in("bo@fennwick.example", password).roles == {Role.EMPLOYEE, Role.AUDITOR}
    at.button(key="password-read").click().run()
    assert not at.code and acts(desk) == ["person_added"]


def test_roles_and_department_are_changed_and_the_account_closed_and_reopened(
    open_app: OpenApp, desk: Desk, administrator: Person, employee: Person
) -> None:
    at = section(open_app(administrator, OPERATIONS, account=employee.id), "People")
    at.selectbox(key=f"department-{employee.id}").select("sales")
    at.multiselect(key=f"roles-{employee.id}").select(Role.OWNER)
    at.button(key="save-person").click().run()
    moved = desk.identity.by_email(employee.email)
    assert moved is not None and moved.department == "sales" and moved.has(Role.OWNER)

    at.button(key="close-account").click().run()
    at.button(key="confirm-close-account").click().run()
    assert desk.identity.by_email(employee.email) is None
    assert "is closed" in all_text(at)
    at.button(key="reopen-person").click().run()
    assert desk.identity.by_email(employee.email) == moved
    assert acts(desk) == ["person_changed", "person_closed", "person_reopened"]


def test_the_last_administrator_is_told_why_not(open_app: OpenApp, desk: Desk, administrator: Person) -> None:
    at = section(open_app(administrator, OPERATIONS, account=administrator.id), "People")
    at.button(key="close-account").click().run()
    at.button(key="confirm-close-account").click().run()
    assert "last account that can administer" in all_text(at)
    assert desk.identity.by_email(administrator.email) == administrator


def test_demonstration_accounts_are_closed_after_one_question(
    open_app: OpenApp, desk: Desk, administrator: Person
) -> None:
    desk.identity.put_person(
        NewPerson("demo@fennwick.example", "Demo", "people", frozenset(), "x", demonstration=True)
    )
    at = section(open_app(administrator, OPERATIONS), "People")
    at.button(key="close-demonstration").click().run()
    at.button(key="confirm-close-demonstration").click().run()
    assert desk.identity.demonstration_people() == [] and "1 account closed" in all_text(at)
    with pytest.raises(KeyError):
        at.button(key="close-demonstration")


def test_limits_and_settings_are_shown_and_no_secret_is(
    open_app: OpenApp, administrator: Person, desk: Desk
) -> None:
    at = section(open_app(administrator, OPERATIONS), "Limits")
    tables = [frame.value for frame in at.dataframe]
    assert any("restricted" in frame.to_string() for frame in tables)
    at = section(at, "Settings")
    frame = at.dataframe[0].value.set_index("Setting")
    assert frame.loc["ANSWERDESK_LIMITS__QUESTIONS_PER_MIN", "Value"] == "5"
    assert frame.loc["ANSWERDESK_COOKIE_KEY", "Value"] == "not set"


def test_a_budget_of_nothing_is_told_so(open_app: OpenApp, administrator: Person, desk: Desk) -> None:
    desk.spending.set_budget(administrator, Scope.department("sales"), 0, Period.MONTH)
    at = section(open_app(administrator, OPERATIONS), "Limits")

    [row] = at.dataframe[0].value.to_dict("records")
    assert (row["Spent"], row["Budget"]) == ("$0.00", "$0.00") and isna(row["Used"])
    [warning] = at.warning
    said = "The Sales department has a budget of $0.00: only what costs nothing is answered."
    assert warning.value.replace("\\", "") == said


def test_made_up_accounts_are_not_counted_among_the_others(
    open_app: OpenApp, desk: Desk, administrator: Person, employee: Person, owner: Person
) -> None:
    """`make demo-traffic` leaves closed ones, and the accounts of the sample company are open."""
    desk.operations.people.close(administrator, owner.id)
    for number in range(3):
        email = f"demo-{number}@traffic.invalid"
        desk.identity.put_person(NewPerson(email, "Ada", "sales", frozenset(), demonstration=True))
    desk.operations.people.close_demonstration_accounts(administrator)
    desk.identity.put_person(NewPerson("d@x.example", "Demo", "sales", frozenset(), "x", demonstration=True))
    at = section(open_app(administrator, OPERATIONS), "People")

    assert "4 accounts, 1 of them closed, and 3 closed ones of the demonstration." in all_text(at)
    states = list(at.dataframe[0].value["State"])
    assert states == ["open, demonstration", "open", "open", *["closed, demonstration"] * 3, "closed"]


def test_the_longest_name_of_a_setting_has_room(open_app: OpenApp, desk: Desk, administrator: Person) -> None:
    at = section(open_app(administrator, OPERATIONS), "Settings")
    longest = max(len(name) for name in at.dataframe[0].value["Setting"])
    width = json.loads(at.dataframe[0].proto.columns)["Setting"]["width"]
    assert width >= 8 * longest, "the widest letter of a name is about 8 pixels at the size of the table"


def test_words_in_charts_have_a_colour(open_app: OpenApp, administrator: Person, cache: SmallCache) -> None:
    """Without one Vega draws them black, also on a dark page."""
    at = section(open_app(administrator, OPERATIONS), "Cache")
    [spec] = [json.loads(element.proto.spec) for element in at.get("vega_lite_chart")]
    [words] = [layer["mark"] for layer in spec["layer"] if layer["mark"]["type"] == "text"]
    assert words["color"].startswith("#")
    at = section(at, "Confidence")
    [spec] = [json.loads(element.proto.spec) for element in at.get("vega_lite_chart")]
    [words] = [layer["mark"] for layer in spec["layer"] if layer["mark"]["type"] == "text"]
    assert words["color"].startswith("#")


WHEN = datetime(2026, 11, 20, 9, tzinfo=UTC)
ENTRY = EntryLine(7, "How many days of <b>leave</b>?", "people", True, 12, WHEN, WHEN, None)


class SmallCache:
    """One entry and fixed figures; keeps what is purged."""

    def __init__(self) -> None:
        self.purged: list[tuple[int | None, str | None, int | None]] = []

    def figures(self, actor: Person, since: datetime) -> Figures:
        return Figures(1, 30, 10, {"nothing near": 50, "newly counted": 10}, 1, 9, 1, 2_500_000, 700, 90_000)

    def most_used(self, actor: Person, limit: int = 20) -> list[EntryLine]:
        return [ENTRY]

    def false_hits(self, actor: Person, limit: int = 20) -> list[EntryLine]:
        return [replace(ENTRY, question="Who pays for travel?", retired_at=WHEN)]

    def purge(
        self,
        actor: Person,
        *,
        document_id: int | None = None,
        department: str | None = None,
        entry_id: int | None = None,
    ) -> int:
        self.purged.append((document_id, department, entry_id))
        return 3


@pytest.fixture
def cache(desk: Desk) -> SmallCache:
    """The desk of the pages gets this cache."""
    small = SmallCache()
    adjustments = Adjustments(desk.database, lambda: WHEN, desk.journal.append_in)
    dial = CacheDial(adjustments, lambda: 0.0, "normal", keep_s=0)
    operations = CacheOperations(small, dial, lambda: WHEN, desk.journal.append, lambda: "t")
    pages.use_desk(replace(desk, operations=replace(desk.operations, cache=operations)))
    return small


def test_the_cache_shows_what_it_did(open_app: OpenApp, administrator: Person, cache: SmallCache) -> None:
    at = section(open_app(administrator, OPERATIONS), "Cache")
    text = all_text(at)
    assert "40.0 %" in text and "40 of 100 questions" in text and "$2.50" in text
    assert "2.50 % of them" in text and "9 of 10 checks" in text
    assert list(at.dataframe[0].value["Question"]) == [ENTRY.question]
    at.segmented_control(key="cache-entries-view").set_value("Reported as wrong").run()
    assert list(at.dataframe[0].value["Question"]) == ["Who pays for travel?"]


def test_the_cache_is_turned_and_the_notch_is_on_record(
    open_app: OpenApp, administrator: Person, cache: SmallCache, desk: Desk
) -> None:
    at = section(open_app(administrator, OPERATIONS), "Cache")
    assert at.button(key="use-notch").disabled
    assert any("wrong" in caption for caption in at.radio(key="cache-notch-normal").proto.captions)
    at.radio(key="cache-notch-normal").set_value("careful").run()
    at.button(key="use-notch").click().run()
    assert "uses the notch careful" in all_text(at) and at.radio(key="cache-notch-careful").value == "careful"
    assert desk.journal.search()[0].data["value"] == "careful"


def test_a_purge_asks_once(open_app: OpenApp, administrator: Person, cache: SmallCache, desk: Desk) -> None:
    at = section(open_app(administrator, OPERATIONS), "Cache")
    at.selectbox(key="purge-department").select("sales").run()
    at.button(key="purge-department-asked").click().run()
    assert cache.purged == []
    at.button(key="confirm-purge").click().run()
    assert cache.purged == [(None, "sales", None)] and "3 answers purged." in all_text(at)

    [document] = [each.id for each in desk.catalog.documents(administrator) if each.title == "Leave policy"]
    at.selectbox(key="purge-document").select(document).run()
    at.button(key="purge-document-asked").click().run()
    at.button(key="confirm-purge").click().run()
    assert cache.purged[1:] == [(document, None, None)]
    assert acts(desk) == ["cache_purged", "cache_purged"]


def test_the_accepted_share_is_changed_and_says_what_it_brings(
    open_app: OpenApp, administrator: Person, desk: Desk
) -> None:
    at = section(open_app(administrator, OPERATIONS), "Confidence")
    before = desk.dial.setting().threshold
    assert "take part from 50 on: there are none so far" in all_text(at) and not at.warning
    at.segmented_control(key="accepted-0.05").set_value(0.03).run()
    assert "go to a reviewer" in all_text(at) and desk.dial.setting().threshold == before
    at.button(key="accept-share").click().run()

    assert "3 % of the answers given at once may be wrong" in all_text(at)
    assert desk.dial.setting().threshold > before
    table = at.dataframe[0].value.set_index("Accepted")
    assert [name for name in table.index if "in force" in table.loc[name, "State"]] == ["3 %"]


def test_decisions_that_do_not_fit_are_a_warning(
    open_app: OpenApp, administrator: Person, desk: Desk
) -> None:
    lessons = [Lesson(None, 0.9, number % 2 == 0, WHEN) for number in range(40)]
    confidence = Confidence(desk.dial, 900, lambda: lessons, Recent)
    pages.use_desk(replace(desk, operations=replace(desk.operations, confidence=confidence)))
    at = section(open_app(administrator, OPERATIONS), "Confidence")

    [warning] = at.warning
    assert "of the last 40 drafts that reviewers decided, 50 % were right" in warning.value.replace("\\", "")
