"""The auditor's day: find what somebody asked, follow it step by step, and check that nothing was changed."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from core.database import Database
from core.journal.entries import Kind, Record
from core.journal.journal import Journal
from tests.browser.conftest import Server, Visitor
from tests.browser.test_journey import ask, choose, enter, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Visit = Callable[..., Visitor]
QUESTION = "How many days of leave can I carry over?"
WORD = "zeppelin"


def an_earlier_month(server: Server) -> None:
    """Entries of the thirty days before, written by another process: this one."""
    database = Database(f"sqlite:///{server.data / 'answerdesk.sqlite'}")
    rng, now = random.Random(5), datetime.now(UTC)
    times = [now - timedelta(days=30) + timedelta(hours=3.7 * n) for n in range(190)]
    moments = iter(times)
    journal = Journal(database, lambda: next(moments))
    for number in range(len(times) // 5):
        trace, who = f"{number:032x}", (rng.choice(["sales", "finance", "legal"]), rng.randint(1, 6))
        text = f"Where do I find the form for the {WORD}?" if number == 30 else "Who signs a travel request?"
        journal.append(Record(trace, Kind.QUESTION, *who, data={"text": text, "chars": len(text)}))
        journal.append(Record(trace, Kind.REDACTION, *who, data={"kinds": [["EMAIL", 2], ["PERSON", 1]]}))
        attempt = journal.append(Record(trace, Kind.MODEL_ATTEMPT, *who, "openai", "gpt-4o-mini"))
        if number != 33:
            outcome = rng.choice(["answered", "answered", "failed"])
            data = {"latency_ms": 1240, "prompt_tokens": 812, "completion_tokens": 96}
            journal.append(
                Record(
                    trace, Kind.MODEL_OUTCOME, *who, "openai", "gpt-4o-mini", outcome, 420, attempt.seq, data
                )
            )
        journal.append(
            Record(trace, Kind.ANSWER, *who, outcome="answered", data={"text": "The head of the team signs."})
        )
    database.close()


def settled(page: Page) -> None:
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    expect(page.locator('[data-stale="true"]')).to_have_count(0)


def shot(page: Page, name: str) -> None:
    folder = os.environ.get("ANSWERDESK_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")


def open_audit(page: Page, server: Server) -> None:
    enter(page, server, "Petra Hollin")
    page.goto(f"{server.url}/audit")
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    settled(page)


def pick(page: Page, label: str, option: str) -> None:
    """Add one of several: its name is typed first, because of a long list only a part is drawn."""
    for _ in range(5):
        settle(page)
        box = page.get_by_role("combobox", name=label)
        box.click()
        box.fill(option)
        with suppress(TimeoutError, AssertionError):
            page.get_by_role("option", name=option, exact=True).click(timeout=5_000)
            page.keyboard.press("Escape")  # nothing else can be reached while the list is open
            expect(page.get_by_role("button", name=f"Remove {option}")).to_be_visible(timeout=5_000)
            return
        page.keyboard.press("Escape")
    raise AssertionError(f"{option} cannot be picked in {label}")


def test_a_question_is_found_followed_and_the_chain_verified(company: Server, visit: Visit) -> None:
    asker = visit().page
    enter(asker, company, "Jonas Everard")
    ask(asker, QUESTION)
    an_earlier_month(company)

    visitor = visit()
    page = visitor.page
    open_audit(page, company)
    assert "Jonas" not in page.inner_text("[data-testid=stMain]")
    pick(page, "Kind", "Search")
    expect(page.get_by_text("1 entry", exact=True)).to_be_visible()
    # The first cell of the only row; the table is drawn on a canvas.
    page.get_by_test_id("stDataFrame").first.click(position={"x": 15, "y": 52})
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    steps = page.locator('[class*="st-key-step-"]')
    expect(steps.first).to_contain_text("Question")
    expect(steps.last).to_contain_text("Answer")
    expect(page.get_by_text("not on record")).to_have_count(0)
    page.get_by_role("button", name="Close", exact=True).click()

    expect(page.get_by_role("heading", name="Timeline")).to_have_count(0)
    settle(page)
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.get_by_role("button", name="Remove Search")).to_have_count(0)
    choose(page, "Time", "All time")
    settle(page)
    page.get_by_label("Text").fill(f"form {WORD}")
    page.get_by_label("Text").press("Enter")
    expect(page.get_by_text("1 entry", exact=True)).to_be_visible()

    page.get_by_text("Chain", exact=True).click()
    page.get_by_role("button", name="Verify the chain").click()
    expect(page.get_by_text("The chain is whole.")).to_be_visible()
    assert visitor.outside == []


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_screen_fits(company: Server, visit: Visit, scheme: str, width: int) -> None:
    an_earlier_month(company)
    page = visit(viewport={"width": width, "height": 1000}, color_scheme=scheme).page

    def look(name: str) -> None:
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        shot(page, f"{name}-{scheme}-{width}")

    open_audit(page, company)
    page.get_by_label("Time", exact=True).click()
    page.get_by_role("option", name="All time").click()
    expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible()
    look("1-entries")
    if width < 500:
        page.get_by_test_id("stDataFrame").first.scroll_into_view_if_needed()
        look("1b-entries")
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("button", name="Download JSONL")).to_be_visible()
    look("2-export")
    page.goto(f"{company.url}/audit?trace={33:032x}")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    page.get_by_role("heading", name="Timeline").scroll_into_view_if_needed()
    look("3-timeline")
    page.locator('[class*="st-key-step-"]').last.scroll_into_view_if_needed()
    look("3b-timeline")
    page.get_by_text("Chain", exact=True).click()
    page.get_by_role("button", name="Verify the chain").click()
    expect(page.get_by_text("The chain is whole.")).to_be_visible()
    look("4-chain")
