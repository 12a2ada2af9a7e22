"""The benchmark that asks every correction again, over a copy of the data folder."""

from __future__ import annotations

from pathlib import Path

from core.bootstrap import Desk
from core.review.decisions import Decision
from core.review.tasks import NewTask, Verdict
from core.settings import Settings
from core.types import Person, Role
from tests.bench.regressions import replayed
from tests.conftest import MakeDesk, add_departments, add_person, text_source
from tests.fakes import HashEmbedder, ScriptedModel, ShapeFinder

LEAVE = "Five days of annual leave may be carried over to the next year."
QUESTION = "How many days of leave may be carried over?"


def corrected(desk: Desk, ada: Person, rhea: Person, question: str, decision: Decision) -> None:
    """A question that waited for a person, and what the person decided."""
    passages = desk.knowledge.retriever.search(question, ada).passages
    conversation = desk.conversations.start(ada, question)
    new = NewTask(f"{len(question):032x}", question, None, (), 0.2, passages)
    handed = desk.reviews.intake.hand_over(ada, conversation, new)
    lease = desk.reviews.queue.claim(rhea, handed.task_id)
    desk.reviews.decisions.decide(rhea, lease, decision)


def test_the_cases_of_a_data_folder_are_asked_of_a_copy(make_desk: MakeDesk, tmp_path: Path) -> None:
    """What a person has verified is right when it is remembered; alone, the model has to find it."""
    settings = Settings(data_dir=tmp_path / "runtime", reranker="none")
    desk = make_desk(settings=settings, routes={"embedded": [ScriptedModel()]})
    add_departments(desk.identity)
    list(desk.knowledge.ingestion.run([text_source("people/leave.txt", LEAVE)], "upload"))
    ada = add_person(desk.identity, "ada", "people")
    rhea = add_person(desk.identity, "rhea", "people", Role.REVIEWER)
    corrected(desk, ada, rhea, QUESTION, Decision(Verdict.EDITED, f"{LEAVE} [1]"))
    desk.close()

    answers = {"remembered": "", "alone": "Nobody may carry over any leave at all. [1]"}
    found = {}
    for side, answer in answers.items():
        model = ScriptedModel(*[(answer,)] if answer else [])
        parts = {"routes": {"embedded": [model]}, "embedder": HashEmbedder(), "analyser": ShapeFinder()}
        found[side] = replayed(settings, tmp_path / side, alone=side == "alone", **parts)
    assert found["remembered"] == {"cases": 1, "asked": 1, "right": 1, "waiting": 0, "wrong": 0}
    assert found["alone"] == {"cases": 1, "asked": 1, "right": 0, "waiting": 1, "wrong": 0}
    again = make_desk(settings=settings)
    assert len(again.conversations.list(ada)) == 1, "nothing of the replay stays behind"
