"""500 questions over a real handbook through `Assistant.ask`, with documents that change in between.

The questions are ours: each in several wordings, beside others that are alike in words and have another
answer; some are asked often, most seldom. The second department may not read a quarter of the documents.
Every fiftieth question, a document that was cited gets a new version in which its numbers are other ones.

A hit is wrong when the entry was made by another question, stale when it cites a version that is not the
current one, leaked when it cites what its asker may not read. The embedded model costs nothing, so money is
counted in its tokens, at one price for all; its time is its own, and a hosted model takes longer.
"""

from __future__ import annotations

import logging
import random
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from core.answering.answer import Answer, Outcome
from core.assistant import Answered
from core.bootstrap import Desk, build
from core.identity import Department, NewPerson
from core.knowledge.sources import Source
from core.settings import Limits, Settings
from core.types import Person, Readership, Role

QUESTIONS = 500
CHANGE_EVERY = 50
SEED = 11
FILE = Path(__file__).with_name("replay_questions.yaml")


@dataclass
class Replay:
    """What has happened so far; `made_by` knows which questions each text was freshly given to."""

    desk: Desk
    questions: int = 0
    hits: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)
    stale: int = 0
    leaked: int = 0
    spent_tokens: int = 0
    saved_tokens: int = 0
    times: dict[str, list[float]] = field(default_factory=lambda: {"exact": [], "meaning": [], "fresh": []})
    saved_ms: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    made_by: dict[str, dict[int, str]] = field(default_factory=dict)
    cited: list[int] = field(default_factory=list)

    def ask(self, person: Person, group: int, text: str) -> None:
        """Ask one question in a conversation of its own, and look at what comes back."""
        conversation = self.desk.conversations.start(person, text)
        started = time.perf_counter()
        *_, last = self.desk.assistant.ask(person, conversation, text)
        seconds = time.perf_counter() - started
        assert isinstance(last, Answered)
        answer = last.answer
        self.times[answer.reuse.how if answer.reuse else "fresh"].append(seconds)
        self.questions += 1
        self.outcomes[answer.outcome.value] = self.outcomes.get(answer.outcome.value, 0) + 1
        self.spent_tokens += answer.prompt_tokens + answer.completion_tokens
        if answer.outcome is Outcome.ANSWERED:
            self.cited += [citation.document_id for citation in answer.citations]
            self._look_at(person, group, text, answer)

    def _look_at(self, person: Person, group: int, text: str, answer: Answer) -> None:
        if answer.reuse is None:
            self.made_by.setdefault(answer.text, {})[group] = text
            return
        self.hits += 1
        self.saved_ms += answer.reuse.saved_ms
        makers = self.made_by[answer.text]
        if group not in makers:
            self.wrong.append((next(iter(makers.values())), text))
        readable = {info.id: info.version_id for info in self.desk.catalog.documents(person)}
        for citation in answer.citations:
            self.leaked += citation.document_id not in readable
            self.stale += readable.get(citation.document_id, citation.version_id) != citation.version_id

    def figures(self) -> dict[str, Any]:
        """Shares in [0, 1]: of all questions, and of what they would have cost."""
        seconds = sum(map(sum, self.times.values()))
        cost, spent_s = self.spent_tokens + self.saved_tokens, seconds + self.saved_ms / 1_000
        return {
            "questions": self.questions,
            "hit": round(self.hits / self.questions, 4),
            "wrong": round(len(self.wrong) / self.questions, 4),
            "stale": self.stale,
            "leaked": self.leaked,
            "money_saved_share": round(self.saved_tokens / max(1, cost), 4),
            "time_saved_share": round(self.saved_ms / 1_000 / spent_s, 4),
            "outcomes": self.outcomes,
            "p50_ms": {
                how: round(float(np.median(all_)) * 1_000, 1) for how, all_ in self.times.items() if all_
            },
        }


def _p50_ms(seconds: list[float]) -> float:
    return round(float(np.median(seconds)) * 1_000, 1)


def run(data: Path) -> dict[str, Any]:
    """The figures of one replay over the handbook in `data`."""
    logging.getLogger("core").setLevel(logging.ERROR)
    rng, began = random.Random(SEED), datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        limits = Limits(questions_per_min=1_000_000)
        desk = build(Settings(data_dir=Path(folder) / "data", limits=limits))
        try:
            replay = Replay(desk)
            people = [_person(desk, name) for name in ("readers", "others")]
            documents = _documents(data / "handbook_gsa_tts" / "docs", rng)
            _put(desk, list(documents.values()))
            for number, (group, text) in enumerate(_stream(rng), start=1):
                replay.ask(people[rng.random() < 0.3], group, text)
                if number % CHANGE_EVERY == 0:
                    _change(replay, documents, rng)
            saved = desk.cache.administration.figures(_person(desk, "operations", Role.ADMINISTRATOR), began)
            replay.saved_tokens = saved.saved_tokens
        finally:
            desk.close()
    for words, text in replay.wrong:
        print(f"wrong: {text!r} got the answer to {words!r}")
    return replay.figures()


def _stream(rng: random.Random) -> Iterator[tuple[int, str]]:
    """Popular questions more often (Zipf), in any of their wordings."""
    blocks = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    groups = [wordings for block in blocks for wordings in block]
    order = rng.sample(range(len(groups)), len(groups))
    weights = [1 / (rank + 3) for rank in range(len(groups))]
    for group in rng.choices(order, weights, k=QUESTIONS):
        yield group, rng.choice(groups[group])


def _documents(folder: Path, rng: random.Random) -> dict[str, Source]:
    found = {}
    for path in sorted(folder.rglob("*.md")):
        name = path.relative_to(folder).as_posix()
        readers = Readership.of(["readers"]) if rng.random() < 0.25 else Readership.everyone()
        found[name] = _source(name, readers, path.read_bytes())
    return found


def _source(name: str, readers: Readership, content: bytes) -> Source:
    return Source(name, readers, "readers", None, len(content), lambda: content)


def _put(desk: Desk, sources: list[Source]) -> None:
    for report in desk.knowledge.ingestion.run(sources, "bench"):
        if report.reason:
            print(f"left out: {report.name}: {report.reason}")


def _person(desk: Desk, department: str, *roles: Role) -> Person:
    desk.identity.add_departments([Department(department, department.title())])
    email, roles = f"{department}@fennwick.example", frozenset({Role.EMPLOYEE, *roles})
    return desk.identity.put_person(NewPerson(email, department, department, roles, "a-good-password"))


def _change(replay: Replay, documents: dict[str, Source], rng: random.Random) -> None:
    """A new version of a document that was cited, with every number one higher."""
    with_names = {info.id: info.name for info in replay.desk.catalog.documents(_reader(replay.desk))}
    name = with_names[rng.choice([d for d in replay.cited if d in with_names])]
    old = documents[name]
    text = re.sub(rb"\b\d+\b", lambda m: str(int(m[0]) + 1).encode(), old.read())
    documents[name] = _source(name, old.readership, text)
    _put(replay.desk, [documents[name]])


def _reader(desk: Desk) -> Person:
    person = desk.identity.by_email("readers@fennwick.example")
    assert person is not None
    return person
