"""The path of a question, top to bottom."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from core.answering.admittance import Admittance
from core.answering.answer import Answer, Outcome, Related
from core.answering.checks.guardrails import Admission, Guardrails, Screened
from core.answering.courtesy import reply_to
from core.answering.drafting import Draft, Drafting
from core.answering.judging import Judgement
from core.answering.language_hint import language_hint
from core.answering.rewriting import Rewriter
from core.asking import Asking
from core.composing import NOTHING_FOUND, Composer
from core.conversations import Conversations, StoredMessage
from core.errors import ModelError, RateLimited
from core.gateway.charges import Caller
from core.gateway.messages import Restart
from core.gateway.rate_limits import SHADOW
from core.handover import Doubtful, Handover
from core.journal.entries import Kind, Record
from core.knowledge.retrieval import Retriever
from core.memory import Memory
from core.semantic_cache.recalled import Candidate, Miss
from core.stranded import Stranded
from core.types import DataClass, Errand, Passage, Person

log = logging.getLogger(__name__)

FAULT = "Something went wrong here while I was answering. Ask again in a moment."
NO_RULE = Admission((), ())


@dataclass(frozen=True, slots=True)
class Step:
    """What is happening right now, as a quiet line for the person."""

    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """More of the answer's text: whole sentences that have passed the checks."""

    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The end: the answer as it was stored; the message of one that waits gets a person's answer later."""

    message_id: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Restarted:
    """What was written so far is void: another model begins anew."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave: passages, and what people have answered to questions like this one.

    `failure` says why there is nothing, where a model that searching needs did not answer.
    """

    passages: tuple[Passage, ...] = ()
    related: tuple[Related, ...] = ()
    failure: ModelError | RateLimited | None = None


Event = Step | Written | Restarted | Answered
_Path = Generator[Event, None, Answered]


class Assistant:
    """Answers questions. `timer` is monotonic, in seconds; `new_trace_id` gives 32 hex digits.

    `record_in` records within a transaction, and is called last in it; `masked` makes of a text what the
    journal may keep of it; `in_background` runs what nobody waits for;
    `house` is the department that is charged for what nobody asked for.
    """

    def __init__(
        self,
        conversations: Conversations,
        admittance: Admittance,
        rewriter: Rewriter,
        guardrails: Guardrails,
        memory: Memory,
        retriever: Retriever,
        judge: Callable[[str, Sequence[Passage]], Judgement],
        composer: Composer,
        handover: Handover,
        stranded: Stranded,
        timer: Callable[[], float],
        new_trace_id: Callable[[], str],
        record: Callable[[Record], object],
        record_in: Callable[[sa.Connection, Record], object],
        masked: Callable[[str], Mapping[str, Any]],
        in_background: Callable[[Callable[[], None]], object],
        house: str,
    ) -> None:
        self._conversations = conversations
        self._admittance = admittance
        self._rewriter = rewriter
        self._guardrails = guardrails
        self._memory = memory
        self._retriever = retriever
        self._judge = judge
        self._composer = composer
        self._handover = handover
        self._stranded = stranded
        self._timer = timer
        self._new_trace_id = new_trace_id
        self._record = record
        self._record_in = record_in
        self._masked = masked
        self._in_background = in_background
        self._house = house

    def ask(self, person: Person, conversation_id: int, text: str) -> Iterator[Event]:
        """Answer in this conversation, which must be the person's own.

        Yields what happens, closed by one Answered. Raises BadInput or Busy before anything is
        stored, NotFound for somebody else's conversation. When no model answers, that is the answer.
        """
        question = self._admittance.admit(person, text)
        history, asking = self._begun(person, conversation_id, question)
        yield Step("Reading your question")
        try:
            yield (yield from self._answered(asking, history))
        except Exception:
            log.exception("a question could not be answered")
            if self._has_answer(asking):
                raise
            yield self._kept(asking, NO_RULE, asking.without(Outcome.FAILED, FAULT))

    def _answered(self, asking: Asking, history: Sequence[StoredMessage]) -> _Path:
        typed, department = asking.question, asking.person.department
        admission = self._guardrails.incoming(typed, department)
        if (reply := reply_to(typed)) is not None:
            return self._kept(asking, admission, asking.without(Outcome.COURTESY, reply))
        if not admission.blocked:
            asking = self._alone(asking, history)
            if asking.follow_up:
                # Looked at in both its forms: what a rule forbids may stand in either.
                admission = self._guardrails.incoming(f"{typed}\n{asking.question}", department)
        if admission.blocked:
            self._note(asking, Kind.REFUSAL, "blocked", rules=[found.rule for found in admission.findings])
            return self._kept(asking, admission, asking.without(Outcome.REFUSED, admission.reason))
        with self._memory.flight(asking):
            recalled = self._recalled(asking, admission)
            if isinstance(recalled, Answer):
                return self._kept(asking, admission, recalled)
            if isinstance(recalled, Candidate) and recalled.at_once(department):
                return self._served(asking, admission, recalled)
            yield Step("Searching the documents you can read")
            found = self._searched(asking)
            if isinstance(recalled, Candidate):
                if self._memory.confirms(recalled, found.passages):
                    return self._served(asking, admission, recalled)
                recalled = recalled.rejected()
            with self._memory.turn(asking, recalled, found.passages) as meanwhile:
                if meanwhile is not None:
                    return self._served(asking, admission, meanwhile)
                self._memory.missed(asking, recalled)
                if found.failure is not None:
                    return self._kept(asking, admission, self._stranded.answer(asking, found.failure))
                return (yield from self._composed(asking, admission, found, recalled))

    def _composed(self, asking: Asking, admission: Admission, found: Found, miss: Miss) -> _Path:
        """A new answer, shown as it passes the checks; kept silent from the start where it is doubtful."""
        screened = self._guardrails.screen(found.passages, asking.person)
        judgement = self._judged(asking, screened)
        sure = judgement.admits(judgement.expected) and not admission.flagged
        hint = language_hint(asking.question, screened.passages)
        # Who asked in another language gets further by asking again than by a draft that nobody trusts.
        if judgement.nothing or (hint and not sure and not admission.flagged):
            nothing = asking.without(Outcome.NOT_FOUND, hint or NOTHING_FOUND, judgement.evidence)
            return self._kept(asking, admission, nothing, found.related)
        yield Step("Writing the answer" if sure else "Checking whether I am sure enough to answer")
        try:
            draft = yield from _followed(self._composer.draft(asking, screened), show=sure)
        except (ModelError, RateLimited) as exc:
            log.warning("%s", exc, exc_info=exc.__cause__)
            return self._kept(asking, admission, self._stranded.answer(asking, exc, judgement.evidence))
        answer = self._composer.answer(asking, screened, judgement, draft)
        if answer.confidence is None:
            return self._kept(asking, admission, replace(answer, text=hint or answer.text), found.related)
        if admission.flagged or not draft.passed or not judgement.admits(answer.confidence):
            shown = _shown(answer, draft, admission) if sure else None
            doubtful = Doubtful(draft, answer, judgement, screened.passages, admission, shown)
            return self._handed(asking, doubtful)
        if asking.whole:
            timed = replace(answer, seconds=self._elapsed(asking))
            self._memory.remember(asking, miss, timed, screened.passages)
        return self._kept(asking, admission, answer, _beside(answer, found.related))

    def _begun(
        self, person: Person, conversation_id: int, question: str
    ) -> tuple[Sequence[StoredMessage], Asking]:
        """What was said before, and the question, which is stored and on record from here on."""
        started, trace = self._timer(), self._new_trace_id()
        history = self._conversations.messages(person, conversation_id)
        caller = Caller(person.department, person.id, trace, "answer")
        asking = Asking(person, caller, conversation_id, question, DataClass.INTERNAL, started)
        entry = _entry(asking, Kind.QUESTION, chars=len(question), **self._masked(question))
        self._conversations.add(
            person,
            conversation_id,
            "person",
            question,
            trace,
            also=lambda connection, _: self._record_in(connection, entry),
        )
        return history, asking

    def _alone(self, asking: Asking, history: Sequence[StoredMessage]) -> Asking:
        """The question as it stands alone; a model may be asked for that."""
        alone = self._rewriter(asking.caller, history, asking.question)
        if alone.question == asking.question:
            return asking
        self._note(asking, Kind.STANDALONE, whole=alone.whole, **self._masked(alone.question))
        return replace(
            asking, question=alone.question, data_class=alone.data_class, follow_up=True, whole=alone.whole
        )

    def _recalled(self, asking: Asking, admission: Admission) -> Answer | Candidate | Miss:
        """What was answered before: by the cache, or by a person to these very words."""
        if admission.flagged:
            return Miss("flagged", None)
        if not asking.whole:
            return Miss("leans on the conversation", None)
        recalled = self._memory.recall(asking)
        if isinstance(recalled, Candidate) and recalled.how == "exact" and recalled.entry.verified:
            return recalled
        # A person's answer to these very words goes before a model's, and before one to other words.
        return self._handover.verified(asking) or recalled

    def _served(self, asking: Asking, admission: Admission, candidate: Candidate) -> Answered:
        kept = self._kept(asking, admission, self._memory.serve(asking, candidate))
        self._handover.served(candidate.entry.answer)
        # What a person has verified is not measured by what a model says.
        if not candidate.entry.verified and self._memory.shadow_due():
            self._in_background(lambda: self._shadow(asking, candidate))
        return kept

    def _shadow(self, asking: Asking, candidate: Candidate) -> None:
        """Answer again what was recalled, for nobody to see but the comparison."""
        try:
            self._compare(asking, candidate)
        except Exception:
            log.exception("a recalled answer could not be compared with a fresh one")

    def _compare(self, asking: Asking, candidate: Candidate) -> None:
        # The house wants to know, so the house pays; no limit of the asker's counts it.
        asking = replace(asking, caller=Caller(self._house, None, asking.caller.trace_id, SHADOW))
        found = self._searched(asking)
        if found.failure is not None:
            return
        screened = self._guardrails.screen(found.passages, asking.person)
        judgement = self._judge(asking.question, screened.passages)
        try:
            draft = _end_of(self._composer.draft(asking, screened))
        except (ModelError, RateLimited) as exc:
            log.warning("a recalled answer was not compared with a fresh one: %s", exc)
            return
        self._memory.shadowed(candidate, self._composer.answer(asking, screened, judgement, draft))

    def _searched(self, asking: Asking) -> Found:
        person, caller = asking.person, asking.caller
        errand = Errand(caller.department, caller.person_id, caller.trace_id, asking.data_class)
        try:
            passages = self._retriever.search(asking.question, person, errand=errand).passages
            return Found(passages, self._handover.related(asking, errand))
        except (ModelError, RateLimited) as exc:
            log.warning("%s", exc, exc_info=exc.__cause__)
            return Found(failure=exc)

    def _judged(self, asking: Asking, screened: Screened) -> Judgement:
        judgement = self._judge(asking.question, screened.passages)
        sources = [
            [p.chunk.version_id, p.chunk.id, round(p.score, 4), round(p.cosine, 4)] for p in screened.passages
        ]
        suspicious = [[chunk, found.rule, found.action.value] for chunk, found in screened.findings.items()]
        self._note(
            asking,
            Kind.RETRIEVAL,
            passages=sources,
            suspicious=suspicious,
            evidence=round(judgement.evidence, 4),
            confidence=round(judgement.expected, 4),
            threshold=judgement.threshold,
        )
        return judgement

    def _handed(self, asking: Asking, doubtful: Doubtful) -> Answered:
        message, waiting = self._handover.flagged(asking, doubtful)
        rules = sorted({found.rule for s in doubtful.draft.sentences for found in s.findings})
        confidence = doubtful.answer.confidence
        facts = {"message": message, "confidence": confidence, "rules": rules}
        self._note(asking, Kind.ANSWER, "waiting", **facts, **self._masked(doubtful.answer.text))
        return Answered(message, waiting)

    def _kept(
        self, asking: Asking, admission: Admission, answer: Answer, related: tuple[Related, ...] = ()
    ) -> Answered:
        notes = (*admission.notices, *answer.notes)
        answer = replace(answer, notes=notes, seconds=self._elapsed(asking), related=related)
        cited = [citation.chunk_id for citation in answer.citations]
        # Made before the transaction: masking takes its time.
        facts = {"cited": cited, "confidence": answer.confidence, **self._masked(answer.text)}

        def record(connection: sa.Connection, message: int) -> None:
            entry = _entry(asking, Kind.ANSWER, answer.outcome.value, message=message, **facts)
            self._record_in(connection, entry)

        message = self._conversations.add(
            asking.person,
            asking.conversation_id,
            "assistant",
            answer.text,
            asking.caller.trace_id,
            answer.to_json(),
            record,
        )
        return Answered(message, answer)

    def _has_answer(self, asking: Asking) -> bool:
        said = self._conversations.messages(asking.person, asking.conversation_id)
        return any(m.author == "assistant" and m.trace_id == asking.caller.trace_id for m in said)

    def _elapsed(self, asking: Asking) -> float:
        return round(self._timer() - asking.started, 3)

    def _note(self, asking: Asking, kind: Kind, outcome: str | None = None, **data: object) -> None:
        self._record(_entry(asking, kind, outcome, **data))


def _entry(asking: Asking, kind: Kind, outcome: str | None = None, **data: object) -> Record:
    """Numbers and masked words only: whoever reads the journal may not read everybody's documents."""
    caller = asking.caller
    return Record(caller.trace_id, kind, caller.department, caller.person_id, outcome=outcome, data=data)


def _followed(drafting: Drafting, *, show: bool) -> Generator[Event, None, Draft]:
    while True:
        try:
            text = next(drafting)
        except StopIteration as end:
            draft: Draft = end.value
            return draft
        if show and isinstance(text, Restart):
            yield Restarted()
        elif show and text:
            yield Written(str(text))


def _end_of(drafting: Drafting) -> Draft:
    following = _followed(drafting, show=False)
    while True:
        try:
            next(following)
        except StopIteration as end:
            draft: Draft = end.value
            return draft


def _shown(answer: Answer, draft: Draft, admission: Admission) -> Answer | None:
    """The sentences that the asker has seen, with their sources; None where there are none."""
    if not draft.shown:
        return None
    shown = [c for c in answer.citations if f"[{c.number}]" in draft.shown]
    behind = {chunk for c in shown if c.verified for chunk in c.verified.rests_on}
    citations = tuple(c for c in answer.citations if c in shown or c.chunk_id in behind)
    notes = (*admission.notices, *answer.notes)
    return replace(answer, text=draft.shown, citations=citations, notes=notes, partial=True)


def _beside(answer: Answer, related: Sequence[Related]) -> tuple[Related, ...]:
    """A question is pointed to unless the answer cites what was answered to it."""
    cited = {(c.title, c.verified.at) for c in answer.citations if c.verified}
    return tuple(each for each in related if (each.question, each.at) not in cited)
