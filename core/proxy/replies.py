"""Replies that are given again: to the same Idempotency-Key, and to equal requests of the same key.

A request claims its row first, in one statement, so that of two equal ones only one is answered; the
other waits for it or is told to. A claim that nobody settles, because its process died, runs out.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.database import Database, insert
from core.proxy import questions
from core.proxy.questions import Asked
from core.tables import api_replies

CLAIM_LIFE = timedelta(minutes=10)
MOST_KEPT = 2_000
"""So many replies of a kind are kept for a key; the oldest go first."""


class ReplyKind(StrEnum):
    """Why a reply is kept, or for a conversation where it goes on. Stored values are never renamed."""

    ONCE = "once"
    CACHE = "cache"
    CONVERSATION = "conversation"


class Reused(Exception):
    """The same Idempotency-Key came with another request."""


class Unfinished(Exception):
    """The first request with this Idempotency-Key is still being answered."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer a request; settle it with the reply, or give it up."""

    key_id: str
    kind: ReplyKind
    digest: str
    mark: str


class Replies:
    """The replies in a database. `clock` gives the time in UTC; `most` of a kind are kept for a key."""

    def __init__(self, database: Database, clock: Callable[[], datetime], most: int = MOST_KEPT) -> None:
        self._database = database
        self._clock = clock
        self._most = most

    def claim(self, key_id: str, idempotency_key: str, request_sha256: str) -> Claim | dict[str, Any]:
        """The right to answer, or the reply that was given; raises Reused or Unfinished."""
        now, digest = self._clock(), digest_of(idempotency_key)
        claim = Claim(key_id, ReplyKind.ONCE, digest, uuid.uuid4().hex)
        values = {
            "request_sha256": request_sha256,
            "claim": claim.mark,
            "reply": sa.null(),
            "expires_at": now + CLAIM_LIFE,
        }
        with self._database.write() as connection:
            taken = connection.execute(
                insert(connection, api_replies)
                .values(key_id=key_id, kind=claim.kind.value, digest=digest, **values)
                .on_conflict_do_update(
                    index_elements=list(api_replies.primary_key.columns),
                    set_=values,
                    where=api_replies.c.expires_at <= now,
                )
                .returning(api_replies.c.claim)
            ).one_or_none()
            if taken is not None:
                return claim
            row = connection.execute(_row(key_id, claim.kind, digest)).one_or_none()
        if row is None or row.request_sha256 != request_sha256:
            raise Reused
        if row.reply is None:
            raise Unfinished
        return dict(row.reply)

    def settle(self, claim: Claim, reply: Mapping[str, Any], life: timedelta) -> None:
        """Keep the reply for those who ask again; a claim that has run out is nobody's any more."""
        values = {"reply": dict(reply), "expires_at": self._clock() + life}
        with self._database.write() as connection:
            connection.execute(_claimed(sa.update(api_replies), claim).values(**values))

    def give_up(self, claim: Claim) -> None:
        """No reply came of it: the next request with this key is answered anew."""
        with self._database.write() as connection:
            connection.execute(_claimed(sa.delete(api_replies), claim))

    def find(self, key_id: str, kind: ReplyKind, digest: str) -> dict[str, Any] | None:
        """A reply that is kept under this digest."""
        query = _row(key_id, kind, digest).where(api_replies.c.expires_at > self._clock())
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None or row.reply is None else dict(row.reply)

    def keep(
        self,
        key_id: str,
        kind: ReplyKind,
        digest: str,
        reply: Mapping[str, Any],
        life: timedelta,
        asked: Asked | None = None,
    ) -> None:
        """Keep a reply, in place of an older one; also clear away what has run out, or is too much.

        `asked` is the question that it answers, where others that mean the same may find it.
        """
        now = self._clock()
        values = {
            "request_sha256": digest,
            "claim": "",
            "reply": dict(reply),
            "expires_at": now + life,
        }
        with self._database.write() as connection:
            connection.execute(sa.delete(api_replies).where(api_replies.c.expires_at <= now))
            connection.execute(_beyond(key_id, kind, self._most))
            connection.execute(
                insert(connection, api_replies)
                .values(key_id=key_id, kind=kind.value, digest=digest, **values)
                .on_conflict_do_update(index_elements=list(api_replies.primary_key.columns), set_=values)
            )
            if asked is not None:
                questions.put(connection, key_id, kind.value, digest, asked)


def digest_of(*parts: object) -> str:
    """SHA-256, in hex, of what JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _row(key_id: str, kind: ReplyKind, digest: str) -> sa.Select[Any]:
    return sa.select(api_replies).where(
        api_replies.c.key_id == key_id, api_replies.c.kind == kind.value, api_replies.c.digest == digest
    )


def _beyond(key_id: str, kind: ReplyKind, most: int) -> sa.Delete:
    """What must go before another one is kept."""
    mine = sa.and_(api_replies.c.key_id == key_id, api_replies.c.kind == kind.value)
    old = sa.select(api_replies.c.digest).where(mine).order_by(api_replies.c.expires_at.desc())
    return sa.delete(api_replies).where(mine, api_replies.c.digest.in_(old.offset(most - 1)))


def _claimed(statement: Any, claim: Claim) -> Any:
    return statement.where(
        api_replies.c.key_id == claim.key_id,
        api_replies.c.kind == claim.kind.value,
        api_replies.c.digest == claim.digest,
        api_replies.c.claim == claim.mark,
    )
