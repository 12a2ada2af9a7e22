"""Notifications: written with their fact, sent at least once, over a real webhook and a real mail server."""

from __future__ import annotations

import json
import smtplib
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from core.database import Database
from core.review.decisions import Decision
from core.review.notifier import Notifier
from core.review.outbox import Channel
from core.review.store import Store
from core.review.tasks import Verdict
from core.settings import ReviewSettings, Smtp
from core.types import Person, Role
from tests.contract.test_review_queue import in_threads
from tests.fakes import Clock
from tests.review_house import QUESTION, House


class Hook(BaseHTTPRequestHandler):
    """Takes JSON; answers with the next status of the server's list, then 200."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(json.loads(body))  # type: ignore[attr-defined]
        statuses: list[int] = self.server.statuses  # type: ignore[attr-defined]
        self.send_response(statuses.pop(0) if statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Sink(socketserver.StreamRequestHandler):
    """Speaks as much SMTP as smtplib asks for, and keeps each mail."""

    def handle(self) -> None:
        self._say("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(":")[0].split()[0].upper()
            if verb == "DATA":
                self._say("354 go on")
                lines = list(iter(lambda: self.rfile.readline().decode(), ".\r\n"))
                self.server.mails.append("".join(lines))  # type: ignore[attr-defined]
            self._say("221 bye" if verb == "QUIT" else "250 fine")
            if verb == "QUIT":
                return

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[misc]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def hook() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.bodies, server.statuses = [], []  # type: ignore[attr-defined]
    with served(server):
        yield server


@pytest.fixture
def sink() -> Iterator[socketserver.ThreadingTCPServer]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink)
    server.mails = []  # type: ignore[attr-defined]
    with served(server):
        yield server


@pytest.fixture
def house(
    database: Database, clock: Clock, hook: ThreadingHTTPServer, sink: socketserver.ThreadingTCPServer
) -> Iterator[House]:
    settings = ReviewSettings(
        webhook_url=f"http://127.0.0.1:{hook.server_address[1]}/hook",
        address="https://desk.fennwick.example/",
        smtp=Smtp(host="127.0.0.1", port=sink.server_address[1], sender="desk@fennwick.example"),
    )
    with httpx.Client() as client:
        yield House(database, clock, settings, client)


@pytest.fixture
def ada(house: House) -> Person:
    return house.person("ada", "people")


@pytest.fixture
def rhea(house: House) -> Person:
    return house.person("rhea", "people", Role.REVIEWER)


def test_reviewers_are_told_what_waits_and_the_asker_what_arrived(
    house: House,
    ada: Person,
    rhea: Person,
    hook: ThreadingHTTPServer,
    sink: socketserver.ThreadingTCPServer,
) -> None:
    """Without a word of the question or the answer."""
    handed = house.flag(ada, house.document("leave.md", "Up to five days."))
    assert house.reviews.notifier.deliver() == 1
    [posted] = hook.bodies  # type: ignore[attr-defined]
    assert posted["text"].startswith("A question from People waits for review")
    assert posted["text"].endswith(f"https://desk.fennwick.example/review?task={handed.task_id}")

    house.reviews.decisions.decide(rhea, house.claim(rhea, handed), Decision(Verdict.APPROVED))
    assert house.reviews.notifier.deliver() == 1
    [mail] = sink.mails  # type: ignore[attr-defined]
    assert "To: ada@fennwick.example" in mail and "From: desk@fennwick.example" in mail
    assert "answered your question" in mail
    for told in (posted["text"], mail):
        assert QUESTION not in told and "Five days" not in told
    assert house.reviews.notifier.deliver() == 0


def test_what_fails_is_sent_later_with_longer_and_longer_waits(
    house: House, ada: Person, hook: ThreadingHTTPServer, clock: Clock
) -> None:
    """30 s, a minute, two minutes; never more than an hour, and never given up."""
    hook.statuses += [500, 503]  # type: ignore[attr-defined]
    house.flag(ada)
    deliver = house.reviews.notifier.deliver
    assert deliver() == 0
    clock.advance(seconds=29)
    assert deliver() == 0 and len(hook.bodies) == 1  # type: ignore[attr-defined]
    clock.advance(seconds=1)
    assert deliver() == 0
    clock.advance(seconds=59)
    assert deliver() == 0 and len(hook.bodies) == 2  # type: ignore[attr-defined]
    clock.advance(seconds=1)
    assert deliver() == 1


def test_a_sender_that_dies_while_sending_leaves_it_to_the_next(
    database: Database, house: House, ada: Person, hook: ThreadingHTTPServer, clock: Clock
) -> None:
    """What nobody confirmed is sent again, after the time that sending may last."""

    def dies(_: object) -> None:
        raise KeyboardInterrupt

    house.flag(ada)
    dying = Notifier(Store(database, clock), {Channel.WEBHOOK: dies})
    with pytest.raises(KeyboardInterrupt):
        dying.deliver()
    assert house.reviews.notifier.deliver() == 0
    clock.advance(seconds=61)
    assert house.reviews.notifier.deliver() == 1
    assert len(hook.bodies) == 1  # type: ignore[attr-defined]


def test_many_workers_send_each_notification_once(
    house: House, ada: Person, hook: ThreadingHTTPServer
) -> None:
    """Eight threads over one outbox."""
    for _ in range(10):
        house.flag(ada)
    assert sum(in_threads(lambda _: house.reviews.notifier.deliver())) == 10  # type: ignore[arg-type]
    assert len(hook.bodies) == 10  # type: ignore[attr-defined]


def test_a_mail_server_that_refuses_is_tried_again(database: Database, clock: Clock, ada: Person) -> None:
    """Nothing of the failure reaches the caller."""

    def refuses(_: object) -> None:
        raise smtplib.SMTPRecipientsRefused({})

    house = House(database, clock, ReviewSettings(webhook_url="http://127.0.0.1:9/"))
    house.flag(ada)
    assert Notifier(Store(database, clock), {Channel.WEBHOOK: refuses}).deliver() == 0


def test_without_settings_nothing_is_written_or_sent(database: Database, clock: Clock) -> None:
    """The outbox stays empty."""
    house = House(database, clock)
    house.flag(house.person("ada", "people"))
    sent: list[object] = []
    worker = Notifier(Store(database, clock), {Channel.WEBHOOK: sent.append, Channel.EMAIL: sent.append})
    assert worker.deliver() == 0 and sent == []
