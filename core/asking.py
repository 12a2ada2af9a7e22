"""A question under way."""

from __future__ import annotations

from dataclasses import dataclass

from core.answering.answer import Answer, Outcome
from core.gateway.charges import Caller
from core.types import DataClass, Person


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks what, on which account; `question` is the form that stands alone.

    `follow_up` says that it was made from what was said before, `whole` that it needs nothing of that any
    more; `data_class` is how sensitive the texts are that it was made from; `started` is a reading of the
    monotonic timer, in seconds.
    """

    person: Person
    caller: Caller
    conversation_id: int
    question: str
    data_class: DataClass
    started: float
    follow_up: bool = False
    whole: bool = True

    def without(self, outcome: Outcome, why: str, evidence: float = 0.0) -> Answer:
        """What the asker reads where there is no answer from the documents."""
        return Answer(outcome, why, (), self.question, evidence, data_class=self.data_class)
