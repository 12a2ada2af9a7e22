"""The manager's look at the money: charts that are drawn, a file to take along, on a screen of any size."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pages.parts.palette import department_colours
from tests.browser.conftest import ROOT, Server, Visitor, environment, free_port, running
from tests.browser.test_audit import settled, shot
from tests.browser.test_journey import enter

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Visit = Callable[..., Visitor]
CHARGES = 3_000
DEPARTMENTS = ("engineering", "finance", "legal", "operations", "people", "sales")


@pytest.fixture(scope="module")
def traffic(company_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The sample company with a month of `make demo-traffic`; its only change is undone by its test."""
    data = tmp_path_factory.mktemp("traffic") / "runtime"
    shutil.copytree(company_data, data)
    command = [sys.executable, "-m", "core", "demo-traffic", "--charges", str(CHARGES)]
    subprocess.run(command, cwd=ROOT, env=environment(data), check=True, timeout=300)
    with running(data, free_port()) as server:
        yield server


def open_spend(page: Page, server: Server, name: str) -> None:
    enter(page, server, name)
    page.get_by_role("link", name="Spend").click()
    expect(page.get_by_role("heading", name="Open holds")).to_be_visible()


def bars(page: Page, department: str) -> int:
    """How many bars the charts of days have in the colour of a department."""
    colour = department_colours(DEPARTMENTS)[department]
    found = page.locator(f'[data-testid="stVegaLiteChart"] svg .role-mark path[fill="{colour}"]')
    return found.count()


def test_a_manager_sees_charts_and_takes_the_figures_of_their_department_along(
    traffic: Server, visit: Visit
) -> None:
    visitor = visit()
    page = visitor.page
    open_spend(page, traffic, "Tomas Redwick")
    page.get_by_label("Period").click()
    page.get_by_role("option", name="Last 30 days").click()
    settled(page)
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(4)
    expect(page.locator('[data-testid="stVegaLiteChart"] svg')).to_have_count(4)
    assert bars(page, "finance") > 20 and bars(page, "sales") == 0
    expect(page.get_by_text("calls are made up")).to_be_visible()

    with page.expect_download() as started:
        page.locator(".st-key-by-day-csv button").click()
    assert started.value.suggested_filename == "spend-by-day.csv"
    rows = list(csv.DictReader(io.StringIO(Path(started.value.path()).read_text())))
    assert {row["department"] for row in rows} == {"Finance"}
    assert sum(int(row["calls"]) for row in rows) > 100
    assert visitor.outside == []


def test_an_administrator_sets_a_budget_and_sees_it_burn(traffic: Server, visit: Visit) -> None:
    page = visit().page
    open_spend(page, traffic, "Sanne Overbeck")
    # The click comes with the last key: no redrawing in between.
    page.get_by_role("spinbutton", name="Dollars").fill("12.5")
    page.get_by_role("button", name="Set budget").click()
    expect(page.get_by_text("The Engineering department may spend $12.50 each month.")).to_be_visible()
    expect(page.get_by_text("of $12.50 spent")).to_be_visible()
    expect(page.get_by_role("heading", name="Burn line of the Engineering department")).to_be_visible()

    page.get_by_role("button", name="Remove budget").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove the budget").click()
    expect(page.get_by_text("The Engineering department has no budget any more.")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_screen_fits_and_follows_the_theme(
    traffic: Server, visit: Visit, scheme: str, width: int
) -> None:
    page = visit(viewport={"width": width, "height": 1000}, color_scheme=scheme).page
    warnings: list[str] = []
    page.on("console", lambda said: warnings.append(said.text) if said.type == "warning" else None)
    enter(page, traffic, "Sanne Overbeck")
    page.goto(f"{traffic.url}/spend")
    expect(page.get_by_role("heading", name="Set a budget")).to_be_visible()
    for place, heading in enumerate(("By day", "By person", "Saved by the cache", "Open holds")):
        page.get_by_role("heading", name=heading, exact=True).scroll_into_view_if_needed()
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), heading
        shot(page, f"spend-{place}-{scheme}-{width}")
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    for drawn in page.locator('[data-testid="stVegaLiteChart"] svg').all():
        expect(drawn).to_have_css("background-color", background)
    channels = background.removeprefix("rgb(").removesuffix(")").split(",")
    assert (sum(map(int, channels)) < 150) == (scheme == "dark")
    assert all(bars(page, department) > 20 for department in DEPARTMENTS), "the same colours in both themes"
    assert warnings == [], "neither the theme nor a chart has anything to complain of"
