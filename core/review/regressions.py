"""Regression cases: every correction is asked again, so that the program does not err twice.

A case holds names of documents, not ids: it can be asked of another database, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from core.answering.answer import Answer, Outcome
from core.review.store import Store
from core.review.tasks import Task
from core.tables import documents, regression_cases
from core.types import Passage

SHARED = 0.5
"""From this share of the expected words on, an answer says the same."""
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_WORD = re.compile(r"[^\W\d_]{3,}")
_MARKER = re.compile(r"\[[\d\s,;]*\]")


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what a reviewer decided: `outcome` is answered or not_found.

    `documents` are the names of those that the reviewer's answer cites, `readers` the reading group
    that may see all of it.
    """

    task_id: int
    question: str
    outcome: Outcome
    expected: str
    documents: tuple[str, ...]
    readers: str


class Result(StrEnum):
    """How a case went. WAITING: it was handed to a person, who was not given a wrong answer."""

    RIGHT = "right"
    WAITING = "waiting"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the program answered, and the names of the documents that it cites."""

    answer: Answer
    documents: tuple[str, ...]


Ask = Callable[[Case], Reply | None]
"""Asks the program as somebody who may read it all; None where there is nobody."""


class Regressions:
    """Reads the cases."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def cases(self, limit: int = 1_000) -> list[Case]:
        """The newest cases first; for core itself and the benchmark, because it asks nobody's leave."""
        query = sa.select(regression_cases).order_by(regression_cases.c.created_at.desc()).limit(limit)
        with self._store.read() as connection:
            rows = connection.execute(query).all()
        return [
            Case(
                row.task_id,
                row.question,
                Outcome(row.outcome),
                row.expected,
                tuple(dict.fromkeys(source["document"] for source in row.sources)),
                row.readers,
            )
            for row in rows
        ]


def replay(cases: Iterable[Case], ask: Ask) -> list[tuple[Case, Result]]:
    """Ask every case that somebody can be found for, and judge what comes."""
    results = []
    for case in cases:
        reply = ask(case)
        if reply is not None:
            results.append((case, judged(case, reply)))
    return results


def judged(case: Case, reply: Reply) -> Result:
    """Whether the program says what the reviewer said: its numbers, most of its words, one of its sources."""
    answer = reply.answer
    if answer.outcome is Outcome.WAITING:
        return Result.WAITING
    if case.outcome is not Outcome.ANSWERED or answer.outcome is not case.outcome:
        return Result.RIGHT if answer.outcome is case.outcome else Result.WRONG
    expected, said = _plain(case.expected), _plain(answer.text)
    words = set(_WORD.findall(expected))
    shared = len(words & set(_WORD.findall(said))) / len(words) if words else 1.0
    sourced = not case.documents or bool(set(case.documents) & set(reply.documents))
    fits = set(_NUMBER.findall(expected)) <= set(_NUMBER.findall(said)) and shared >= SHARED
    return Result.RIGHT if fits and sourced else Result.WRONG


def keep(connection: sa.Connection, task: Task, answer: Answer, at: datetime) -> None:
    """Make a case of a correction, within the transaction of the decision."""
    by_chunk = {passage.chunk.id: passage for passage in task.evidence}
    cited = [by_chunk[c.chunk_id] for c in answer.citations if c.chunk_id in by_chunk]
    names = _names(connection, cited)
    connection.execute(
        sa.insert(regression_cases).values(
            task_id=task.id,
            question=task.item.question,
            outcome=answer.outcome.value,
            expected=answer.text,
            sources=[
                {"document": names.get(p.chunk.document_id, p.chunk.title), "text": p.chunk.text}
                for p in cited
            ],
            readers=task.readers,
            created_at=at,
        )
    )


def drop(connection: sa.Connection, task_id: int) -> None:
    """Take a case back, within the transaction of the undoing."""
    connection.execute(sa.delete(regression_cases).where(regression_cases.c.task_id == task_id))


def _names(connection: sa.Connection, passages: Sequence[Passage]) -> dict[int, str]:
    ids = {passage.chunk.document_id for passage in passages}
    rows = connection.execute(sa.select(documents.c.id, documents.c.name).where(documents.c.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _plain(text: str) -> str:
    return _MARKER.sub(" ", text).casefold()
