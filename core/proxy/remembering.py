"""What of a chat request is remembered: its reply by Idempotency-Key, and, where wanted, by its content.

By content means: by an equal request, or, where that is wanted, by one that means the same.
"""

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
from core.proxy.assistant_model import ASSISTANT
from core.proxy.completion import Json, Sourced
from core.proxy.forms import ChatForm
from core.proxy.meaning import Meaning
from core.proxy.once import Once, finish_of
from core.proxy.questions import Asked
from core.proxy.replies import Claim, Replies, ReplyKind, digest_of
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
    """A request that must be answered: what it has claimed, and where an equal one will look.

    `asked` is its question, where one that means the same may have the reply.
    """

    claim: Claim | None
    cache_digest: str | None
    asked: Asked | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the reply will be kept."""
        return self.claim is not None or self.cache_digest is not None


class Remembering:
    """Replies are kept for the key that asked, and given to no other.

    Without `meaning` only equal requests are found.
    """

    def __init__(
        self,
        replies: Replies,
        once: Once,
        budgets: Budgets,
        journal: Journal,
        settings: ProxySettings,
        meaning: Meaning | None = None,
    ) -> None:
        self._replies = replies
        self._budgets = budgets
        self._journal = journal
        self._meaning = meaning
        self._cache_life = timedelta(minutes=settings.cache_minutes)
        self._once = once

    def begin(self, form: ChatForm, visit: Visit) -> Kept | Work:
        """The reply that was given, or the work to do; Refused where the Idempotency-Key is misused."""
        if not visit.idempotency_key and not visit.wants_cache:
            return Work(None, None)
        said = form.model_dump(mode="json", exclude_unset=True)
        claim = None
        if visit.idempotency_key:
            found = self._once.claim(visit, said)
            if not isinstance(found, Claim):
                visit.cache = "replayed"
                return _kept(found)
            claim = found
        if not visit.wants_cache:
            return Work(claim, None)
        what = {name: value for name, value in said.items() if name not in _BESIDE}
        digest = digest_of(visit.admitted.department, visit.data_class.word, what)
        reply, asked = self._replies.find(visit.admitted.id, ReplyKind.CACHE, digest), None
        visit.cache_tier = "exact"
        if reply is None:
            asked = self._asked(form, what, visit)
            reply = None if asked is None else self._like(asked, visit)
            visit.cache_tier = "semantic"
        if reply is None:
            visit.cache, visit.cache_tier = "miss", ""
            return Work(claim, digest, asked)
        kept = _kept(reply)
        self._served(kept, visit)
        if claim is not None:
            self._once.settle(claim, reply)
        return kept

    def done(self, work: Work, visit: Visit, completion: Json, finish: Finish) -> None:
        """Keep the reply where that is wanted; only a whole one comes here."""
        if not work.is_kept:
            return
        reply = {"completion": completion, "finish": asdict(finish)}
        if work.claim is not None:
            self._once.settle(work.claim, reply)
        if work.cache_digest is not None:
            asked = work.asked
            if asked is not None and (self._meaning is None or not self._meaning.may_be_kept(completion)):
                asked = None
            self._replies.keep(
                visit.admitted.id, ReplyKind.CACHE, work.cache_digest, reply, self._cache_life, asked
            )

    def failed(self, work: Work) -> None:
        """No whole reply came of it."""
        if work.claim is not None:
            self._once.give_up(work.claim)

    def _asked(self, form: ChatForm, what: Mapping[str, Any], visit: Visit) -> Asked | None:
        # The assistant has a cache of its own, which looks at the documents.
        if self._meaning is None or not visit.wants_meaning or form.model == ASSISTANT:
            return None
        return self._meaning.asked(form, what, visit)

    def _like(self, asked: Asked, visit: Visit) -> dict[str, Any] | None:
        digest = self._meaning and self._meaning.digest_like(asked, visit.admitted.id)
        return self._replies.find(visit.admitted.id, ReplyKind.CACHE, digest) if digest else None

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
                data={
                    "purpose": caller.purpose,
                    "how": visit.cache_tier,
                    "saved_microusd": finish.cost_microusd,
                },
            )
        )


def _kept(reply: Mapping[str, Any]) -> Kept:
    finish = dict(reply["finish"])
    if "sources" not in finish:
        return Kept(reply["completion"], finish_of(finish))
    finish |= {name: tuple(finish[name]) for name in ("failed", "reasons", "sources")}
    return Kept(reply["completion"], Sourced(**finish))
