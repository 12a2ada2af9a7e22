"""A text never reaches a deployment that is not cleared for its class, whichever way it travels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.answering.answer import Answer, Outcome
from core.assistant import Answered
from core.bootstrap import Desk
from core.errors import AllDeploymentsFailed, ConfigurationError, NotCleared
from core.gateway.charges import Caller
from core.gateway.messages import Message, ModelRequest
from core.journal.entries import Kind
from core.knowledge.library import Upload
from core.types import DataClass, Person, Readership, Role
from tests.conftest import MakeDesk, add_departments, add_person, text_source
from tests.model_files import entry, settings_of
from tests.stand_in import Script, StandIn, stand_in

LEAVE = "Five days of annual leave may be carried over to the next year."
MERGER = "The merger with Quillstone closes on the ninth of March for 48 million euro."


@pytest.fixture
def internal() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def cleared() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


def desk_of(folder: Path, make_desk: MakeDesk, *entries: dict[str, Any], **settings: Any) -> Desk:
    """A desk with an internal and a confidential document, where nothing is masked."""
    for each in entries:
        each["model_info"]["masked_kinds"] = []
    desk = make_desk(settings=settings_of(folder, list(entries), **settings))
    add_departments(desk.identity)
    sources = [
        text_source("people/leave.txt", LEAVE),
        replace(text_source("people/merger.txt", MERGER), data_class=DataClass.CONFIDENTIAL),
    ]
    list(desk.knowledge.ingestion.run(sources, "upload"))
    return desk


def ask(desk: Desk, person: Person, text: str, conversation: int) -> Answer:
    *_, last = desk.assistant.ask(person, conversation, text)
    assert isinstance(last, Answered)
    return last.answer


def answers(desk: Desk, *questions: str) -> list[Answer]:
    """The answers to these questions of one person in one conversation."""
    ada = add_person(desk.identity, "ada", "people")
    conversation = desk.conversations.start(ada, "x")
    return [ask(desk, ada, question, conversation) for question in questions]


def test_confidential_passages_go_only_where_they_may(
    tmp_path: Path, make_desk: MakeDesk, internal: StandIn, cleared: StandIn
) -> None:
    """The first in order is passed over, though nothing is wrong with it."""
    desk = desk_of(
        tmp_path,
        make_desk,
        entry("internal", internal.url, order=1),
        entry("cleared", cleared.url, order=2, data_class="confidential"),
    )
    cleared.script = lambda _: Script(pieces=(f"{MERGER[:-1]} [1].",))
    [answer] = answers(desk, "When does the merger with Quillstone close?")
    assert (answer.outcome, answer.data_class) == (Outcome.ANSWERED, DataClass.CONFIDENTIAL)
    assert MERGER in str(cleared.requests)
    assert internal.requests == []


def test_failover_never_leads_below_the_class_of_the_text(
    tmp_path: Path, make_desk: MakeDesk, internal: StandIn, cleared: StandIn
) -> None:
    """Rather no answer: the text stays where it was allowed to be."""
    cleared.script = lambda _: Script(status=503, error="down")
    desk = desk_of(
        tmp_path,
        make_desk,
        entry("cleared", cleared.url, order=1, data_class="confidential"),
        entry("internal", internal.url, order=2),
        entry("fallback", internal.url, route="other"),
        top={"router_settings": {"default_fallbacks": ["other"], "num_retries": 0}},
    )
    request = ModelRequest("gpt", (Message("user", MERGER),))
    with pytest.raises(AllDeploymentsFailed, match="No language model is answering"):
        list(desk.gateway.stream(request, Caller("people", None, "t", "answer"), DataClass.CONFIDENTIAL))
    assert cleared.requests
    assert internal.requests == []


def test_without_a_cleared_deployment_the_answer_says_so_and_nothing_is_sent(
    tmp_path: Path, make_desk: MakeDesk, internal: StandIn
) -> None:
    """The refusal is on record, and no money is held."""
    desk = desk_of(tmp_path, make_desk, entry("internal", internal.url))
    [answer] = answers(desk, "When does the merger with Quillstone close?")
    assert answer.outcome is Outcome.FAILED
    assert answer.text.startswith(
        "This needs confidential text, which no configured deployment of gpt may see"
    )
    assert internal.requests == []
    assert desk.gateway.budgets.open_holds() == []
    refused = [e for e in desk.journal.search() if e.kind == Kind.REFUSAL]
    assert [e.data["data_class"] for e in refused] == ["confidential"]


def test_a_follow_up_carries_the_class_of_what_was_said(
    tmp_path: Path, make_desk: MakeDesk, internal: StandIn, cleared: StandIn
) -> None:
    """The earlier answer is part of the prompt that makes the follow-up a question of its own."""
    cleared.script = lambda _: Script(pieces=("It closes on the ninth of March for 48 million euro [1].",))
    desk = desk_of(
        tmp_path,
        make_desk,
        entry("internal", internal.url, order=1),
        entry("cleared", cleared.url, order=2, data_class="confidential"),
    )
    first, second = answers(desk, "When does the merger with Quillstone close?", "And how much leave is it?")
    assert first.outcome is Outcome.ANSWERED
    assert second.data_class is DataClass.CONFIDENTIAL
    assert len(cleared.requests) == 3
    assert internal.requests == []


def test_an_internal_question_needs_no_clearance(
    tmp_path: Path, make_desk: MakeDesk, internal: StandIn
) -> None:
    """A question alone is internal, and so are its passages here."""
    desk = desk_of(tmp_path, make_desk, entry("internal", internal.url))
    sources = [text_source("people/merger.txt", "Visitors park behind the hall.")]
    list(desk.knowledge.ingestion.run(sources, "upload"))
    [answer] = answers(desk, "How many days of annual leave may be carried over?")
    assert (answer.outcome, answer.data_class) == (Outcome.ANSWERED, DataClass.INTERNAL)
    assert Answer.from_json(answer.text, answer.to_json()) == answer


def test_a_question_is_no_public_text(tmp_path: Path, make_desk: MakeDesk, internal: StandIn) -> None:
    """A deployment for public texts alone is not asked."""
    desk = desk_of(tmp_path, make_desk, entry("public", internal.url, data_class="public"))
    with pytest.raises(NotCleared, match="internal text"):
        list(
            desk.gateway.stream(
                ModelRequest("gpt", (Message("user", "Hello"),)), Caller("people", None, "t", "answer")
            )
        )


def folder_of(path: Path, manifest: dict[str, Any]) -> Path:
    (path / "files").mkdir(parents=True)
    for number, document in enumerate(manifest["documents"]):
        (path / "files" / document["path"]).write_text(f"Text of document number {number}.")
    (path / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    return path


def test_a_manifest_says_how_sensitive_its_documents_are(desk: Desk, tmp_path: Path) -> None:
    """For all of them, or for one; a changed word takes effect at the next sync without embedding anew."""
    ada = add_person(desk.identity, "ada", "people", Role.OWNER)
    one = {"path": "a.txt", "owner": ada.email, "readers": "everyone"}
    two = {"path": "b.txt", "owner": ada.email, "readers": "everyone", "data_class": "Public"}

    def synced(folder: str, **top: Any) -> dict[str, DataClass]:
        path = folder_of(tmp_path / folder, {**top, "documents": [one, two]})
        list(desk.library.sync_folder(path, "sample"))
        return {info.name: info.data_class for info in desk.catalog.documents(ada)}

    assert synced("1") == {"a.txt": DataClass.INTERNAL, "b.txt": DataClass.PUBLIC}
    assert synced("2", data_class="restricted") == {"a.txt": DataClass.RESTRICTED, "b.txt": DataClass.PUBLIC}
    found = desk.knowledge.retriever.search("document number", ada).passages
    assert {p.chunk.title: p.chunk.data_class for p in found} == {
        "A": DataClass.RESTRICTED,
        "B": DataClass.PUBLIC,
    }


def test_a_manifest_with_an_unknown_class_does_not_load(desk: Desk, tmp_path: Path) -> None:
    """The message has the word and those that are known."""
    path = folder_of(tmp_path / "x", {"data_class": "secret", "documents": []})
    with pytest.raises(ConfigurationError, match=r"secret.*public, internal, confidential, restricted"):
        list(desk.library.sync_folder(path, "sample"))


def test_a_replaced_document_keeps_its_class_until_somebody_changes_it(desk: Desk) -> None:
    """A new version of a confidential document is not suddenly internal."""
    ada = add_person(desk.identity, "ada", "people", Role.OWNER)

    def uploaded(text: str, data_class: DataClass | None = None) -> DataClass:
        uploads = [Upload("plan.txt", text.encode())]
        sources = desk.library.upload_sources(ada, uploads, Readership.everyone(), data_class)
        list(desk.library.ingest(ada, sources))
        return desk.catalog.documents(ada)[0].data_class

    assert uploaded("one") is DataClass.INTERNAL
    assert uploaded("two", DataClass.CONFIDENTIAL) is DataClass.CONFIDENTIAL
    assert uploaded("three") is DataClass.CONFIDENTIAL
    desk.library.change_readers(ada, desk.catalog.documents(ada)[0].id, Readership.of(["people"]))
    assert desk.catalog.documents(ada)[0].data_class is DataClass.CONFIDENTIAL
    assert uploaded("three", DataClass.PUBLIC) is DataClass.PUBLIC
