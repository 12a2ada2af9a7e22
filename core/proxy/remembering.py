"""What of a chat request is remembered: its reply by Idempotency-Key, and, where wanted, by its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from core.gateway.budgets import Budgets
from core.gateway.charges import Spent
from core.gateway.messages import Finish
from core.journal.entries import Kind, Record
from core.journal.journal import Journal
from core.proxy.completion import Json, Sourced
from core.proxy.forms import ChatForm
from core.proxy.refusals import Refusal, Refused
from core.proxy.replies import Claim, Replies, ReplyKind, Reused, Unfinished, digest_of
from core.proxy.visit import Visit
from core.settings import ProxySettings

_BESIDE = {"stream", "stream_options"}
"""What says how a reply is sent, and not what it says."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply that was given before, as a `chat.completion` and its end."""

    completion: Json
    finish: Finish


@dataclass(frozen=True, slots=True)
class Work:
    """A request that must be answered: what it has claimed, and where an equal one will look."""

    claim: Claim | None
    cache_digest: str | None

    @property
    def is_kept(self) -> bool:
        """Whether the reply will be kept."""
        return self.claim is not None or self.cache_digest is not None


class Remembering:
    """Replies are kept for the key that asked, and given to no other."""

    def __init__(self, replies: Replies, budgets: Budgets, journal: Journal, settings: ProxySettings) -> None:
        self._replies = replies
        self._budgets = budgets
        self._journal = journal
        self._cache_life = timedelta(minutes=settings.cache_minutes)
        self._once_life = timedelta(hours=settings.idempotency_hours)

    def begin(self, form: ChatForm, visit: Visit) -> Kept | Work:
        """The reply that was given, or the work to do; Refused where the Idempotency-Key is misused."""
        said = form.model_dump(mode="json", exclude_unset=True)
        claim = None
        if visit.idempotency_key:
            found = self._claimed(visit, digest_of(said))
            if isinstance(found, Kept):
                visit.cache = "replayed"
                return found
            claim = found
        if not visit.wants_cache:
            return Work(claim, None)
        digest = _cache_digest(said, visit)
        reply = self._replies.find(visit.admitted.id, ReplyKind.CACHE, digest)
        if reply is None:
            visit.cache = "miss"
            return Work(claim, digest)
        kept = _kept(reply)
        self._served(kept, visit)
        if claim is not None:
            self._replies.settle(claim, reply, self._once_life)
        return kept

    def done(self, work: Work, visit: Visit, completion: Json, finish: Finish) -> None:
        """Keep the reply where that is wanted; only a whole one comes here."""
        reply = {"completion": completion, "finish": asdict(finish)}
        if work.claim is not None:
            self._replies.settle(work.claim, reply, self._once_life)
        if work.cache_digest is not None:
            self._replies.keep(visit.admitted.id, ReplyKind.CACHE, work.cache_digest, reply, self._cache_life)

    def failed(self, work: Work) -> None:
        """No whole reply came of it."""
        if work.claim is not None:
            self._replies.give_up(work.claim)

    def _claimed(self, visit: Visit, request_sha256: str) -> Claim | Kept:
        try:
            found = self._replies.claim(visit.admitted.id, visit.idempotency_key, request_sha256)
        except Reused:
            message = "This Idempotency-Key was used for another request."
            raise Refused(Refusal(422, message, code="idempotency_key_reused")) from None
        except Unfinished:
            message = "The first request with this Idempotency-Key is still being answered."
            refusal = Refusal(409, message, code="idempotency_key_in_use", headers={"retry-after": "1"})
            raise Refused(refusal) from None
        return found if isinstance(found, Claim) else _kept(found)

    def _served(self, kept: Kept, visit: Visit) -> None:
        """Put on record what was given again, and what that saved."""
        visit.cache = "hit"
        caller, finish = visit.caller(), kept.finish
        spared = Spent(
            finish.model,
            finish.provider,
            finish.deployment,
            0,
            0,
            0,
            cached=True,
            saved_microusd=finish.cost_microusd,
        )
        self._budgets.record_cached(caller, spared)
        self._journal.append(
            Record(
                caller.trace_id,
                Kind.CACHE,
                caller.department,
                caller.person_id,
                model=finish.model,
                outcome="hit",
                data={"purpose": caller.purpose, "how": "exact", "saved_microusd": finish.cost_microusd},
            )
        )


def _cache_digest(said: Mapping[str, Any], visit: Visit) -> str:
    what = {name: value for name, value in said.items() if name not in _BESIDE}
    return digest_of(visit.admitted.department, visit.data_class.word, what)


def _kept(reply: Mapping[str, Any]) -> Kept:
    finish = dict(reply["finish"])
    finish |= {"failed": tuple(finish["failed"]), "reasons": tuple(finish["reasons"])}
    if "sources" in finish:
        return Kept(reply["completion"], Sourced(**{**finish, "sources": tuple(finish["sources"])}))
    return Kept(reply["completion"], Finish(**finish))
