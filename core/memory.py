"""What was answered before: recalled for whoever may read it, remembered when an answer is good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from core.answering.answer import Answer, Reuse
from core.asking import Asking
from core.gateway.charges import Caller, Spent
from core.journal.entries import Kind, Record
from core.review.verified import VerifiedAnswer
from core.semantic_cache.agreement import same_answer
from core.semantic_cache.cache import SemanticCache
from core.semantic_cache.entries import CacheKey
from core.semantic_cache.recalled import Candidate, Miss
from core.semantic_cache.verifier import says_one_of
from core.types import Passage, Person

CACHE = "semantic cache"


class Memory:
    """The semantic cache on the path of a question: what it serves is charged, counted and on record.

    `key` tells for a question what two answers must have in common; `charge` writes down an answer that
    cost nothing; `best_sentences` gives those of passages that answer a question best.
    """

    def __init__(
        self,
        cache: SemanticCache,
        key: Callable[[str], CacheKey],
        charge: Callable[[Caller, Spent], object],
        record: Callable[[Record], object],
        best_sentences: Callable[[str, Sequence[Passage]], Sequence[str]],
    ) -> None:
        self._cache = cache
        self._key = key
        self._best_sentences = best_sentences
        self._charge = charge
        self._record = record

    def flight(self, asking: Asking) -> AbstractContextManager[bool]:
        """Inside it, those who ask the same at the same moment wait for the first to be answered."""
        return self._cache.flight(asking.person, self._key(asking.question), asking.question)

    def recall(self, asking: Asking) -> Candidate | Miss:
        """A stored answer that this person may have now, or why there is none."""
        key = self._key(asking.question)
        return self._cache.recall(asking.person, key, asking.question, follow_up=asking.follow_up)

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
        """Count a miss."""
        self._cache.missed(miss.reason)
        self._note(asking, "miss", reason=miss.reason)

    def remember(self, asking: Asking, miss: Miss, answer: Answer, passages: Sequence[Passage]) -> None:
        """Keep a confident answer for next time, where the rules of admission let it in."""
        key = self._key(asking.question)
        reason = self._cache.remember(asking.person, key, miss, answer, passages, confident=True)
        self._note(asking, "kept" if reason is None else "not kept", reason=reason)

    def shadow_due(self) -> bool:
        """Whether a served answer is to be compared with a fresh one."""
        return self._cache.shadow_due()

    def shadowed(self, candidate: Candidate, fresh: Answer) -> None:
        """Count whether the fresh answer says the same."""
        self._cache.shadowed(same_answer(candidate.entry.answer, fresh))

    def not_my_question(self, person: Person, entry_id: int) -> None:
        """The person was served the answer to another question: nobody is served it again."""
        self._cache.not_my_question(person, entry_id)

    def _note(self, asking: Asking, outcome: str, **data: object) -> None:
        caller = asking.caller
        self._record(
            Record(
                caller.trace_id, Kind.CACHE, caller.department, caller.person_id, outcome=outcome, data=data
            )
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
