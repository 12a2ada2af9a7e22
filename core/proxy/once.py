"""Requests with an Idempotency-Key: answered once, and again from what was kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from core.gateway.messages import Finish
from core.proxy.completion import Json
from core.proxy.refusals import Refusal, Refused
from core.proxy.replies import Claim, Replies, Reused, Unfinished, digest_of
from core.proxy.visit import Visit

MOST_CHARS = 4_000_000
"""A larger reply, as thousands of vectors are, is not kept: the same request is answered anew."""


class Once:
    """Replies are kept for `life`, for the key that asked."""

    def __init__(self, replies: Replies, life: timedelta) -> None:
        self._replies = replies
        self._life = life

    def claim(self, visit: Visit, *said: object) -> Claim | dict[str, Any]:
        """The right to answer this request, or the reply that was given; Refused for a key misused."""
        try:
            return self._replies.claim(visit.admitted.id, visit.idempotency_key, digest_of(*said))
        except Reused:
            message = "This Idempotency-Key was used for another request."
            raise Refused(Refusal(422, message, code="idempotency_key_reused")) from None
        except Unfinished:
            message = "The first request with this Idempotency-Key is still being answered."
            refusal = Refusal(409, message, code="idempotency_key_in_use", headers={"retry-after": "1"})
            raise Refused(refusal) from None

    def settle(self, claim: Claim, reply: Mapping[str, Any]) -> None:
        """Keep the reply for those who ask again."""
        self._replies.settle(claim, reply, self._life)

    def give_up(self, claim: Claim) -> None:
        """No reply came of it."""
        self._replies.give_up(claim)

    def answered(self, visit: Visit, said: object, work: Callable[[], tuple[Json, Finish]]) -> Json:
        """What the work gives, with its end in the visit, or what it gave the first time."""
        if not visit.idempotency_key:
            payload, visit.finish = work()
            return payload
        found = self.claim(visit, visit.path, said)
        if not isinstance(found, Claim):
            visit.cache, visit.finish = "replayed", finish_of(found["finish"])
            return dict(found["completion"])
        try:
            payload, visit.finish = work()
            reply = {"completion": payload, "finish": asdict(visit.finish)}
            if len(json.dumps(payload)) > MOST_CHARS:
                self.give_up(found)
            else:
                self.settle(found, reply)
        except BaseException:
            self.give_up(found)
            raise
        return payload


def finish_of(kept: Mapping[str, Any]) -> Finish:
    """The Finish that was kept."""
    return Finish(**{**kept, "failed": tuple(kept["failed"]), "reasons": tuple(kept["reasons"])})
