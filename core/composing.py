"""From passages to an answer: a model writes, the checks look, and one number says how sure it is."""

from __future__ import annotations

from dataclasses import replace

from core.answering import prompts
from core.answering.answer import Answer, Outcome
from core.answering.checks.guardrails import Guardrails, Screened
from core.answering.drafting import Draft, Drafting, drafted
from core.answering.judging import Judgement
from core.answering.support_judge import SupportJudge
from core.asking import Asking
from core.gateway.charges import Caller
from core.gateway.gateway import Gateway
from core.gateway.messages import ModelRequest
from core.types import DataClass, highest_class

NOTHING_FOUND = "I could not find this in the documents you can read."


class Composer:
    """Has answers written by the deployments of one model name.

    `support_judge` names a model that is asked about sentences of which words cannot tell whether their
    sources say so.
    """

    def __init__(
        self, gateway: Gateway, model: str, guardrails: Guardrails, support_judge: str | None = None
    ) -> None:
        self._gateway = gateway
        self._model = model
        self._guardrails = guardrails
        self._support_judge = support_judge

    def draft(self, asking: Asking, screened: Screened) -> Drafting:
        """Yields sentences that have passed, as `drafted` does; raises ModelError or RateLimited."""
        request = ModelRequest(self._model, prompts.answer_messages(asking.question, screened.passages))
        sensitive = _sensitivity(asking, screened)
        events = self._gateway.stream(request, asking.caller, sensitive)
        opinion = self._opinion(asking.caller, sensitive)
        return drafted(events, screened.passages, lambda: self._guardrails.gate(screened, opinion))

    def answer(self, asking: Asking, screened: Screened, judgement: Judgement, draft: Draft) -> Answer:
        """The draft with its confidence, and notes where other sources say otherwise."""
        finish = draft.finish
        written = replace(
            asking.without(Outcome.NOT_FOUND, NOTHING_FOUND, judgement.evidence),
            model=finish.model,
            provider=finish.provider,
            failed=finish.failed,
            prompt_tokens=finish.prompt_tokens,
            completion_tokens=finish.completion_tokens,
            cost_microusd=finish.cost_microusd,
            data_class=_sensitivity(asking, screened),
            signs=judgement.signs,
        )
        if not draft.found:
            return written
        chunks = {citation.chunk_id for citation in draft.citations}
        cited = [passage for passage in screened.passages if passage.chunk.id in chunks]
        contradictions = self._guardrails.contradictions(draft.text, cited, screened.passages)
        return replace(
            written,
            outcome=Outcome.ANSWERED,
            text=draft.text,
            citations=draft.citations,
            confidence=round(judgement.confidence(draft.support), 4),
            notes=tuple(finding.sentence for finding in contradictions),
        )

    def _opinion(self, caller: Caller, sensitive: DataClass) -> SupportJudge | None:
        model = self._support_judge
        return None if model is None else SupportJudge(self._gateway, model, caller, sensitive)


def _sensitivity(asking: Asking, screened: Screened) -> DataClass:
    return max(asking.data_class, highest_class(screened.passages))
