"""Verified answers: what a person approved, for those who may read all of its sources, while those stand.

An answer is bound to the versions that it cites. Whether they are still the current ones is asked
by every statement that reads, so that a change that nobody told us of does no harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.answering.answer import Answer
from core.answering.checks.sources import plain_text
from core.review.access import Access, View
from core.review.meaning import Known, Likeness, Meaning
from core.review.sources import passages_of
from core.review.store import Store
from core.tables import (
    documents,
    people,
    review_tasks,
    verified_answers,
    verified_passages,
    verified_sources,
)
from core.types import DataClass, Errand, Passage, Person

ACTIVE, SUSPENDED, RETIRED = "active", "suspended", "retired"
COMPARED = 2_000
"""So many verified answers are compared with a question, the newest ones."""


@dataclass(frozen=True, slots=True)
class VerifiedAnswer:
    """An approved answer. `sources` are version ids by document id; `reused` counts how often it served."""

    id: int
    question: str
    answer: Answer
    readers: str
    department: str
    verified_by: str
    verified_at: datetime
    reused: int
    sources: Mapping[int, int]

    @property
    def plain_text(self) -> str:
        """The answer without the numbers of its sources, as retrieval finds it and citations count in it."""
        return plain_text(self.answer.text)


@dataclass(frozen=True, slots=True)
class Near:
    """A verified answer to a like question. `passages` are what it cites, as the current versions have it.

    `cosine` in [-1, 1] compares the meanings of the questions, `words` in [0, 1] the words that they
    share, `likeness` in [0, 1] is made of both; the passages have it as their score.
    """

    verified: VerifiedAnswer
    likeness: float
    cosine: float
    words: float
    passages: tuple[Passage, ...]


class VerifiedAnswers:
    """Finds verified answers that stand and that the person may read."""

    def __init__(self, store: Store, access: Access, meaning: Meaning) -> None:
        self._store = store
        self._access = access
        self._meaning = meaning

    def by_question(self, person: Person, question: str) -> VerifiedAnswer | None:
        """The newest answer to the same question, capitals, spaces and closing marks aside."""
        found = self._find(person, verified_answers.c.question_key == question_key(question), limit=1)
        return found[0] if found else None

    def similar(
        self, person: Person, question: str, limit: int = 3, at_least: float = 0.3
    ) -> list[tuple[VerifiedAnswer, float]]:
        """Answers to questions like this one with their likeness, the most alike first."""
        return [(near.verified, near.likeness) for near in self.nearest(person, question, limit, at_least)]

    def nearest(
        self,
        person: Person,
        question: str,
        limit: int = 3,
        at_least: float = 0.5,
        errand: Errand | None = None,
    ) -> list[Near]:
        """Answers to questions like this one, the most alike first: a source of its own kind.

        `at_least` is the least likeness. `errand` is what the question is embedded for, where that is
        more than the person's own.
        """
        known = self._known(person)
        compared = self._meaning.compared(question, known, errand or Errand(person.department, person.id))
        ranked = sorted(zip(known, compared, strict=True), key=lambda pair: -pair[1].likeness)
        best = {each.id: like for each, like in ranked[:limit] if like.likeness >= at_least}
        found = {each.id: each for each in self._find(person, verified_answers.c.id.in_(best), limit=limit)}
        return [self._near(found[each], like) for each, like in best.items() if each in found]

    def readable(self, person: Person, limit: int = COMPARED) -> list[VerifiedAnswer]:
        """All that this person may be given, newest first: for retrieval as a source of its own kind."""
        return self._find(person, limit=limit)

    def get(self, person: Person, verified_id: int) -> VerifiedAnswer | None:
        """One answer, or None when it is not this person's to read or does not stand any more."""
        found = self._find(person, verified_answers.c.id == verified_id, limit=1)
        return found[0] if found else None

    def stand(self, person: Person, answer: Answer) -> bool:
        """Whether what an answer cites of people's answers is in force as cited, and the person's to read."""
        cited = {c.verified.id: c.verified.at for c in answer.citations if c.verified}
        if not cited:
            return True
        found = self._find(person, verified_answers.c.id.in_(cited), limit=len(cited))
        return {each.id: each.verified_at.isoformat() for each in found} == cited

    def note_reuse(self, verified_id: int) -> None:
        """Count that the answer has served once more."""
        self._count(verified_answers.c.id == verified_id)

    def note_served(self, answer: Answer) -> None:
        """Count the same for a verified answer that was kept elsewhere; nothing for any other answer."""
        if answer.verified is None:
            return
        given_by = sa.select(review_tasks.c.verified_id).where(review_tasks.c.id == answer.verified.task)
        self._count(verified_answers.c.id == given_by.scalar_subquery())

    def _count(self, which: sa.ColumnElement[bool]) -> None:
        with self._store.write() as connection:
            connection.execute(
                sa.update(verified_answers).where(which).values(reused=verified_answers.c.reused + 1)
            )

    def _known(self, person: Person) -> list[Known]:
        data_class = verified_answers.c.answer["data_class"].as_integer()
        query = sa.select(verified_answers.c.id, verified_answers.c.question, data_class)
        with self._store.read() as connection:
            rows = connection.execute(self._standing(query, person, COMPARED)).all()
        return [Known(row.id, row.question, DataClass(row[2])) for row in rows]

    def _near(self, verified: VerifiedAnswer, like: Likeness) -> Near:
        with self._store.read() as connection:
            cited = passages_of(connection, verified.answer.citations)
        passages = tuple(replace(p, cosine=like.cosine, score=like.likeness) for p in cited)
        return Near(verified, like.likeness, like.cosine, like.words, passages)

    def _find(self, person: Person, *conditions: sa.ColumnElement[bool], limit: int) -> list[VerifiedAnswer]:
        query = (
            sa.select(verified_answers, people.c.name)
            .join(people, people.c.id == verified_answers.c.verified_by)
            .where(*conditions)
        )
        query = self._standing(query, person, limit)
        with self._store.read() as connection:
            rows = connection.execute(query).all()
            sources = sources_by_id(connection, [row.id for row in rows])
        return [_verified(row, sources.get(row.id, {})) for row in rows]

    def _standing(self, query: sa.Select[Any], person: Person, limit: int) -> sa.Select[Any]:
        """Those that stand and that the person may read, the newest first."""
        return (
            query.where(verified_answers.c.state == ACTIVE, readable(self._access.of(person)), ~outdated())
            .order_by(verified_answers.c.verified_at.desc(), verified_answers.c.id.desc())
            .limit(limit)
        )


def readable(view: View) -> sa.ColumnElement[bool]:
    """Whether the person may read every source of a verified answer: as it was, and as it is now."""
    source = sa.select(verified_sources.c.document_id).where(
        verified_sources.c.verified_id == verified_answers.c.id
    )
    closed = source.where(view.closed(verified_sources.c.document_id)).exists()
    return sa.and_(view.admitted(verified_answers.c.readers), ~closed)


def outdated() -> sa.Exists:
    """Whether a source of a verified answer is no longer its document's current version."""
    current = sa.select(documents.c.id).where(
        documents.c.id == verified_sources.c.document_id,
        documents.c.current_version_id == verified_sources.c.version_id,
    )
    return (
        sa.select(verified_sources.c.document_id)
        .where(verified_sources.c.verified_id == verified_answers.c.id, ~current.exists())
        .exists()
    )


def sources_by_id(connection: sa.Connection, ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """The sources of verified answers."""
    found: dict[int, dict[int, int]] = {}
    query = sa.select(verified_sources).where(verified_sources.c.verified_id.in_(ids))
    for row in connection.execute(query):
        found.setdefault(row.verified_id, {})[row.document_id] = row.version_id
    return found


def bind(connection: sa.Connection, verified_id: int, sources: Mapping[int, int]) -> None:
    """Make these the sources of a verified answer."""
    connection.execute(sa.delete(verified_sources).where(verified_sources.c.verified_id == verified_id))
    rows = [{"verified_id": verified_id, "document_id": d, "version_id": v} for d, v in sources.items()]
    if rows:
        connection.execute(sa.insert(verified_sources), rows)


def forget_words(connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
    """Drop what was indexed of verified answers, within the transaction that has changed their words."""
    ids = sa.select(verified_answers.c.id).where(which)
    connection.execute(sa.delete(verified_passages).where(verified_passages.c.verified_id.in_(ids)))


def question_key(question: str) -> str:
    """Equal for questions that differ in capitals, spaces and closing marks only."""
    plain = " ".join(question.casefold().split()).rstrip(" ?!.")
    return hashlib.sha256(plain.encode()).hexdigest()


def _verified(row: sa.Row[Any], sources: Mapping[int, int]) -> VerifiedAnswer:
    return VerifiedAnswer(
        row.id,
        row.question,
        Answer.from_json(row.text, row.answer),
        row.readers,
        row.department_id,
        row.name,
        row.verified_at,
        row.reused,
        sources,
    )
