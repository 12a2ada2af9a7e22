"""How good the answers of the embedded model are, through the whole path of a question.

XQuAD: each passage is a document. A question cannot be answered when its article's documents are kept
from the asker's department, so one base serves both runs; a sample of the questions is asked, as many as
the output says. The sample company: its 30 questions, each by the person who asks it there. The figures of
a set are those of the model alone; `with_review` are those of the confidence dial where it stands at first.
"""

from __future__ import annotations

import json
import logging
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from core.answering.answer import Answer, Outcome
from core.assistant import Answered
from core.bootstrap import Desk, build
from core.identity import Department, NewPerson
from core.knowledge.sources import Source
from core.sample_company import ORIGIN, add_demonstration_people, read_sample_company
from core.settings import ROOT, Limits, Settings
from core.types import Person, Readership, Role

READS_ALL = "all"
QUESTIONS = 400
"""At most so many questions of XQuAD are asked, evenly spread, each by a reader and a non-reader."""
PASSWORD = "a-good-password"
ALL_SERVED = 0.5
"""So many answers may be wrong that the confidence keeps none of them back."""


@dataclass(frozen=True)
class Asked:
    """`gold` are the texts any of which answers; empty for a question that cannot be answered."""

    person: Person
    text: str
    gold: tuple[str, ...]


@dataclass
class Tally:
    """What came of the questions of one set."""

    contains_gold: list[bool] = field(default_factory=list)
    citation_has_gold: list[bool] = field(default_factory=list)
    refused_answerable: list[bool] = field(default_factory=list)
    refused_unanswerable: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    def add(self, asked: Asked, answer: Answer, passages: Sequence[str], seconds: float) -> None:
        self.seconds.append(seconds)
        refused = answer.outcome is not Outcome.ANSWERED
        right = "right" if not refused and holds(answer.text, asked.gold) else "wrong"
        self.outcomes[answer.outcome.value if refused else right] += 1
        if not asked.gold:
            self.refused_unanswerable.append(refused)
            return
        self.refused_answerable.append(refused)
        self.contains_gold.append(not refused and holds(answer.text, asked.gold))
        self.citation_has_gold.append(any(holds(text, asked.gold) for text in passages))

    def with_review(self) -> dict[str, float]:
        """Shares of all questions: answered, handed over, nothing found; and the wrong of those answered."""
        total, served = self.outcomes.total(), self.outcomes["right"] + self.outcomes["wrong"]
        shares = {"answered": served, "waiting": self.outcomes["waiting"]}
        shares["not_found"] = self.outcomes["not_found"]
        found = {name: round(number / total, 3) for name, number in shares.items()}
        return found | {"wrong_of_answered": round(self.outcomes["wrong"] / max(1, served), 3)}

    def figures(self) -> dict[str, Any]:
        return {
            "questions": len(self.seconds),
            "contains_gold": share(self.contains_gold),
            "citation_has_gold": share(self.citation_has_gold),
            "refused_unanswerable": share(self.refused_unanswerable),
            "refused_answerable": share(self.refused_answerable),
            "p50_ms": round(float(np.percentile(self.seconds, 50)) * 1000, 1),
        }


def run(data: Path) -> dict[str, Any]:
    """The figures of every set: shares in [0, 1], the median time of `ask` in milliseconds."""
    logging.getLogger("core").setLevel(logging.ERROR)
    figures: dict[str, Any] = {}
    sets: dict[str, Callable[[Desk], Iterable[Asked]]] = {"sample_company": sample_company}
    if (data / "qa_xquad").is_dir():
        sets["qa_xquad"] = lambda desk: xquad(desk, data / "qa_xquad")
    for name, questions in sets.items():
        with tempfile.TemporaryDirectory() as folder:
            figures[name] = measured(questions, Path(folder), ALL_SERVED).figures()
        with tempfile.TemporaryDirectory() as folder:
            dialled = measured(questions, Path(folder), Settings().accepted_wrong_share)
            figures[name]["with_review"] = dialled.with_review()
        print(name, json.dumps(figures[name]), flush=True)
    return figures


def measured(questions: Callable[[Desk], Iterable[Asked]], folder: Path, accepted_wrong: float) -> Tally:
    limits = Limits(questions_per_min=1_000_000)
    desk = build(
        Settings(data_dir=folder, limits=limits, embedding_threads=1, accepted_wrong_share=accepted_wrong)
    )
    try:
        tally = Tally()
        for asked in questions(desk):
            conversation = desk.conversations.start(asked.person, asked.text)
            started = time.perf_counter()
            *_, last = desk.assistant.ask(asked.person, conversation, asked.text)
            seconds = time.perf_counter() - started
            assert isinstance(last, Answered)
            tally.add(asked, last.answer, cited(desk, last.answer), seconds)
        return tally
    finally:
        desk.close()


def cited(desk: Desk, answer: Answer) -> list[str]:
    """The texts of the passages that an answer cites."""
    chunks = desk.catalog.chunks([citation.chunk_id for citation in answer.citations])
    return [chunk.text for chunk in chunks.values()]


def sample_company(desk: Desk) -> list[Asked]:
    """The sample company's own questions, asked by its demonstration people."""
    folder = ROOT / "data" / "company"
    add_demonstration_people(read_sample_company(folder), desk.identity)
    for _ in desk.library.sync_folder(folder, ORIGIN):
        pass
    asked = []
    for entry in yaml.safe_load((folder / "questions.yaml").read_text(encoding="utf-8"))["questions"]:
        person = desk.identity.by_email(entry["asker"])
        assert person is not None
        asked.append(Asked(person, entry["question"], tuple(entry["answer"]) if entry["answerable"] else ()))
    return asked


def xquad(desk: Desk, folder: Path) -> list[Asked]:
    """Each question twice: asked by somebody who reads everything, and by somebody kept from its article."""
    passages, questions = lines(folder / "passages_en.jsonl"), lines(folder / "questions_en.jsonl")
    article = {passage["id"]: passage["title"] for passage in passages}
    departments = {title: f"no{number}" for number, title in enumerate(dict.fromkeys(article.values()))}
    names = [READS_ALL, *departments.values()]
    desk.identity.add_departments(Department(name, name) for name in names)
    people = {name: person(desk, name) for name in names}
    sources = [
        source(passage, Readership.of(set(names) - {departments[passage["title"]]})) for passage in passages
    ]
    for _ in desk.knowledge.ingestion.run(sources, "bench", None):
        pass
    chosen = questions[:: max(1, len(questions) // QUESTIONS)]
    return [
        asked
        for question in chosen
        for asked in (
            Asked(people[READS_ALL], question["question"], tuple(a["text"] for a in question["answers"])),
            Asked(people[departments[article[question["passage_id"]]]], question["question"], ()),
        )
    ]


def source(passage: dict[str, Any], readers: Readership) -> Source:
    content = f"{passage['title'].replace('_', ' ')}\n\n{passage['text']}".encode()
    name = f"{passage['title']}-{passage['id']}.txt"
    return Source(name, readers, READS_ALL, None, len(content), lambda: content)


def person(desk: Desk, department: str) -> Person:
    return desk.identity.put_person(
        NewPerson(f"{department}@bench.example", department, department, frozenset({Role.EMPLOYEE}), PASSWORD)
    )


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def holds(text: str, golds: Sequence[str]) -> bool:
    """Whether any of the golds stands in the text, case and punctuation aside."""
    return any(f" {words(gold)} " in f" {words(text)} " for gold in golds)


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def share(values: Sequence[bool]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None
