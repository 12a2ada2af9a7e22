"""Documents: the list, the upload, the readers, and deletion with its proof."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from core.bootstrap import Desk
from core.knowledge.ingestion import FileReport, Outcome
from core.knowledge.jobs import Job
from core.types import Person, Readership, Role
from tests.conftest import add_person
from tests.pages.conftest import all_text, component_data

OpenApp = Callable[..., AppTest]
DOCUMENTS = "pages/documents.py"


def titles(at: AppTest) -> list[str]:
    return list(at.dataframe[0].value["Title"]) if at.dataframe else []


def upload(at: AppTest, *files: tuple[str, bytes, str]) -> AppTest:
    at.file_uploader(key="files-0").set_value(list(files)).run()
    at.button(key="start-upload").click().run()
    assert not at.exception
    return at


def finished(at: AppTest, desk: Desk, person: Person) -> AppTest:
    job = desk.jobs.latest(person)
    assert job is not None
    job.wait(20)
    at.run()
    assert not at.exception
    return at


def test_everybody_sees_what_they_can_read_and_nothing_else(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    seller = add_person(desk.identity, "rosa", "sales")

    assert titles(open_app(employee, DOCUMENTS)) == ["Leave policy"]
    assert titles(open_app(seller, DOCUMENTS)) == ["Leave policy", "Price list"]


def test_the_list_is_searched_by_words(open_app: OpenApp, desk: Desk) -> None:
    at = open_app(add_person(desk.identity, "rosa", "sales"), DOCUMENTS)
    at.text_input(key="search-documents").input("list price").run()
    assert titles(at) == ["Price list"]
    at.text_input(key="search-documents").input("nothing").run()
    assert titles(at) == [] and "No document matches this." in all_text(at)


def test_an_uploaded_document_is_read_in_the_background_and_then_answers(
    open_app: OpenApp, desk: Desk, owner: Person
) -> None:
    at = upload(
        open_app(owner, DOCUMENTS),
        ("parking.md", b"# Parking\n\nCars may be parked behind the house.", "text/markdown"),
        ("broken.pdf", b"this is no PDF", "application/pdf"),
    )
    at = finished(at, desk, owner)

    assert "1 added, 1 not read" in all_text(at) and "broken.pdf" in all_text(at)
    assert titles(at) == ["Leave policy", "Parking"]
    [parking] = [info for info in desk.catalog.documents(owner) if info.title == "Parking"]
    assert parking.readership == Readership.of(["people"]), "nobody else reads it unless one says so"
    at.button(key="forget-job").click().run()
    assert "1 added" not in all_text(at)


def test_the_progress_of_an_upload_is_found_again_and_it_can_be_stopped_and_resumed(
    open_app: OpenApp, desk: Desk, owner: Person
) -> None:
    rounds = []

    def work(on_progress, cancelled):  # type: ignore[no-untyped-def]
        rounds.append(1)
        while len(rounds) == 1 and not cancelled():
            yield from ()
        yield FileReport("people/a.md", Outcome.UNCHANGED if len(rounds) > 1 else Outcome.ADDED)
        if len(rounds) == 1:
            raise Cancelled("Stopped. What was finished stays; start again to go on.")

    from core.errors import Cancelled

    job = desk.jobs.start(owner, Job(work))
    at = open_app(owner, DOCUMENTS)
    at.button(key="stop-job").click().run()
    job.wait(20)
    at.run()

    assert "What was finished stays" in all_text(at) and "1 added" in all_text(at)
    at.button(key="resume-job").click().run()
    at = finished(at, desk, owner)
    assert "1 already there" in all_text(at)


def test_a_second_upload_waits_for_the_first(open_app: OpenApp, desk: Desk, owner: Person) -> None:
    def work(on_progress, cancelled):  # type: ignore[no-untyped-def]
        while not cancelled():
            yield from ()

    at = open_app(owner, DOCUMENTS)
    job = desk.jobs.start(owner, Job(work))
    at = upload(at, ("parking.md", b"# Parking\n\nBehind the house.", "text/markdown"))

    assert any("still being read" in warning.value for warning in at.warning)
    job.cancel()
    job.wait(20)


def test_an_upload_for_no_department_is_refused_in_one_sentence(
    open_app: OpenApp, desk: Desk, owner: Person
) -> None:
    at = open_app(owner, DOCUMENTS)
    at.multiselect(key="upload-0-departments").set_value([]).run()
    at = upload(at, ("parking.md", b"# Parking\n\nBehind the house.", "text/markdown"))

    assert any("Choose who may read" in warning.value for warning in at.warning)
    assert desk.jobs.latest(owner) is None


def test_a_document_opens_with_its_text_and_its_passages(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    [info] = desk.catalog.documents(employee)
    at = open_app(employee, DOCUMENTS, document=info.id)

    assert "five days" in str(component_data(at, "answerdesk_reader"))
    assert "read by everyone" in all_text(at) and not at.button(key="close-document").disabled
    at.button_group(key="view").set_value("Passages").run()
    assert any("five days" in text.value for text in at.text)
    assert "Carry-over" in all_text(at)


def test_a_document_that_one_may_not_read_is_not_opened(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    seller = add_person(desk.identity, "rosa", "sales")
    prices = next(info for info in desk.catalog.documents(seller) if info.title == "Price list")

    at = open_app(employee, DOCUMENTS, document=prices.id)
    assert "you may not read it" in all_text(at) and not component_data(at, "answerdesk_reader")


def test_an_employee_is_offered_no_way_to_change_a_document(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    [info] = desk.catalog.documents(employee)
    at = open_app(employee, DOCUMENTS, document=info.id)

    assert not at.file_uploader
    assert at.button_group(key="view").options == ["Text", "Passages"]


def managed(open_app: OpenApp, desk: Desk, person: Person) -> AppTest:
    info = next(info for info in desk.catalog.documents(person) if info.title == "Leave policy")
    at = open_app(person, DOCUMENTS, document=info.id)
    at.button_group(key="view").set_value("Manage").run()
    return at


def test_readers_are_changed_after_one_confirmation(
    open_app: OpenApp, desk: Desk, owner: Person, employee: Person
) -> None:
    at = managed(open_app, desk, owner)
    [version] = [info.version_id for info in desk.catalog.documents(owner)]
    at.radio(key=f"readers-{version}-whom").set_value("Some departments").run()
    at.multiselect(key=f"readers-{version}-departments").set_value(["sales"]).run()
    at.button(key="change-readers").click().run()
    assert "by Everyone now, and by Sales afterwards" in all_text(at)
    assert len(desk.catalog.documents(employee)) == 1
    at.button(key="confirm-readers").click().run()

    assert not at.exception
    assert desk.catalog.documents(employee) == []


def test_a_deletion_asks_once_and_proves_itself(
    open_app: OpenApp, desk: Desk, owner: Person, employee: Person
) -> None:
    at = managed(open_app, desk, owner)
    at.button(key="delete-document").click().run()
    assert len(desk.catalog.documents(owner)) == 1
    at.button(key="confirm-delete").click().run()

    assert not at.exception
    assert desk.catalog.documents(owner) == []
    assert any("no version, passage or vector of it and no kept answer" in box.value for box in at.success)
    assert "There are no documents yet." in all_text(at)


def test_only_an_administrator_is_offered_the_sync_of_a_configured_folder(
    open_app: OpenApp, desk: Desk, owner: Person, tmp_path: object
) -> None:
    desk.library.sync_dir = tmp_path  # type: ignore[assignment]
    administrator = add_person(desk.identity, "sanne", "people", Role.ADMINISTRATOR)

    at = open_app(administrator, DOCUMENTS)
    at.button(key="sync").click().run()
    at = finished(at, desk, administrator)
    assert "cannot be read" in all_text(at), "a folder without a manifest is said in a sentence"
    assert "sync" not in [button.key for button in open_app(owner, DOCUMENTS).button]
