"""Whether a question is taken at all: its size, and how many there were in a minute."""

from __future__ import annotations

from collections.abc import Callable

from limits import RateLimitItemPerMinute
from limits.strategies import RateLimiter

from core.errors import BadInput, Busy
from core.journal.entries import Kind, Record
from core.types import Person


class Admittance:
    """Admits questions of at most `question_chars` characters, `questions_per_min` of each person."""

    def __init__(
        self,
        limiter: RateLimiter,
        questions_per_min: int,
        question_chars: int,
        record: Callable[[Record], object],
        new_trace_id: Callable[[], str],
    ) -> None:
        self._limiter = limiter
        self._rate = RateLimitItemPerMinute(questions_per_min)
        self._question_chars = question_chars
        self._record = record
        self._new_trace_id = new_trace_id

    def admit(self, person: Person, text: str) -> str:
        """The question without what cannot be read; raises BadInput or Busy with what to do."""
        question = "".join(c for c in text if c.isprintable() or c in "\n\t").strip()
        if not question:
            raise BadInput("Type a question first.")
        if len(question) > self._question_chars:
            raise BadInput(
                f"This question has {len(question):,} characters; at most {self._question_chars:,} are read. "
                "Shorten it, or upload long text as a document."
            )
        if not self._limiter.hit(self._rate, "questions", str(person.id)):
            data = {"scope": "person", "purpose": "answer"}
            self._record(
                Record(
                    self._new_trace_id(),
                    Kind.RATE_LIMIT,
                    person.department,
                    person.id,
                    outcome="refused",
                    data=data,
                )
            )
            raise Busy("That were many questions in one minute. Wait a moment and ask again.")
        return question
