"""The path of a question, top to bottom."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from limits import RateLimitItemPerMinute
from limits.strategies import RateLimiter

from core.answering import prompts, standalone
from core.answering.answer import Answer, Outcome
from core.answering.judging import Judgement
from core.answering.writing import Draft, written
from core.conversations import Conversations, StoredMessage
from core.errors import BadInput, Busy, ModelError, RateLimited
from core.gateway.charges import Caller
from core.gateway.gateway import Gateway
from core.gateway.messages import Message, ModelRequest, Piece, Restart
from core.journal.entries import Kind, Record
from core.knowledge.retrieval import Retriever
from core.types import DataClass, Errand, Passage, Person, highest_class

log = logging.getLogger(__name__)

NOTHING_FOUND = "I could not find this in the documents you can read."
HISTORY_MESSAGES = 6


@dataclass(frozen=True, slots=True)
class Step:
    """What is happening right now, as a quiet line for the person."""

    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """More of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The end: the answer as it was stored."""

    message_id: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Restarted:
    """What was written so far is void: another model begins anew."""


Event = Step | Written | Restarted | Answered


class Assistant:
    """Answers questions. `timer` is monotonic, in seconds; `new_trace_id` gives 32 hex digits.

    `rewrites` says whether the answer model can rewrite a follow-up; one that cannot gets it
    joined with the question before it. `masked` makes of a text what the journal may keep of it.
    """

    def __init__(
        self,
        conversations: Conversations,
        retriever: Retriever,
        judge: Callable[[str, Sequence[Passage]], Judgement],
        gateway: Gateway,
        model: str,
        rewrites: bool,
        limiter: RateLimiter,
        questions_per_min: int,
        question_chars: int,
        timer: Callable[[], float],
        new_trace_id: Callable[[], str],
        record: Callable[[Record], object],
        masked: Callable[[str], Mapping[str, Any]],
    ) -> None:
        self._conversations = conversations
        self._retriever = retriever
        self._judge = judge
        self._gateway = gateway
        self._model = model
        self._rewrites = rewrites
        self._limiter = limiter
        self._rate = RateLimitItemPerMinute(questions_per_min)
        self._question_chars = question_chars
        self._timer = timer
        self._new_trace_id = new_trace_id
        self._record = record
        self._masked = masked

    def ask(self, person: Person, conversation_id: int, text: str) -> Iterator[Event]:
        """Answer in this conversation, which must be the person's own.

        Yields what happens, closed by one Answered. Raises BadInput or Busy before anything is
        stored, NotFound for somebody else's conversation. When no model answers, that is the answer.
        """
        question = self._admit(person, text)
        started = self._timer()
        history = self._conversations.messages(person, conversation_id)
        trace = self._new_trace_id()
        self._conversations.add(person, conversation_id, "person", question, trace)

        yield Step("Reading your question")
        caller = Caller(person.department, person.id, trace, "answer")
        self._note(caller, Kind.QUESTION, chars=len(question), **self._masked(question))
        sensitive = self._sensitivity(history, question)
        full_question = self._stand_alone(caller, history, question, sensitive)
        yield Step("Searching the documents you can read")
        errand = Errand(person.department, person.id, trace, sensitive)
        passages, failure = self._searched(full_question, person, errand)
        judgement = self._judge(full_question, passages)
        sources = [[p.chunk.version_id, p.chunk.id, round(p.score, 4), round(p.cosine, 4)] for p in passages]
        self._note(caller, Kind.RETRIEVAL, passages=sources, evidence=round(judgement.evidence, 4))
        answer = Answer(
            Outcome.FAILED if failure else Outcome.NOT_FOUND,
            failure or NOTHING_FOUND,
            (),
            full_question,
            judgement.evidence,
            data_class=sensitive,
        )
        if not judgement.nothing:
            yield Step("Writing the answer")
            answer = yield from self._complete(caller, answer, passages)

        answer = replace(answer, seconds=round(self._timer() - started, 3))
        message = self._conversations.add(
            person, conversation_id, "assistant", answer.text, trace, answer.to_json()
        )
        cited = [citation.chunk_id for citation in answer.citations]
        masked = self._masked(answer.text)
        self._note(caller, Kind.ANSWER, outcome=answer.outcome.value, message=message, cited=cited, **masked)
        yield Answered(message, answer)

    def _note(self, caller: Caller, kind: Kind, outcome: str | None = None, **data: object) -> None:
        """Numbers and masked words only: whoever reads the journal may not read everybody's documents."""
        self._record(
            Record(caller.trace_id, kind, caller.department, caller.person_id, outcome=outcome, data=data)
        )

    def _admit(self, person: Person, text: str) -> str:
        question = "".join(c for c in text if c.isprintable() or c in "\n\t").strip()
        if not question:
            raise BadInput("Type a question first.")
        if len(question) > self._question_chars:
            raise BadInput(
                f"This question has {len(question):,} characters; at most {self._question_chars:,} are read. "
                "Shorten it, or upload long text as a document."
            )
        if not self._limiter.hit(self._rate, "questions", str(person.id)):
            refused = Caller(person.department, person.id, self._new_trace_id(), "answer")
            self._note(refused, Kind.RATE_LIMIT, outcome="refused", scope="person", purpose="answer")
            raise Busy("That were many questions in one minute. Wait a moment and ask again.")
        return question

    def _sensitivity(self, history: Sequence[StoredMessage], question: str) -> DataClass:
        """A question alone is internal; one that a model rewrites is as sensitive as what was said before."""
        if not self._rewrites or not standalone.leans_on_conversation(question):
            return DataClass.INTERNAL
        said = [DataClass(m.answer.get("data_class", DataClass.INTERNAL)) for m in history if m.answer]
        return max([DataClass.INTERNAL, *said])

    def _searched(self, question: str, person: Person, errand: Errand) -> tuple[tuple[Passage, ...], str]:
        """The passages, and why there are none where a model that searching needs did not answer."""
        try:
            return self._retriever.search(question, person, errand=errand).passages, ""
        except (ModelError, RateLimited) as exc:
            log.warning("%s", exc, exc_info=exc.__cause__)
            return (), str(exc)

    def _stand_alone(
        self, caller: Caller, history: Sequence[StoredMessage], question: str, sensitive: DataClass
    ) -> str:
        earlier = [m.answer["question"] for m in history if m.answer is not None]
        if not earlier or not standalone.leans_on_conversation(question):
            return question
        if self._rewrites:
            recent = [(m.author, m.text) for m in history[-HISTORY_MESSAGES:]]
            try:
                rewriting = replace(caller, purpose="stand-alone")
                prompt = prompts.standalone_messages(recent, question)
                return self._whole(rewriting, prompt, sensitive) or question
            except (ModelError, RateLimited):
                log.warning("a follow-up could not be rewritten; it is joined instead", exc_info=True)
        return standalone.joined(earlier, question)

    def _whole(self, caller: Caller, messages: tuple[Message, ...], sensitive: DataClass) -> str:
        request = ModelRequest(self._model, messages, max_tokens=150)
        text = ""
        for event in self._gateway.stream(request, caller, sensitive):
            if isinstance(event, Restart):
                text = ""
            elif isinstance(event, Piece):
                text += event.text
        return text.strip()[: self._question_chars]

    def _complete(
        self, caller: Caller, base: Answer, passages: Sequence[Passage]
    ) -> Generator[Written | Restarted, None, Answer]:
        request = ModelRequest(self._model, prompts.answer_messages(base.question, passages))
        sensitive = max(base.data_class, highest_class(passages))
        try:
            events = self._gateway.stream(request, caller, sensitive)
            draft = yield from _as_events(written(events, passages))
            return replace(_with_draft(base, draft), data_class=sensitive)
        except (ModelError, RateLimited) as exc:
            log.warning("%s", exc, exc_info=exc.__cause__)
            return replace(base, outcome=Outcome.FAILED, text=str(exc))


def _as_events(
    drafting: Generator[str | Restart, None, Draft],
) -> Generator[Written | Restarted, None, Draft]:
    while True:
        try:
            text = next(drafting)
        except StopIteration as end:
            draft: Draft = end.value
            return draft
        if isinstance(text, Restart):
            yield Restarted()
        elif text:
            yield Written(text)


def _with_draft(base: Answer, draft: Draft) -> Answer:
    finish = draft.finish
    return replace(
        base,
        outcome=Outcome.ANSWERED if draft.found else Outcome.NOT_FOUND,
        text=draft.text if draft.found else base.text,
        citations=draft.citations,
        model=finish.model,
        provider=finish.provider,
        failed=finish.failed,
        prompt_tokens=finish.prompt_tokens,
        completion_tokens=finish.completion_tokens,
        cost_microusd=finish.cost_microusd,
    )
