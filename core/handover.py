"""Where people come in: doubtful answers go to them, and what they verified comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.answering.answer import Answer, Outcome, Related
from core.answering.checks.guardrails import Admission
from core.answering.drafting import Draft
from core.answering.judging import Judgement
from core.asking import Asking
from core.errors import MaskingFailed
from core.gateway.privacy.masking import Finder
from core.review import notes
from core.review.intake import Intake
from core.review.tasks import NewTask, TaskFinding, TaskKind
from core.review.verified import Near, VerifiedAnswers
from core.semantic_cache.audiences import is_about_oneself
from core.types import Errand, Passage

RELATED_FROM = 0.65
"""From this likeness on, an answered question is pointed to. Measured with 300 answered questions of bank
customers and 700 new ones: 45 % of these get a pointer, 85 % of the pointers to the same of 77 intents
(0.60: 65 % and 77 %; 0.70: 32 % and 87 %); of 30 questions about other matters none gets one."""


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
    """The review queue and its verified answers, as the path of a question needs them.

    `finder` finds personal data: another asker's question that holds some is pointed out to nobody.
    """

    def __init__(self, intake: Intake, verified: VerifiedAnswers, finder: Finder) -> None:
        self._intake = intake
        self._verified = verified
        self._finder = finder

    def flagged(self, asking: Asking, doubtful: Doubtful) -> tuple[int, Answer]:
        """Hand over; gives the message in which the answer will arrive, and what it says until then."""
        # What must stand with any answer to this question stands with the reviewer's as well.
        draft = replace(doubtful.answer, notes=(*doubtful.admission.notices, *doubtful.answer.notes))
        handed = self._intake.hand_over(
            asking.person,
            asking.conversation_id,
            NewTask(
                asking.caller.trace_id,
                asking.question,
                draft,
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
        if is_about_oneself(asking.question):
            # The same words of somebody else ask for another record.
            return None
        found = self._verified.by_question(asking.person, asking.question)
        if found is None:
            return None
        self._verified.note_reuse(found.id)
        return replace(
            found.answer,
            question=asking.question,
            failed=(),
            prompt_tokens=0,
            completion_tokens=0,
            cost_microusd=0,
        )

    def served(self, answer: Answer) -> None:
        """Count that a person's answer, kept by the cache, has served once more."""
        self._verified.note_served(answer)

    def related(self, asking: Asking, errand: Errand) -> tuple[Related, ...]:
        """The question that is so like this one that its verified answer is worth pointing to, if any."""
        near = self._verified.nearest(asking.person, asking.question, errand=errand)
        return tuple(self._related(near))[:1]

    def _related(self, near: Sequence[Near]) -> Iterator[Related]:
        for found in near:
            verified = found.verified
            if found.likeness >= RELATED_FROM and not self._is_private(verified.question):
                yield Related(verified.question, verified.verified_by, verified.verified_at.isoformat())

    def _is_private(self, question: str) -> bool:
        try:
            return is_about_oneself(question) or bool(self._finder.find(question))
        except MaskingFailed:
            return True


def _findings(doubtful: Doubtful) -> list[TaskFinding]:
    of_draft = [(s.text.strip(), found) for s in doubtful.draft.sentences for found in s.findings]
    return [
        TaskFinding(found.rule, found.severity.value, found.action.value, about, found.sentence)
        for about, found in [*(("", found) for found in doubtful.admission.findings), *of_draft]
    ]
