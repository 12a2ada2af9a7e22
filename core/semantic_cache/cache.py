"""Answers given again: recall before a model is asked, remember afterwards."""

from __future__ import annotations

import hashlib
import logging
import random
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime

import sqlalchemy as sa

from core.answering.answer import Answer
from core.answering.standalone import leans_on_conversation
from core.database import Database
from core.errors import NotAllowed
from core.gateway.privacy.masking import Finder
from core.knowledge.embedding import Embedder
from core.knowledge.vector_index import VectorIndex
from core.semantic_cache.administration import CacheAdministration
from core.semantic_cache.agreement import same_answer
from core.semantic_cache.audiences import is_about_oneself
from core.semantic_cache.entries import CacheKey, Entry
from core.semantic_cache.flight import Flights
from core.semantic_cache.freshness import ChunkVectors, Freshness, Standing
from core.semantic_cache.keeping import Keeper
from core.semantic_cache.leases import DatabaseLeases, Leases
from core.semantic_cache.ledger import Ledger
from core.semantic_cache.lookup import Lookup
from core.semantic_cache.meaning import InBackground, MeaningSearch
from core.semantic_cache.recalled import CacheRules, Candidate, How, Miss
from core.semantic_cache.store import FALSE_HIT, EntryStore
from core.semantic_cache.turns import Turns
from core.semantic_cache.verifier import confirmed
from core.semantic_cache.wording import digest, is_english
from core.tables import cache_entries
from core.types import Passage, Person

log = logging.getLogger(__name__)

NOT_STANDALONE = "not stand-alone"

Judge = Callable[[Answer, Answer], bool]
"""Whether a stored and a fresh answer say the same."""


class SemanticCache:
    """Recalls and remembers; safe for many threads and processes. Faults are misses, never exceptions.

    `questions` holds the questions' embeddings in collections of their own, `chunk_vectors` those of the
    documents. `judge` compares answers in the doubtful band; `in_background` runs what nobody waits for.
    `leases` say among all processes who is answering what; they are in the database unless given.
    """

    def __init__(
        self,
        database: Database,
        questions: VectorIndex,
        chunk_vectors: ChunkVectors,
        embedder: Embedder,
        finder: Finder,
        clock: Callable[[], datetime],
        rng: random.Random,
        rules: CacheRules | None = None,
        judge: Judge = same_answer,
        in_background: InBackground | None = None,
        threshold: Callable[[], float] | None = None,
        leases: Leases | None = None,
    ) -> None:
        self.rules = rules or CacheRules()
        # Asked at each recall where an administrator may turn it; otherwise that of the rules.
        self._threshold = threshold or (lambda: self.rules.threshold)
        self._judge = judge
        self._rng = rng
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="cache-repair")
        self._store = EntryStore(database, clock)
        self._lookup = Lookup(database, clock)
        self._ledger = Ledger(database, clock)
        self._freshness = Freshness(database, chunk_vectors)
        background = in_background or self._worker.submit
        wait_s = self.rules.embed_wait_s
        self._meaning = MeaningSearch(self._lookup, questions, embedder, wait_s, background)
        self._keeper = Keeper(
            self._store,
            self._lookup,
            self._meaning,
            self._freshness,
            embedder,
            finder,
            clock,
            self.rules.ttl,
            self.rules.entries,
        )
        self._flights = Flights(self.rules.flight_wait_s)
        leases = leases or DatabaseLeases(database, clock, self.rules.lease_s)
        wait_s = self.rules.flight_wait_s
        self._turns = Turns(leases, wait_s, time.monotonic, time.sleep, lambda: uuid.uuid4().hex)
        self.administration = CacheAdministration(database, self._keeper, self._lookup, self._ledger)

    def flight(self, person: Person, key: CacheKey, question: str) -> AbstractContextManager[bool]:
        """Entered as `with` it says who is first: one model call for those who ask the same at once.

        Who is not first has waited for the first: recall once more, and answer afresh if that is a miss.
        """
        return self._flights.of(_asked(person, key, question))

    def turn(self, person: Person, key: CacheKey, question: str) -> AbstractContextManager[bool]:
        """Entered as `with` when a model is to be asked: whether one has waited for another process.

        Then recall once more, and answer afresh if that is a miss.
        """
        return self._turns.of(hashlib.sha256(_asked(person, key, question).encode()).hexdigest())

    def recall(
        self, person: Person, key: CacheKey, question: str, *, follow_up: bool = False
    ) -> Candidate | Miss:
        """The stored answer to this question that this person may have now.

        `follow_up` says that the question is the stand-alone form of one within a conversation: then it
        must not lean on what was said before.
        """
        try:
            if is_about_oneself(question):
                return self._miss("about oneself")
            if follow_up and leans_on_conversation(question):
                return self._miss(NOT_STANDALONE)
            exact = self._lookup.worded(key.digest, digest(question))
            # Those that need no second look first.
            exact.sort(key=lambda entry: (not entry.verified, entry.department != person.department))
            if (found := self._servable(person, question, "exact", 1.0, exact)) is not None:
                return found
            if not is_english(question):
                return self._miss("other language")
            return self._by_meaning(person, key, question)
        except TimeoutError:
            return self._miss("embedder slow")
        except Exception:
            log.exception("the semantic cache failed; the question is answered afresh")
            return self._miss("fault")

    def confirm(self, candidate: Candidate, passages: Sequence[Passage]) -> bool:
        """Whether what the question retrieves bears the candidate out."""
        return confirmed(candidate.entry, passages)

    def served(self, candidate: Candidate) -> None:
        """Count a hit, and what it saved; words that led there by meaning lead there at once next time."""
        entry = candidate.entry
        self._safely(lambda: self._ledger.count(f"hit {candidate.how}", entry))
        if candidate.how == "meaning":
            self._safely(lambda: self._store.add_alias(entry, digest(candidate.question)))

    def missed(self, reason: str, also: Callable[[sa.Connection], object] = lambda connection: None) -> bool:
        """Count a miss; the reason is that of `Miss`. Gives whether it is committed, and `also` with it."""
        return self._safely(lambda: self._ledger.count(f"miss {reason}", also=also))

    def remember(
        self,
        person: Person,
        key: CacheKey,
        miss: Miss,
        answer: Answer,
        passages: Sequence[Passage],
        *,
        confident: bool,
        flagged: bool = False,
        judged_later: bool = False,
    ) -> str | None:
        """Store a fresh answer, or say why not. `miss` is from before its passages were retrieved.

        What came in between is looked at when it is served for the first time. When a near entry turns
        out to have the same answer, the question becomes its alias instead; `judged_later` leaves that to
        a judge that takes its time, and to `merge`.
        """
        try:
            if miss.reason == NOT_STANDALONE or miss.change is None:
                return miss.reason
            reason = self._keeper.refusal(answer, passages, confident, flagged)
            if reason is not None:
                return reason
            near = miss.near
            # One with these very words was for another department, which may have other documents.
            doubtful = near is not None and near.how == "meaning" and not judged_later
            if near is not None and doubtful and self._judge(near.entry.answer, answer):
                self._store.add_alias(near.entry, digest(answer.question))
                return None
            self._keeper.put(person.department, key, miss.change, answer, passages)
            return None
        except Exception:
            log.exception("an answer could not be stored in the semantic cache")
            return "fault"

    def merge(self, person: Person, key: CacheKey, near: Candidate, fresh: Answer) -> bool:
        """Let the words of a fresh answer lead to a stored one, which says the same; whether they do now.

        What was stored for these words meanwhile goes, if the stored one is at once for this person's
        department too. Raises what the database raises.
        """
        entry, words = near.entry, digest(fresh.question)
        self._store.add_alias(entry, words)
        if all(other.id != entry.id for other in self._lookup.worded(key.digest, words)):
            return False
        if entry.department == person.department or entry.verified:
            self._keeper.replace(entry, words, fresh.text)
        return True

    def remember_verified(
        self,
        department: str,
        key: CacheKey,
        answer: Answer,
        versions_of: Mapping[int, int],
        readers: str,
    ) -> str | None:
        """Store a reviewer's answer, or say why not; it lives until a source changes.

        `versions_of` holds the version by document that it rests on, `readers` the key of those who
        may have it. It takes the place of what was stored for the same words.
        """
        try:
            return self._keeper.put_verified(department, key, answer, versions_of, readers)
        except Exception:
            log.exception("a verified answer could not be stored in the semantic cache")
            return "fault"

    def forget(self, answer: Answer) -> None:
        """Retire every entry with this very text: a person has found it wrong."""
        self._safely(lambda: self._keeper.retire(cache_entries.c.text == answer.text, "found wrong"))

    def not_my_question(self, person: Person, entry_id: int) -> None:
        """Retire an entry that was served to this person for another question; counts as a false hit."""
        entry = next(iter(self._lookup.among([entry_id])), None)
        if entry is None:
            return
        if self._freshness.standing(entry, person)[0] is Standing.FORBIDDEN:
            raise NotAllowed("This answer was not yours to read.")
        if self._keeper.retire(cache_entries.c.id == entry_id, FALSE_HIT):
            self._safely(lambda: self._ledger.count(FALSE_HIT))

    def shadow_due(self) -> bool:
        """Whether this hit is to be answered again in the background."""
        return self._rng.random() < self.rules.shadow_rate

    def shadowed(self, agreed: bool) -> None:
        """Count what a shadow answer said."""
        self._safely(lambda: self._ledger.count("shadow agreed" if agreed else "shadow disagreed"))

    def close(self) -> None:
        """Let go of the threads."""
        self._meaning.close()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _by_meaning(self, person: Person, key: CacheKey, question: str) -> Candidate | Miss:
        threshold = self._threshold() - self.rules.second_look
        reason = "nothing near"
        for score, entry_id in self._meaning.ranked(key.digest, question, threshold - self.rules.doubt):
            good = score >= threshold
            reason = "not servable" if good else "no like" if reason == "nothing near" else reason
            found = self._servable(person, question, "meaning", score, self._lookup.among([entry_id]))
            if found is not None:
                return found if good else self._miss(reason, found)
        return self._miss(reason)

    def _servable(
        self, person: Person, question: str, how: How, score: float, entries: Iterable[Entry]
    ) -> Candidate | None:
        for entry in entries:
            if (change := self._good(entry, person)) is not None:
                return Candidate(question, entry, how, score, change)
        return None

    def _good(self, entry: Entry, person: Person) -> int | None:
        """The change up to which the entry stands for this person; None when it does not."""
        standing, change = self._freshness.standing(entry, person)
        if standing is Standing.GOOD:
            if change > entry.checked_change:
                self._store.checked(entry.id, change)
            return change
        if standing in (Standing.CHANGED, Standing.OVERTAKEN):
            self._keeper.retire(cache_entries.c.id == entry.id, standing.value)
        return None

    def _miss(self, reason: str, near: Candidate | None = None) -> Miss:
        try:
            return Miss(reason, self._freshness.last_change(), near)
        except Exception:
            log.exception("the semantic cache cannot reach the database")
            return Miss(reason, None, near)

    def _safely(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except Exception:
            log.exception("the semantic cache could not note something")
            return False
        return True


def _asked(person: Person, key: CacheKey, question: str) -> str:
    """What must be the same for two questions to be twins."""
    return f"{person.department}\n{key.digest}\n{digest(question)}"
