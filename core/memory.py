"""What was answered before: recalled for whoever may read it, remembered when an answer is good."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import sqlalchemy as sa

from core.answering.answer import Answer, Reuse
from core.asking import Asking
from core.gateway.charges import Caller, Spent
from core.journal.entries import Kind, Record
from core.review.verified import VerifiedAnswer
from core.semantic_cache.agreement import could_agree, same_answer
from core.semantic_cache.cache import SemanticCache
from core.semantic_cache.entries import CacheKey
from core.semantic_cache.judges import LaterJudge
from core.semantic_cache.recalled import Candidate, Miss
from core.semantic_cache.verifier import says_one_of
from core.types import Passage, Person

log = logging.getLogger(__name__)

CACHE = "semantic cache"
# Answers to these are not kept, so that nobody else could be served with them.
_NEVER_KEPT = frozenset(["flagged", "leans on the conversation", "not stand-alone", "about oneself"])


class Memory:
    """The semantic cache on the path of a question: what it serves is charged, counted and on record.

    `key` tells for a question what two answers must have in common; `charge` writes down an answer that
    cost nothing; `best_sentences` gives those of passages that answer a question best; `stand` says whether
    what an answer cites of people's answers is still in force, and the person's to read; `record_in` records
    within a transaction. Where there is a `judge`, it decides on doubtful reuse `in_background`; otherwise
    the cache compares the answers' words.
    """

    def __init__(
        self,
        cache: SemanticCache,
        key: Callable[[str], CacheKey],
        charge: Callable[[Caller, Spent], object],
        record: Callable[[Record], object],
        best_sentences: Callable[[str, Sequence[Passage]], Sequence[str]],
        stand: Callable[[Person, Answer], bool],
        record_in: Callable[[sa.Connection, Record], object],
        judge: LaterJudge | None = None,
        in_background: Callable[[Callable[[], None]], object] = lambda work: work(),
    ) -> None:
        self._cache = cache
        self._key = key
        self._best_sentences = best_sentences
        self._stand = stand
        self._record_in = record_in
        self._charge = charge
        self._record = record
        self._judge = judge
        self._in_background = in_background

    def flight(self, asking: Asking) -> AbstractContextManager[bool]:
        """Inside it, those who ask the same at the same moment wait for the first to be answered."""
        return self._cache.flight(asking.person, self._key(asking.question), asking.question)

    def recall(self, asking: Asking) -> Candidate | Miss:
        """A stored answer that this person may have now, or why there is none."""
        key = self._key(asking.question)
        recalled = self._cache.recall(asking.person, key, asking.question, follow_up=asking.follow_up)
        if isinstance(recalled, Candidate) and not self._stand(asking.person, recalled.entry.answer):
            return Miss("not servable", recalled.change)
        return recalled

    def confirms(self, candidate: Candidate, passages: Sequence[Passage]) -> bool:
        """Whether what the question retrieves bears the candidate out: same sources, same sentence.

        The very same words ask for the same sentence.
        """
        if not self._cache.confirm(candidate, passages):
            return False
        if candidate.how == "exact":
            return True
        best = self._best_sentences(candidate.question, passages)
        return says_one_of(candidate.entry.answer.text, best)

    @contextmanager
    def turn(self, asking: Asking, miss: Miss, passages: Sequence[Passage]) -> Iterator[Candidate | None]:
        """Inside it, other processes that are asked the same wait for this one to be answered.

        Gives what another process has answered meanwhile, if this one had to wait and may serve it.
        """
        if miss.change is None or miss.reason in _NEVER_KEPT:
            yield None
            return
        with self._cache.turn(asking.person, self._key(asking.question), asking.question) as waited:
            yield self._meanwhile(asking, passages) if waited else None

    def _meanwhile(self, asking: Asking, passages: Sequence[Passage]) -> Candidate | None:
        recalled = self.recall(asking)
        self._note(asking, "waited", found=isinstance(recalled, Candidate))
        if not isinstance(recalled, Candidate):
            return None
        given = recalled.at_once(asking.person.department) or self.confirms(recalled, passages)
        return recalled if given else None

    def serve(self, asking: Asking, candidate: Candidate) -> Answer:
        """The candidate's answer, counted as given again."""
        entry, given = candidate.entry, candidate.entry.answer
        self._cache.served(candidate)
        self._charge(
            asking.caller,
            Spent(
                given.model or CACHE,
                given.provider or CACHE,
                CACHE,
                0,
                0,
                0,
                cached=True,
                saved_microusd=entry.cost_microusd,
                saved_ms=entry.took_ms,
            ),
        )
        self._note(asking, "hit", entry=entry.id, how=candidate.how, score=round(candidate.score, 4))
        reuse = Reuse(
            entry.id, candidate.how, entry.created_at.isoformat(), entry.cost_microusd, entry.took_ms
        )
        return replace(
            given,
            question=asking.question,
            reuse=reuse,
            failed=(),
            prompt_tokens=0,
            completion_tokens=0,
            cost_microusd=0,
        )

    def missed(self, asking: Asking, miss: Miss) -> None:
        """Count a miss, and note it in the same transaction."""
        entry = _entry(asking, "miss", reason=miss.reason)
        if not self._cache.missed(miss.reason, lambda connection: self._record_in(connection, entry)):
            self._record(entry)

    def remember(self, asking: Asking, miss: Miss, answer: Answer, passages: Sequence[Passage]) -> None:
        """Keep a confident answer for next time, where the rules of admission let it in."""
        key, judge, near = self._key(asking.question), self._judge, miss.near
        later = judge is not None and near is not None and near.how == "meaning"
        reason = self._cache.remember(
            asking.person, key, miss, answer, passages, confident=True, judged_later=later
        )
        self._note(asking, "kept" if reason is None else "not kept", reason=reason)
        if judge is None or near is None or not later or reason is not None:
            return
        if could_agree(near.entry.answer, answer):
            self._in_background(lambda: self._judged(judge, asking, near, answer))

    def shadow_due(self) -> bool:
        """Whether a served answer is to be compared with a fresh one."""
        return self._cache.shadow_due()

    def shadowed(self, candidate: Candidate, fresh: Answer) -> None:
        """Count whether the fresh answer says the same."""
        self._cache.shadowed(same_answer(candidate.entry.answer, fresh))

    def not_my_question(self, person: Person, entry_id: int) -> None:
        """The person was served the answer to another question: nobody is served it again."""
        self._cache.not_my_question(person, entry_id)

    def _judged(self, judge: LaterJudge, asking: Asking, near: Candidate, answer: Answer) -> None:
        """Let these words lead to the near answer next time if the judge says so; faults mean no."""
        try:
            same = judge(near.entry.answer, answer, asking.caller)
            merged = same and self._cache.merge(asking.person, self._key(asking.question), near, answer)
        except Exception as exc:
            log.exception("a doubtful reuse could not be judged")
            self._note(asking, "not judged", entry=near.entry.id, reason=type(exc).__name__)
            return
        self._note(asking, "alias" if merged else "no alias", entry=near.entry.id)

    def _note(self, asking: Asking, outcome: str, **data: object) -> None:
        self._record(_entry(asking, outcome, **data))


def _entry(asking: Asking, outcome: str, **data: object) -> Record:
    caller = asking.caller
    return Record(
        caller.trace_id, Kind.CACHE, caller.department, caller.person_id, outcome=outcome, data=data
    )


class VerifiedMemory:
    """Keeps what reviewers approved, so that the cache serves it."""

    def __init__(self, cache: SemanticCache, key: Callable[[str], CacheKey]) -> None:
        self._cache = cache
        self._key = key

    def remember(self, verified: VerifiedAnswer) -> None:
        """Serve it to everybody who may read its sources, as long as they stand."""
        self._cache.remember_verified(
            verified.department,
            self._key(verified.question),
            verified.answer,
            verified.sources,
            verified.readers,
        )

    def forget(self, answer: Answer) -> None:
        """Serve an answer that was found wrong to nobody again."""
        self._cache.forget(answer)
