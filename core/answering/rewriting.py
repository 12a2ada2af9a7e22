"""Follow-ups, rewritten by a model where there is one that can, otherwise joined with what they continue."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.answering import prompts, standalone
from core.conversations import StoredMessage
from core.errors import ModelError, RateLimited
from core.gateway.charges import Caller
from core.gateway.gateway import Gateway
from core.gateway.messages import Message, ModelRequest, Piece, Restart
from core.types import DataClass

log = logging.getLogger(__name__)

HISTORY_MESSAGES = 6


@dataclass(frozen=True, slots=True)
class StandAlone:
    """A question of its own. `whole` says that it needs nothing that was said before it.

    `data_class` is how sensitive the texts are that it was made from.
    """

    question: str
    whole: bool
    data_class: DataClass


class Rewriter:
    """Makes follow-ups stand alone. `rewrites` says whether `model` can; one that cannot is not asked."""

    def __init__(self, gateway: Gateway, model: str, rewrites: bool, question_chars: int) -> None:
        self._gateway = gateway
        self._model = model
        self._rewrites = rewrites
        self._question_chars = question_chars

    def __call__(self, caller: Caller, history: Sequence[StoredMessage], question: str) -> StandAlone:
        """The question as it would be asked without the conversation so far, oldest message first."""
        topic = standalone.last_topic(_asked(history))
        if topic is None or not standalone.leans_on_conversation(question):
            return StandAlone(question, True, DataClass.INTERNAL)
        # A question alone is internal; one that a model rewrites is as sensitive as what was said before.
        answers = [m.answer for m in history if m.answer is not None]
        before = max(DataClass(answer.get("data_class", DataClass.INTERNAL)) for answer in answers)
        if self._rewrites:
            sensitive = max(before, DataClass.INTERNAL)
            rewritten = self._rewritten(caller, history, question, sensitive)
            if rewritten:
                return StandAlone(rewritten, True, sensitive)
        return StandAlone(standalone.joined(topic, question), False, DataClass.INTERNAL)

    def _rewritten(
        self, caller: Caller, history: Sequence[StoredMessage], question: str, sensitive: DataClass
    ) -> str:
        recent = [(m.author, m.text) for m in history[-HISTORY_MESSAGES:]]
        prompt = prompts.standalone_messages(recent, question)
        try:
            return self._written(replace(caller, purpose="stand-alone"), prompt, sensitive)
        except (ModelError, RateLimited):
            log.warning("a follow-up could not be rewritten; it is joined instead", exc_info=True)
            return ""

    def _written(self, caller: Caller, messages: tuple[Message, ...], sensitive: DataClass) -> str:
        request = ModelRequest(self._model, messages, max_tokens=150)
        text = ""
        for event in self._gateway.stream(request, caller, sensitive):
            if isinstance(event, Restart):
                text = ""
            elif isinstance(event, Piece):
                text += event.text
        return text.strip()[: self._question_chars]


def _asked(history: Sequence[StoredMessage]) -> list[tuple[str, str]]:
    """Each answered question as it was typed and in its stand-alone form, oldest first."""
    typed = {message.trace_id: message.text for message in history if message.author == "person"}
    return [
        (typed[message.trace_id], message.answer["question"])
        for message in history
        if message.answer is not None and message.trace_id in typed
    ]
