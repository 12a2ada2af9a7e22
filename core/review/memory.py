"""What a decision changes in the memory of answers (the semantic cache), after it is committed.

The database is the truth: when the process dies between a commit and these calls, an approved answer is
found among the verified ones all the same, and the memory asks by itself whether its sources stand.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from core.answering.answer import Answer
from core.review.arrival import Given
from core.review.tasks import Task
from core.review.verified import VerifiedAnswer, VerifiedAnswers
from core.types import Person

log = logging.getLogger(__name__)


class Memory(Protocol):
    """Gives answers again without asking a model."""

    def remember(self, verified: VerifiedAnswer) -> object:
        """Keep an approved answer."""
        ...

    def forget(self, answer: Answer) -> object:
        """Give this answer to nobody again."""
        ...


class Forgetful:
    """Keeps nothing."""

    def remember(self, verified: VerifiedAnswer) -> None:
        """Nothing."""

    def forget(self, answer: Answer) -> None:
        """Nothing."""


class Learning:
    """Tells the memory of decisions. What goes wrong there is logged: the decision stands.

    `index` makes ready for retrieval what is in force, and drops what is not any more.
    """

    def __init__(
        self, verified: VerifiedAnswers, memory: Memory, index: Callable[[], object] = lambda: None
    ) -> None:
        self._verified = verified
        self._memory = memory
        self._index = index

    def decided(self, given: Given, verified_id: int | None) -> None:
        """A decision is committed; `verified_id` is the answer that it has put in force, if any."""
        draft = given.task.draft
        if draft is not None and draft.text != given.answer.text:
            self.forget(draft)
        if verified_id is not None:
            _safely(lambda: self._remember(given.by, verified_id))
        _safely(self._index)

    def undone(self, in_force: Answer | None) -> None:
        """A decision was taken back; `in_force` is what it had put in force."""
        self.forget(in_force)
        _safely(self._index)

    def forget(self, answer: Answer | None) -> None:
        """An answer was wrong, or is no longer approved."""
        if answer is not None:
            _safely(lambda: self._memory.forget(answer))

    def in_force(self, person: Person, task: Task) -> Answer | None:
        """The verified answer of a task, if it has one that the person may read."""
        found = None if task.verified_id is None else self._verified.get(person, task.verified_id)
        return found.answer if found else None

    def _remember(self, reviewer: Person, verified_id: int) -> None:
        verified = self._verified.get(reviewer, verified_id)
        if verified is not None:
            self._memory.remember(verified)


def _safely(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception:
        log.exception("the memory of answers could not follow a decision")
