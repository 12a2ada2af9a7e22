"""Whole journeys through the app, as people make them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from tests.browser.conftest import ROOT, Server, Visitor, environment, free_port, running, wait_until_healthy

# One browser and one server at a time: a machine with two cores has the other tests to run, too.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Visit = Callable[..., Visitor]
BICYCLES = b"""# Bicycle leasing

## Price limit

A leased bicycle may cost at most 2,400 euros, the lock and the insurance included.
"""
QUESTION = "How much may a leased bicycle cost?"


def enter(page: Page, server: Server, name: str) -> None:
    page.goto(server.url)
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()


def ask(page: Page, question: str) -> None:
    box = page.get_by_placeholder("Ask about company documents")
    box.fill(question)
    box.press("Enter")
    expect(page.get_by_role("button", name="Ask again")).to_be_visible()


def settle(page: Page) -> None:
    """Wait until the page is drawn: what is clicked before that may be drawn anew under the click."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def choose(page: Page, label: str, option: str) -> None:
    """Choose from a list; it is opened again where the page was drawn anew and closed it."""
    for _ in range(5):
        settle(page)
        page.get_by_label(label, exact=True).click()
        with suppress(TimeoutError):
            page.get_by_role("option", name=option, exact=True).click(timeout=5_000)
            return
        page.keyboard.press("Escape")
    raise AssertionError(f"{option} cannot be chosen in {label}")


def cited(page: Page) -> list[str]:
    return page.locator('[class*="st-key-cite-"] button:visible').all_inner_texts()


def test_upload_ask_read_refresh_and_leave(company: Server, visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    enter(page, company, "Ilse Brandmoor")
    [cookie] = [c for c in page.context.cookies() if c["name"] == "answerdesk_session"]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"

    page.get_by_role("link", name="Documents").click()
    page.get_by_text("Add documents", exact=True).first.click()
    page.locator('input[type="file"]').first.set_input_files(
        [{"name": "bicycle-leasing.md", "mimeType": "text/markdown", "buffer": BICYCLES}]
    )
    page.get_by_role("button", name="Add 1 document").click()
    expect(page.get_by_text("1 added.")).to_be_visible()

    page.get_by_role("link", name="Chat").click()
    ask(page, QUESTION)
    expect(page.get_by_text("may cost at most 2,400 euros").first).to_be_visible()
    page.locator('[class*="st-key-cite-"] button:visible').filter(has_text="Bicycle leasing").first.click()
    expect(page.locator("mark").first).to_contain_text("2,400 euros")
    expect(page.get_by_role("button", name="Original file")).to_be_visible()

    page.reload()
    expect(page.get_by_text("may cost at most 2,400 euros").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"conversation=\d+"))
    expect(page.get_by_text("Ilse Brandmoor")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Answerdesk")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in")).to_be_enabled()
    page.wait_for_function("!document.cookie.includes('answerdesk_session')")
    page.reload()
    expect(page.get_by_role("heading", name="Sign in to Answerdesk")).to_be_visible()
    assert "answerdesk_session" not in {c["name"] for c in page.context.cookies()}
    assert visitor.outside == []

    seller = visit().page
    enter(seller, company, "Jonas Everard")
    ask(seller, QUESTION)
    assert "2,400" not in seller.inner_text("body")
    assert not [source for source in cited(seller) if "Bicycle" in source]


def test_what_is_pasted_is_too_long_and_stays_to_be_shortened(company: Server, visit: Visit) -> None:
    """The caret is in the box at once; a question that is not taken is neither lost nor sent."""
    page = visit().page
    enter(page, company, "Rafi Denholm")
    box = page.get_by_placeholder("Ask about company documents")
    expect(box).to_be_focused()
    pasted = "How much may a leased bicycle cost? " * 60
    page.keyboard.insert_text(pasted)
    expect(box).to_have_value(pasted)
    box.press("Enter")
    expect(page.get_by_text("at most 2,000 are read")).to_be_visible()
    expect(box).to_have_value(pasted)
    ask(page, QUESTION)
    expect(box).to_have_value("")


def test_signing_in_with_a_password_by_keyboard_comes_back_to_the_page_that_was_asked_for(
    company: Server, visit: Visit
) -> None:
    page = visit().page
    page.goto(f"{company.url}/documents")
    page.get_by_label("E-mail").fill("jonas.everard@fennwick.example")
    page.get_by_label("Password", exact=True).fill("fennwick-demo")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Documents", exact=True)).to_be_visible()


@pytest.mark.parametrize("address", ["documents", "chat", "parts"])
def test_a_fresh_server_shows_nothing_without_a_sign_in(tmp_path: Path, visit: Visit, address: str) -> None:
    page = visit().page
    with running(tmp_path / "runtime", free_port()) as server:
        page.goto(f"{server.url}/{address}")

        expect(page.get_by_role("heading", name="Sign in to Answerdesk")).to_be_visible()
        expect(page.get_by_test_id("stSidebar")).to_have_count(0)
        assert "Documents" not in page.inner_text("body")


def test_another_site_can_neither_open_nor_end_a_session(company: Server) -> None:
    def post(path: str, **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(company.url + path, b'{"ticket": "x"}', named, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as exc:
            exc.close()
            return exc.code

    for path in ("/auth/session", "/auth/session/end"):
        assert post(path) == 403
        assert post(path, Origin="https://evil.example") == 403
        assert post(path, Origin=company.url, Sec_Fetch_Site="cross-site") == 403
    assert post("/auth/session", Origin=company.url) == 400, "a made-up ticket opens nothing"
    assert post("/auth/session/end", Origin=company.url) == 204


def test_a_wrong_setting_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(free_port())]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(tmp_path, ANSWERDESK_SESION_DAYS="3"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode != 0
    assert "ANSWERDESK_SESION_DAYS is not a setting" in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout


@contextmanager
def identity_provider(claims: dict[str, object], log: Path) -> Iterator[str]:
    """An identity provider of OpenID Connect that knows one person, in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    command += ["--user-claims", json.dumps(claims)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        wait_until_healthy(process, f"http://127.0.0.1:{port}/.well-known/openid-configuration", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_the_companys_identity_provider_says_who_one_is(tmp_path: Path, visit: Visit) -> None:
    claims: dict[str, object] = {
        "sub": "mira",
        "email": "mira@company.example",
        "email_verified": True,
        "name": "Mira Holt",
        "department": "people",
        "roles": ["owner", "astronaut"],
    }
    page = visit().page
    with identity_provider(claims, tmp_path / "provider.log") as provider:
        port = free_port()
        secrets = tmp_path / "secrets.toml"
        secrets.write_text(
            "[auth]\n"
            f'redirect_uri = "http://127.0.0.1:{port}/oauth2callback"\n'
            'cookie_secret = "only-for-this-test-0123456789"\n'
            'client_id = "answerdesk"\n'
            'client_secret = "not-a-secret"\n'
            f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
        )
        with running(tmp_path / "runtime", port, "--secrets.files", str(secrets)) as server:
            page.goto(server.url)
            page.get_by_role("button", name="Continue with your company account").click()
            page.get_by_placeholder("sub").fill("mira")
            page.get_by_role("button", name="Authorize").click()

            expect(page.get_by_text("Mira Holt")).to_be_visible()
            page.goto(f"{server.url}/documents")
            expect(page.get_by_text("Add documents", exact=True).first).to_be_visible()
            page.get_by_role("button", name="Sign out").click()
            page.get_by_role("button", name="End session").click()
            expect(page.get_by_role("button", name="Continue with your company account")).to_be_visible()
            page.reload()
            expect(page.get_by_role("button", name="Continue with your company account")).to_be_visible()
            assert "Mira Holt" not in page.inner_text("body")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen_fits_and_asks_nothing_of_other_machines(
    company: Server, visit: Visit, scheme: str, width: int
) -> None:
    visitor = visit(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = visitor.page

    def look(name: str) -> None:
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        folder = os.environ.get("ANSWERDESK_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png", animations="disabled")

    page.goto(company.url)
    expect(page.get_by_role("button", name="Ilse Brandmoor")).to_be_visible()
    look("1-sign-in")
    enter(page, company, "Ilse Brandmoor")
    expect(page.locator(".st-key-suggestion-0")).to_be_visible()
    look("2-chat-empty")
    page.locator(".st-key-suggestion-0 button").click()
    expect(page.get_by_role("button", name="Ask again")).to_be_visible()
    look("3-chat-answer")
    page.locator('[class*="st-key-cite-"] button:visible').first.click()
    expect(page.locator("mark").first).to_be_visible()
    look("4-chat-source")
    page.get_by_role("button", name="Whole document").click()
    expect(page.get_by_role("dialog").locator("mark").first).to_be_visible()
    look("5-whole-document")
    page.goto(f"{company.url}/documents")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    page.get_by_text("Add documents", exact=True).first.click()
    expect(page.get_by_text("Who may read").first).to_be_visible()
    look("6-documents-add")
    page.goto(f"{company.url}/documents?document=2")
    expect(page.get_by_role("button", name="Close")).to_be_visible()
    page.get_by_text("Passages", exact=True).last.click()
    expect(page.get_by_test_id("stText").first).to_be_visible()
    expect(page.locator('[data-stale="true"]')).to_have_count(0)
    look("7-document-passages")
    page.get_by_text("Manage", exact=True).click()
    expect(page.get_by_role("button", name="Delete document")).to_be_visible()
    page.get_by_role("button", name="Delete document").scroll_into_view_if_needed()
    look("8-document-manage")
    page.get_by_role("button", name="Delete document").click()
    expect(page.get_by_role("button", name="Delete for good")).to_be_visible()
    look("9-document-delete")
    assert visitor.outside == []
