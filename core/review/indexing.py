"""Verified answers are made ready for retrieval: their question and answer embedded, with their terms.

What is stored is the truth for all processes: who approves an answer indexes it at once, and whoever
finds one that is not indexed, at the start or in a sweep, does it then. Doing it twice changes nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from core.answering.answer import Answer
from core.answering.checks.sources import plain_text
from core.errors import MaskingFailed, ModelError, RateLimited
from core.knowledge.embedding import Embedder, clearance_of, on_behalf
from core.review.store import Store, insert_new
from core.review.verified import ACTIVE
from core.tables import verified_answers, verified_passages, verified_sources, versions
from core.types import Errand

log = logging.getLogger(__name__)

AT_ONCE = 64
Vectors = NDArray[np.float32]


class _Waiting(NamedTuple):
    id: int
    question: str
    text: str
    errand: Errand

    @property
    def indexed_text(self) -> str:
        return indexed_text(self.question, self.text)


@dataclass(frozen=True, slots=True)
class ReadingFor:
    """How texts are read for retrieval.

    `analyse` gives a text's index terms; `encode` what the reranker keeps of texts, where it keeps
    anything. `is_about_oneself` tells a question for the asker's own record, `personal` the personal data
    in a text: what is one person's, and not in the sources, nobody else is to come across.
    """

    analyse: Callable[[str], Sequence[str]]
    is_about_oneself: Callable[[str], bool]
    personal: Callable[[str], Sequence[str]]
    encode: Callable[[Sequence[str]], Sequence[bytes]] | None = None


class Indexing:
    """Writes what retrieval finds verified answers by."""

    def __init__(self, store: Store, embedder: Embedder, reading: ReadingFor) -> None:
        self._store = store
        self._embedder = embedder
        self._reading = reading
        self._turn = threading.Lock()

    def refresh(self) -> int:
        """Index every answer in force that is not, and drop what is in force no more.

        Gives the number of those that it indexed. When the embedding model does not answer, the rest
        waits for the next time.
        """
        if not self._turn.acquire(blocking=False):
            # Whoever is at it goes on to the newest one.
            return 0
        try:
            self._drop()
            return self._catch_up()
        finally:
            self._turn.release()

    def _catch_up(self) -> int:
        done, last = 0, 0
        while waiting := self._waiting(last):
            last = waiting[-1].id
            try:
                done += self._index(waiting)
            except (ModelError, RateLimited) as exc:
                log.warning("verified answers wait to be indexed: %s", exc)
                break
        return done

    def _drop(self) -> None:
        in_force = sa.select(verified_answers.c.id).where(verified_answers.c.state == ACTIVE)
        gone = verified_passages.c.verified_id.not_in(in_force)
        with self._store.read() as connection:
            ids = list(connection.scalars(sa.select(verified_passages.c.id).where(gone)))
        if ids:
            with self._store.write() as connection:
                connection.execute(sa.delete(verified_passages).where(verified_passages.c.id.in_(ids), gone))

    def _waiting(self, after: int) -> list[_Waiting]:
        done = sa.select(verified_passages.c.id).where(
            verified_passages.c.verified_id == verified_answers.c.id,
            verified_passages.c.embedding == self._embedder.name,
        )
        query = (
            sa.select(verified_answers)
            .where(verified_answers.c.state == ACTIVE, verified_answers.c.text != "", ~done.exists())
            .where(verified_answers.c.id > after)
            .order_by(verified_answers.c.id)
            .limit(AT_ONCE)
        )
        with self._store.read() as connection:
            rows = connection.execute(query).all()
        answers = [Answer.from_json(row.text, row.answer) for row in rows]
        return [
            _Waiting(row.id, row.question, row.text, Errand(row.department_id, data_class=answer.data_class))
            for row, answer in zip(rows, answers, strict=True)
        ]

    def _index(self, waiting: Sequence[_Waiting]) -> int:
        open_to_all: list[_Waiting] = []
        private: list[_Waiting] = []
        for each in waiting:
            try:
                (private if self._is_one_persons(each) else open_to_all).append(each)
            except MaskingFailed as exc:
                log.warning("verified answer %d waits to be indexed: %s", each.id, exc)
        for each in private:
            self._keep(each, None, None)
        by_errand = sorted(open_to_all, key=lambda each: (each.errand.department, each.errand.data_class))
        for errand, group in groupby(by_errand, key=lambda each: each.errand):
            self._embed(list(group), errand)
        return len(open_to_all)

    def _is_one_persons(self, each: _Waiting) -> bool:
        # What the embedding model may not see is no source either: it is served to the same words only.
        closed = each.errand.data_class > clearance_of(self._embedder)
        if closed or self._reading.is_about_oneself(each.question):
            return True
        named = {*self._reading.personal(each.question), *self._reading.personal(each.text)}
        return bool(named) and not self._stand_in_sources(each.id, named)

    def _stand_in_sources(self, verified_id: int, named: Iterable[str]) -> bool:
        query = (
            sa.select(versions.c.text)
            .join(verified_sources, verified_sources.c.version_id == versions.c.id)
            .where(verified_sources.c.verified_id == verified_id)
        )
        with self._store.read() as connection:
            texts = [text.casefold() for text in connection.scalars(query)]
        return all(any(name.casefold() in text for text in texts) for name in named)

    def _embed(self, group: Sequence[_Waiting], errand: Errand) -> None:
        texts = [each.indexed_text for each in group]
        vectors = on_behalf(self._embedder, errand).embed_texts(texts)
        codes = self._reading.encode(texts) if self._reading.encode else [None] * len(texts)
        for each, vector, code in zip(group, vectors, codes, strict=True):
            self._keep(each, vector, code)

    def _keep(self, each: _Waiting, vector: Vectors | None, codes: bytes | None) -> None:
        """Only while the answer says what was embedded: a decision may have changed it meanwhile."""
        unchanged = (
            sa.select(verified_answers.c.id)
            .where(verified_answers.c.id == each.id, verified_answers.c.state == ACTIVE)
            .where(verified_answers.c.text == each.text)
            .with_for_update()
        )
        row = {
            "verified_id": each.id,
            "embedding": self._embedder.name,
            "vector": None if vector is None else vector.astype(np.float32).tobytes(),
            "terms": "" if vector is None else " ".join(self._reading.analyse(each.indexed_text)),
            "token_codes": codes,
        }
        with self._store.write() as connection:
            if connection.scalar(unchanged) is not None:
                insert_new(connection, verified_passages, [row])


def indexed_text(question: str, text: str) -> str:
    """What is embedded of a verified answer, and what its terms are taken from."""
    return f"{question}\n{plain_text(text)}"
