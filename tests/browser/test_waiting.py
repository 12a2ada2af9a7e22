"""A question that the program is not sure of: a colleague answers, and the asker sees it arrive."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Server, Visitor
from tests.browser.test_journey import ask, enter

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Visit = Callable[..., Visitor]
DOUBTFUL = "What is the refund policy for returned instruments?"


def test_one_asks_a_second_decides_and_the_first_sees_it_arrive(company: Server, visit: Visit) -> None:
    """Without a reload; and the next who asks the same is served what was verified."""
    asker, reviewer = visit().page, visit().page
    enter(asker, company, "Jonas Everard")
    box = asker.get_by_placeholder("Ask about company documents")
    box.fill(DOUBTFUL)
    box.press("Enter")
    expect(asker.get_by_text("A colleague will answer here.")).to_be_visible()
    expect(asker.get_by_text("Next in the queue")).to_be_visible()

    enter(reviewer, company, "Nadia Corvane")
    reviewer.get_by_role("link", name=re.compile("Review")).click()
    reviewer.get_by_role("button", name="Claim", exact=True).first.click()
    expect(reviewer.get_by_text(DOUBTFUL).first).to_be_visible()
    expect(asker.get_by_text("A colleague is working on it now.")).to_be_visible()
    reviewer.get_by_role("button", name=re.compile("^Approve")).click()

    expect(asker.get_by_text("Verified by Nadia Corvane").first).to_be_visible()
    expect(asker.get_by_text("A colleague will answer here.")).to_have_count(0)

    other = visit().page
    enter(other, company, "Ilse Brandmoor")
    box = other.get_by_placeholder("Ask about company documents")
    box.fill(DOUBTFUL)
    box.press("Enter")
    expect(other.get_by_text("Verified by Nadia Corvane").first).to_be_visible()


def test_an_answer_that_arrives_elsewhere_is_marked_as_unread(company: Server, visit: Visit) -> None:
    asker, reviewer = visit().page, visit().page
    enter(asker, company, "Jonas Everard")
    ask(asker, "How many days a week may I work from home?")
    asker.get_by_role("button", name="Ask a person").click()
    expect(asker.get_by_text("Next in the queue")).to_be_visible()
    asker.get_by_role("button", name="New conversation").click()
    expect(asker.get_by_role("heading", name="What would you like to know?")).to_be_visible()

    enter(reviewer, company, "Nadia Corvane")
    reviewer.get_by_role("link", name=re.compile("Review")).click()
    reviewer.get_by_role("button", name="Claim", exact=True).first.click()
    reviewer.get_by_role("button", name=re.compile("^Approve")).click()

    unread = asker.get_by_role("button", name=re.compile("How many days a week")).filter(
        has=asker.locator("strong")
    )
    expect(unread).to_be_visible()
    unread.click()
    expect(asker.get_by_text("Verified by Nadia Corvane").first).to_be_visible()
