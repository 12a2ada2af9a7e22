"""Questions that wait for a person, as the assistant hands them over: for the tests of the screens."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from core.answering.answer import Answer, Outcome
from core.answering.citations import CitationWriter
from core.conversations import Conversations
from core.review.intake import Handed, Intake
from core.review.tasks import NewTask, TaskFinding
from core.types import Passage, Person


class Asking:
    """Lets people ask what the program is not sure of."""

    def __init__(self, conversations: Conversations, intake: Intake) -> None:
        self._conversations = conversations
        self._intake = intake

    def flagged(
        self,
        asker: Person,
        question: str,
        text: str,
        passages: Sequence[Passage],
        findings: Sequence[TaskFinding] = (),
        confidence: float | None = 0.4,
    ) -> Handed:
        """A question whose draft was held back; `text` cites the passages as `[n]`, or is empty for none."""
        conversation = self._conversations.start(asker, question)
        trace = uuid.uuid4().hex
        self._conversations.add(asker, conversation, "person", question, trace)
        draft = drafted(question, text, passages) if text else None
        new = NewTask(trace, question, draft, tuple(findings), confidence, tuple(passages))
        return self._intake.hand_over(asker, conversation, new)

    def reported(
        self, asker: Person, question: str, text: str, passages: Sequence[Passage], reason: str
    ) -> Handed:
        """A question that was answered, and the answer reported as wrong."""
        conversation = self._conversations.start(asker, question)
        trace = uuid.uuid4().hex
        self._conversations.add(asker, conversation, "person", question, trace)
        answer = drafted(question, text, passages)
        self._conversations.add(asker, conversation, "assistant", answer.text, trace, answer.to_json())
        given = self._conversations.messages(asker, conversation)[-1]
        return self._intake.report(asker, given.id, reason, tuple(passages))


def drafted(question: str, text: str, passages: Sequence[Passage]) -> Answer:
    """What a model wrote from these passages."""
    writer = CitationWriter(passages)
    writer.feed(text)
    writer.finish()
    return Answer(Outcome.ANSWERED, writer.text, writer.citations(), question, 0.5, "scripted", "a provider")
