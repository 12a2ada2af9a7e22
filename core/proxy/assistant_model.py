"""The assistant as one more model: it answers from the documents that the key's department may read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from core.answering.answer import Answer, Outcome
from core.assistant import Answered, Restarted, Written
from core.assistant import Event as AssistantEvent
from core.conversations import StoredMessage
from core.errors import BadInput
from core.gateway.messages import Piece, Restart
from core.proxy.completion import Event, Sourced
from core.proxy.forms import ChatMessage
from core.proxy.refusals import Refusal, Refused, not_here
from core.proxy.replies import Replies, ReplyKind, digest_of
from core.proxy.visit import Visit
from core.types import Person

ASSISTANT = "answerdesk"
"""Its name among the models."""
_REMEMBERED = timedelta(days=1)


class Asks(Protocol):
    """What answers a question in a conversation; `Assistant` does."""

    def ask(self, person: Person, conversation_id: int, text: str) -> Iterator[AssistantEvent]:
        """What happens, closed by one Answered."""
        ...


class Keeps(Protocol):
    """What keeps conversations; `Conversations` does."""

    def start(self, person: Person, question: str) -> int:
        """The id of a new one."""
        ...

    def messages(self, person: Person, conversation_id: int) -> Sequence[StoredMessage]:
        """What was said in one, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class AssistantModel:
    """A client sends the whole conversation each time; what was said here before is found by its words."""

    assistant: Asks
    conversations: Keeps
    replies: Replies

    def events(self, messages: Sequence[ChatMessage], visit: Visit, streamed: bool) -> Iterator[Event]:
        """The answer to the last turn, which must be a user's, closed by a Sourced end.

        The system's turns are passed over: the assistant has its own. Raises BadInput, Busy, or Refused
        where a rule of the company forbids the question.
        """
        turns = [(m.role, m.text()) for m in messages if m.role in ("user", "assistant")]
        if not turns or turns[-1][0] != "user":
            raise BadInput("The last message must be the user's question.")
        reader = visit.admitted.reader()
        question = turns[-1][1]
        conversation = self._conversation(reader, visit, turns[:-1], question)
        written, answer = "", None
        for event in self.assistant.ask(reader, conversation, question):
            if isinstance(event, Written):
                written += event.text
                yield Piece(event.text)
            elif isinstance(event, Restarted):
                written = ""
                yield Restart(ASSISTANT, "another model writes the answer")
            elif isinstance(event, Answered):
                answer = event.answer
        if answer is None:
            raise BadInput("The assistant gave no answer.")
        # The question has a trace of its own, which is where all of its steps are.
        visit.trace_id = self.conversations.messages(reader, conversation)[-1].trace_id
        _require_answer(answer)
        rest = _rest(answer, written)
        if rest is not None:
            shown = written + rest
            yield from [Piece(rest)] if rest else ()
        elif streamed:
            # It cannot be taken back: what the answer has become stands in a paragraph of its own.
            shown = f"{written}\n\n{answer.text}"
            yield Piece(f"\n\n{answer.text}")
        else:
            shown = answer.text
            yield Restart(ASSISTANT, "the answer was withdrawn")
            yield Piece(shown)
        self._remember(visit, [*turns, ("assistant", shown)], conversation)
        yield _end(answer)

    def _conversation(
        self, reader: Person, visit: Visit, earlier: Sequence[tuple[str, str]], question: str
    ) -> int:
        if earlier:
            found = self.replies.find(visit.admitted.id, ReplyKind.CONVERSATION, digest_of(list(earlier)))
            if found is not None:
                return int(found["conversation"])
        return self.conversations.start(reader, question)

    def _remember(self, visit: Visit, turns: Sequence[tuple[str, str]], conversation: int) -> None:
        place = {"conversation": conversation}
        digest = digest_of(list(turns))
        self.replies.keep(visit.admitted.id, ReplyKind.CONVERSATION, digest, place, _REMEMBERED)


def _require_answer(answer: Answer) -> None:
    if answer.outcome is Outcome.REFUSED:
        raise Refused(Refusal(400, answer.text, code="content_filter"))
    if answer.outcome is Outcome.NO_MODEL:
        raise not_here(answer.text)
    if answer.outcome is Outcome.FAILED:
        headers = {"retry-after": "5"}
        raise Refused(Refusal(503, answer.text, "server_error", "model_unavailable", headers=headers))


def _rest(answer: Answer, written: str) -> str | None:
    """What of the answer has not been sent yet; None where it has become another one."""
    sent = written.rstrip()
    if not answer.text.startswith(sent):
        return None
    rest = answer.text[len(sent) :]
    return rest.lstrip() if sent != written else rest


def _end(answer: Answer) -> Sourced:
    return Sourced(
        answer.model or ASSISTANT,
        answer.provider or ASSISTANT,
        answer.prompt_tokens,
        answer.completion_tokens,
        answer.cost_microusd,
        answer.failed,
        sources=tuple(_source(citation.to_json()) for citation in answer.citations),
    )


def _source(citation: Mapping[str, Any]) -> dict[str, Any]:
    names = ("number", "title", "document_id", "version", "page", "start", "end")
    source = {name: citation[name] for name in names} | {"section": list(citation["heading_path"])}
    by = citation.get("verified")
    # A person's answer: `start` and `end` count in it, and its documents are sources beside it.
    return source if by is None else source | {"verified": {"by": by["by"], "at": by["at"]}}
