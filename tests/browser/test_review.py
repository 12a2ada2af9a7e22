"""Reviewers at work: two who want the same question, and one who never touches the mouse."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from limits.strategies import MovingWindowRateLimiter
from playwright.sync_api import Page, expect

from core.conversations import Conversations
from core.database import Database
from core.gateway.local_counters import LocalCounters
from core.identity import Identity
from core.journal.journal import Journal
from core.knowledge.catalog import Catalog
from core.review.decisions import Decision
from core.review.reviews import Reviews, build_reviews
from core.review.tasks import TaskFinding, Verdict
from core.settings import ReviewSettings
from core.tables import chunks
from core.types import Passage, Person
from tests.browser.conftest import Server, Visitor
from tests.browser.test_journey import enter
from tests.review_asking import Asking

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Visit = Callable[..., Visitor]
QUESTION = "How many days of leave may be carried over, and until when must they be used?"
WRONG = "Up to eight days may be carried over [1]."
DRAFT = f"{WRONG} Leave should be taken in the calendar year [1]."


class Company:
    """The data of a running server, as another process has it: this one."""

    def __init__(self, database: Database) -> None:
        self.now = datetime.now(UTC)
        self._database = database
        limiter = MovingWindowRateLimiter(LocalCounters())
        self._identity = Identity(database, self._clock, limiter, 3, timedelta(days=1))
        journal, self._catalog = Journal(database, self._clock), Catalog(database)
        self.reviews: Reviews = build_reviews(
            database,
            self._clock,
            journal,
            self._catalog,
            lambda text, evidence: [],
            ReviewSettings(),
            httpx.Client(),
        )
        self.asking = Asking(Conversations(database, self._clock), self.reviews.intake)

    def person(self, name: str) -> Person:
        found = self._identity.by_email(f"{name}@fennwick.example")
        assert found is not None
        return found

    def passages(self, *words: str, limit: int = 4) -> list[Passage]:
        """The passages for everybody in which most of these words stand."""
        with self._database.read() as connection:
            ids = connection.scalars(sa.select(chunks.c.id)).all()
        found = [chunk for chunk in self._catalog.chunks(ids).values() if chunk.readers == "*"]
        found.sort(key=lambda chunk: -sum(word in chunk.text.casefold() for word in words))
        return [Passage(chunk, 9.0 - n, 0.8 - n / 10, 0.9 - n / 8) for n, chunk in enumerate(found[:limit])]

    def flagged(self, name: str, question: str = QUESTION, text: str = DRAFT) -> None:
        evidence = self.passages("carried", "leave", "31 march")
        finding = TaskFinding("number", "high", "flag", WRONG)
        self.asking.flagged(self.person(name), question, text, evidence, [finding], 0.23)

    def decided(self, name: str, question: str) -> None:
        """A question that was approved a quarter of an hour later."""
        evidence, reviewer = self.passages("laptop", "stolen"), self.person("nadia.corvane")
        handed = self.asking.flagged(self.person(name), question, "Tell the service desk [1].", evidence)
        lease = self.reviews.queue.claim(reviewer, handed.task_id)
        self.now += timedelta(minutes=15)
        self.reviews.decisions.decide(reviewer, lease, Decision(Verdict.APPROVED))

    def _clock(self) -> datetime:
        return self.now


@contextmanager
def company_of(server: Server) -> Iterator[Company]:
    database = Database(f"sqlite:///{server.data / 'answerdesk.sqlite'}")
    try:
        yield Company(database)
    finally:
        database.close()


def open_queue(page: Page, server: Server, name: str) -> None:
    enter(page, server, name)
    page.get_by_role("link", name="Review").click()
    expect(page.get_by_role("heading", name="Review", exact=True)).to_be_visible()


def settled(page: Page) -> None:
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    expect(page.locator('[data-stale="true"]')).to_have_count(0)


def test_two_reviewers_who_claim_at_the_same_moment_get_one_question_once(
    company: Server, visit: Visit
) -> None:
    with company_of(company) as inside:
        inside.flagged("jonas.everard")
    nadia, sanne, jonas = visit().page, visit().page, visit().page
    open_queue(nadia, company, "Nadia Corvane")
    open_queue(sanne, company, "Sanne Overbeck")
    expect(nadia.get_by_role("link", name="Review (1)")).to_be_visible()
    for page in (nadia, sanne):
        expect(page.get_by_role("button", name="Claim", exact=True)).to_be_visible()
    for page in (nadia, sanne):
        # Without waiting for what comes of it.
        page.get_by_role("button", name="Claim", exact=True).evaluate("button => button.click()")

    won, lost = nadia.get_by_role("button", name="Approve"), nadia.get_by_text("is working on this question")
    expect(won.or_(lost)).to_be_visible()
    winner, loser = (nadia, sanne) if won.is_visible() else (sanne, nadia)
    name = "Nadia Corvane" if winner is nadia else "Sanne Overbeck"
    expect(winner.get_by_role("button", name="Approve")).to_be_visible()
    expect(loser.get_by_text(f"{name} is working on this question")).to_be_visible()
    expect(loser.get_by_role("button", name="Approve")).to_have_count(0)

    enter(jonas, company, "Jonas Everard")
    jonas.get_by_role("button", name=QUESTION[:20]).first.click()
    expect(jonas.get_by_text("A colleague will answer").first).to_be_visible()
    winner.get_by_role("button", name="Approve").click()
    expect(winner.get_by_text("You approved the draft")).to_be_visible()
    # The other's list reads itself again.
    expect(loser.get_by_text("No question waits for you.")).to_be_visible()
    jonas.reload()
    expect(jonas.get_by_text("Up to eight days may be carried over").first).to_be_visible()


def test_a_reviewer_decides_with_the_keyboard_alone(company: Server, visit: Visit) -> None:
    with company_of(company) as inside:
        inside.flagged("jonas.everard")
    visitor = visit()
    page, keys = visitor.page, visitor.page.keyboard
    open_queue(page, company, "Nadia Corvane")
    expect(page.get_by_role("button", name="Claim the next")).to_be_enabled()
    settled(page)
    keys.press("n")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    settled(page)

    keys.press("e")
    field = page.get_by_role("textbox", name="Answer")
    expect(field).to_be_focused()
    keys.press("Control+a")
    # Letters that are shortcuts elsewhere are letters here.
    keys.type("Ask an adviser: a hundred days, exactly [1].")
    keys.press("Control+Enter")
    expect(page.get_by_text("These sentences do not pass the checks.")).to_be_visible()
    expect(field).to_have_value("Ask an adviser: a hundred days, exactly [1].")
    expect(page.get_by_role("textbox", name="Why they are right")).to_be_focused()
    keys.type("Agreed at the last meeting")
    keys.press("Enter")
    expect(page.get_by_text("You edited and approved the draft")).to_be_visible()
    settled(page)

    keys.press("u")
    expect(page.get_by_text("Your decision is undone.")).to_be_visible()
    settled(page)
    keys.press("a")
    expect(page.get_by_text("You approved the draft")).to_be_visible()
    assert visitor.outside == []
    jonas = visit().page
    enter(jonas, company, "Jonas Everard")
    jonas.get_by_role("button", name=QUESTION[:20]).first.click()
    expect(jonas.get_by_text("Up to eight days may be carried over").first).to_be_visible()


def test_what_is_being_typed_outlives_the_readings_of_the_clock_and_keeps_the_claim(
    company: Server, visit: Visit
) -> None:
    with company_of(company) as inside:
        inside.flagged("jonas.everard")
        page = visit().page
        open_queue(page, company, "Nadia Corvane")
        page.clock.install()
        page.get_by_role("button", name="Claim", exact=True).click()
        page.get_by_role("button", name="Edit").click()
        field = page.get_by_role("textbox", name="Answer")
        expect(field).to_be_focused()
        settled(page)
        [before] = inside.reviews.queue.held(inside.person("nadia.corvane"))
        # A minute in which nothing is sent: only then is typing told to the server.
        page.clock.fast_forward(65_000)
        field.press_sequentially("Still writing. ")
        expect(page.get_by_text("kept for you for 15 min")).to_be_visible()
        for _ in range(100):
            [now] = inside.reviews.queue.held(inside.person("nadia.corvane"))
            if now.until > before.until:
                break
            page.wait_for_timeout(100)
        else:
            raise AssertionError("typing did not renew the claim")
        assert "Still writing. " in field.input_value()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_screen_fits(company: Server, visit: Visit, scheme: str, width: int) -> None:
    with company_of(company) as inside:
        inside.now -= timedelta(minutes=90)
        inside.decided("tomas.redwick", "How do I report a stolen laptop?")
        inside.flagged("jonas.everard")
        inside.now += timedelta(minutes=75)
        for number in range(11):
            inside.flagged("rafi.denholm", f"How many days may be carried over by team {number}?")
    page = visit(viewport={"width": width, "height": 1000}, color_scheme=scheme).page

    def look(name: str) -> None:
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        folder = os.environ.get("ANSWERDESK_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png", animations="disabled")

    enter(page, company, "Nadia Corvane")
    page.goto(f"{company.url}/review")
    expect(page.get_by_role("button", name="Claim the next")).to_be_visible()
    expect(page.get_by_text("late by").first).to_be_visible()
    look("1-queue")
    page.get_by_text("Figures", exact=True).click()
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
    expect(page.get_by_test_id("stVegaLiteChart").last).to_be_visible()
    look("2-figures")
    page.get_by_text("Queue", exact=True).click()
    page.get_by_role("button", name="Claim the next").click()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    look("3-question")
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="Answer").fill("Up to nine days [1].")
    page.get_by_role("button", name="Check and approve").click()
    expect(page.get_by_text("do not pass the checks")).to_be_visible()
    look("4-unsupported")
    page.get_by_role("button", name="Not in our documents").click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    look("5-decided")
