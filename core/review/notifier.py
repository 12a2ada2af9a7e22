"""The worker that empties the outbox: at least once, again after a failure, never lost by a kill.

A notification is taken by moving its `due_at` beyond the time that sending may last; whoever dies
while sending leaves it due again. What fails is tried after 30 s, then twice as long each time, at
most an hour, until it is sent.
"""

from __future__ import annotations

import logging
import smtplib
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.message import EmailMessage
from typing import Any, NamedTuple

import httpx
import sqlalchemy as sa

from core.review.outbox import Channel
from core.review.store import Store
from core.tables import review_outbox

log = logging.getLogger(__name__)

TIMEOUT_S = 20.0
TAKEN = timedelta(seconds=3 * TIMEOUT_S)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)

Send = Callable[[Mapping[str, Any]], None]


class _Taken(NamedTuple):
    id: int
    channel: str
    payload: Mapping[str, Any]
    tries: int


class Notifier:
    """Sends what is due through `senders`, one for each configured channel."""

    def __init__(self, store: Store, senders: Mapping[Channel, Send]) -> None:
        self._store = store
        self._senders = {channel.value: send for channel, send in senders.items()}

    def run(self, closing: threading.Event, interval_s: float = 5.0) -> None:
        """Send until `closing` is set; made for a thread of its own."""
        while not closing.wait(interval_s):
            try:
                self.deliver()
            except Exception:
                log.exception("notifications could not be sent; they are tried again")

    def deliver(self) -> int:
        """Send everything that is due, oldest first; how many were sent."""
        sent = 0
        while (taken := self._take()) is not None:
            sent += self._send(taken)
        return sent

    def _take(self) -> _Taken | None:
        now = self._store.now()
        due = sa.and_(
            review_outbox.c.due_at <= now,
            review_outbox.c.sent_at.is_(None),
            review_outbox.c.channel.in_(list(self._senders)),
        )
        first = sa.select(review_outbox.c.id).where(due).order_by(review_outbox.c.due_at).limit(1)
        with self._store.read() as connection:
            if connection.scalar(first) is None:
                return None
        with self._store.write() as connection:
            row = connection.execute(
                sa.update(review_outbox)
                .where(review_outbox.c.id == first.with_for_update(skip_locked=True).scalar_subquery(), due)
                .values(due_at=now + TAKEN, tries=review_outbox.c.tries + 1)
                .returning(*(review_outbox.c[name] for name in _Taken._fields))
            ).one_or_none()
        return None if row is None else _Taken(*row)

    def _send(self, taken: _Taken) -> bool:
        try:
            self._senders[taken.channel](taken.payload)
        except (httpx.HTTPError, smtplib.SMTPException, OSError) as exc:
            # The kind only: an error's text may repeat the address, which holds a secret.
            log.warning("notification %d was not sent (%s); it is tried again", taken.id, type(exc).__name__)
            wait = min(FIRST_WAIT * 2 ** min(taken.tries - 1, 10), LONGEST_WAIT)
            self._set(taken.id, due_at=self._store.now() + wait)
            return False
        self._set(taken.id, due_at=None, sent_at=self._store.now())
        return True

    def _set(self, row_id: int, **values: object) -> None:
        with self._store.write() as connection:
            connection.execute(sa.update(review_outbox).where(review_outbox.c.id == row_id).values(**values))


def webhook(client: httpx.Client, url: str) -> Send:
    """Posts the payload as JSON; anything but a success is an error."""

    def send(payload: Mapping[str, Any]) -> None:
        client.post(url, json=dict(payload), timeout=TIMEOUT_S).raise_for_status()

    return send


def mail(host: str, port: int, sender: str, starttls: bool, user: str, password: str) -> Send:
    """Sends the payload's `to`, `subject` and `text` as a plain e-mail; signs in where `user` is given."""

    def send(payload: Mapping[str, Any]) -> None:
        message = EmailMessage()
        message["From"], message["To"] = sender, payload["to"]
        message["Subject"] = payload["subject"]
        message.set_content(payload["text"])
        with smtplib.SMTP(host, port, timeout=TIMEOUT_S) as server:
            if starttls:
                server.starttls()
            if user:
                server.login(user, password)
            server.send_message(message)

    return send
