"""The administrator of the sample company switches the model off and on, and lets somebody in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, Visitor
from tests.browser.test_journey import ask, choose, enter, settle

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Visit = Callable[..., Visitor]
QUESTION = "How many days of annual leave may be carried over?"


def operations(page: Page, section: str) -> None:
    page.get_by_role("link", name="Operations").click()
    expect(page.get_by_role("heading", name="Operations", exact=True)).to_be_visible()
    page.get_by_role("radio", name=section).or_(page.get_by_role("button", name=section, exact=True)).click()


def test_a_model_that_is_switched_off_answers_nobody_until_it_is_switched_on(
    company: Server, visit: Visit
) -> None:
    visitor = visit()
    page = visitor.page
    enter(page, company, "Sanne Overbeck")
    operations(page, "Providers")
    # The card of the model that writes; those that embed and rerank here have cards of their own.
    card = page.locator(".st-key-provider-answerdesk-embedded")
    card.get_by_role("button", name="Switch off").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("its requests fail meanwhile")).to_be_visible()
    dialog.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Switched off by Sanne Overbeck")).to_be_visible()

    page.get_by_role("link", name="Chat").click()
    ask(page, QUESTION)
    expect(page.get_by_text("No language model is answering at the moment.")).to_be_visible()

    operations(page, "Providers")
    card.get_by_role("button", name="Switch on").click()
    expect(card.get_by_role("button", name="Switch off")).to_be_visible()
    settle(page)
    card.get_by_role("button", name="Test now").click()
    expect(page.get_by_text("It answered in")).to_be_visible()

    page.get_by_role("link", name="Chat").click()
    page.get_by_role("button", name="New conversation").click()
    ask(page, QUESTION)
    expect(page.locator('[class*="st-key-cite-"] button:visible').first).to_be_visible()
    assert visitor.outside == []


def test_somebody_new_signs_in_with_the_password_that_was_shown(company: Server, visit: Visit) -> None:
    page = visit().page
    enter(page, company, "Sanne Overbeck")
    operations(page, "People")
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Bo Ferrin")
    dialog.get_by_label("E-mail").fill("no address")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("This is not a whole e-mail address")).to_be_visible()
    dialog.get_by_label("E-mail").fill("bo.ferrin@fennwick.example")
    dialog.get_by_label("Department").click()
    page.get_by_role("option", name="Finance").click()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("It is shown only here and now.")).to_be_visible()
    password = page.get_by_test_id("stCode").inner_text().strip()
    page.get_by_role("button", name="I have passed it on").click()
    expect(page.get_by_test_id("stCode")).to_have_count(0)

    new = visit().page
    new.goto(company.url)
    new.get_by_label("E-mail").fill("bo.ferrin@fennwick.example")
    new.get_by_label("Password", exact=True).fill(password)
    new.keyboard.press("Enter")
    expect(new.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    expect(new.get_by_text("Bo Ferrin")).to_be_visible()
    expect(new.get_by_role("link", name="Operations")).to_have_count(0)
    new.goto(f"{company.url}/operations")
    expect(new.get_by_role("button", name="Switch off")).to_have_count(0)


def test_what_the_cache_keeps_is_seen_and_purged_and_the_dials_turn(company: Server, visit: Visit) -> None:
    page = visit().page
    enter(page, company, "Sanne Overbeck")
    ask(page, QUESTION)
    expect(page.locator('[class*="st-key-cite-"] button:visible').first).to_be_visible()
    page.get_by_role("button", name="New conversation").click()
    page.get_by_placeholder("Ask about company documents").fill(QUESTION)
    page.keyboard.press("Enter")
    # An answer that is given again offers to be written anew.
    expect(page.get_by_role("button", name="Ask anew")).to_be_visible()

    operations(page, "Cache")
    expect(page.get_by_text("1 of 2 questions")).to_be_visible()
    page.get_by_text("Careful, alike from").click()
    page.get_by_role("button", name="Use the notch careful").click()
    expect(page.get_by_text("The cache uses the notch careful.")).to_be_visible()
    choose(page, "Answers to questions of a department", "Operations")
    settle(page)
    page.get_by_role("button", name="Purge these answers").last.click()
    page.get_by_role("dialog").get_by_role("button", name="Purge").click()
    expect(page.get_by_text("1 answer purged.")).to_be_visible()
    expect(page.get_by_text("No answer is kept yet.")).to_be_visible()

    operations(page, "Confidence")
    page.get_by_text("8 %", exact=True).first.click()
    page.get_by_role("button", name="Accept 8 %").click()
    expect(page.get_by_text("8 % of the answers given at once may be wrong.")).to_be_visible()
