"""Where people come in: doubtful answers go to them, and what they verified comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.answering.answer import Answer, Outcome
from core.answering.checks.guardrails import Admission
from core.answering.drafting import Draft
from core.answering.judging import Judgement
from core.asking import Asking
from core.review import notes
from core.review.intake import Intake
from core.review.tasks import NewTask, TaskFinding, TaskKind
from core.review.verified import VerifiedAnswers
from core.types import Errand, Passage


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A draft that is not given as it is, and all that is known about it.

    `shown` are the sentences that the asker has seen already: they stay.
    """

    draft: Draft
    answer: Answer
    judgement: Judgement
    passages: Sequence[Passage]
    admission: Admission
    shown: Answer | None


class Handover:
    """The review queue and its verified answers, as the path of a question needs them."""

    def __init__(self, intake: Intake, verified: VerifiedAnswers) -> None:
        self._intake = intake
        self._verified = verified

    def flagged(self, asking: Asking, doubtful: Doubtful) -> tuple[int, Answer]:
        """Hand over; gives the message in which the answer will arrive, and what it says until then."""
        handed = self._intake.hand_over(
            asking.person,
            asking.conversation_id,
            NewTask(
                asking.caller.trace_id,
                asking.question,
                doubtful.answer,
                tuple(_findings(doubtful)),
                doubtful.answer.confidence,
                tuple(doubtful.passages),
                signs=doubtful.judgement.signs,
                shown=doubtful.shown,
            ),
        )
        waiting = doubtful.shown or asking.without(Outcome.WAITING, "")
        text = "\n\n".join(filter(None, [waiting.text.strip(), notes.WAITING_TEXT[TaskKind.FLAGGED]]))
        return handed.message_id, replace(waiting, outcome=Outcome.WAITING, text=text)

    def verified(self, asking: Asking) -> Answer | None:
        """What a person has answered to these very words, where it still stands and may be read."""
        found = self._verified.by_question(asking.person, asking.question)
        if found is None:
            return None
        self._verified.note_reuse(found.id)
        return replace(found.answer, question=asking.question)

    def with_verified(
        self, asking: Asking, passages: Sequence[Passage], errand: Errand
    ) -> tuple[Passage, ...]:
        """The passages, and behind them what verified answers to similar questions rest on."""
        near = self._verified.nearest(asking.person, asking.question, errand=errand)
        known = {passage.chunk.id for passage in passages}
        more = {p.chunk.id: p for found in near for p in found.passages if p.chunk.id not in known}
        return (*passages, *more.values())


def _findings(doubtful: Doubtful) -> list[TaskFinding]:
    of_draft = [(s.text.strip(), found) for s in doubtful.draft.sentences for found in s.findings]
    return [
        TaskFinding(found.rule, found.severity.value, found.action.value, about, found.sentence)
        for about, found in [*(("", found) for found in doubtful.admission.findings), *of_draft]
    ]
