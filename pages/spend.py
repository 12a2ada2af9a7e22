"""Spend: what the questions of a department cost, against its budget."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.reports.frames import days_across, dearest
from core.reports.periods import Choice
from core.reports.spending import SpendReport
from core.types import Person, Role
from pages import desk, require
from pages.parts import (
    charts,
    palette,
    spend_budgets,
    spend_cache,
    spend_section,
    spend_setting,
    spend_tables,
    spend_totals,
)
from pages.parts.plain import label

PEOPLE = 12


def main() -> None:
    """Draw the page."""
    person = require(Role.MANAGER, Role.ADMINISTRATOR)
    here = desk()
    st.set_page_config(layout="wide")
    st.title("Spend", anchor=False)
    names = {department.id: department.name for department in here.identity.departments()}
    colours = palette.department_colours(names)
    # What nobody asked for is charged to the house; it may have a budget of its own.
    house = here.settings.house_department
    if house not in names:
        names[house], colours[house] = house, palette.NEUTRAL
    controls = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    choice = controls.selectbox("Period", list(Choice), key="period", width=180) or Choice.THIS_MONTH
    demonstration = bool(st.session_state.get("demonstration", True))
    report = here.spending.report(person, choice, demonstration)
    if report.has_demonstration:
        controls.toggle("Demonstration charges", value=True, key="demonstration")
    _scope(person, report, names)
    spend_setting.outcome()
    if report.has_charges:
        spend_totals.draw(report.totals)
    else:
        st.info("There are no charges yet. Every answer is charged here once questions are asked.")
    spend_budgets.draw(demonstration and report.has_demonstration, colours)
    if report.totals.calls:
        _charts(person, report, names, colours)
    elif report.has_charges:
        st.info("Nothing was asked in this period. Choose another one above.")
    if person.has(Role.ADMINISTRATOR):
        spend_cache.ledger(here.spending.cache(person, choice))
    _refusals(report)
    spend_budgets.holds()
    if person.has(Role.ADMINISTRATOR):
        spend_setting.draw(person, names)


def _scope(person: Person, report: SpendReport, names: Mapping[str, str]) -> None:
    whose = (
        "All departments"
        if person.has(Role.ADMINISTRATOR)
        else f"The {names.get(person.department, person.department)} department"
    )
    st.caption(label(f"{whose}, {report.span}. Days are counted in UTC, as budgets count them."))
    if report.totals.demonstration_calls:
        made_up = f"{report.totals.demonstration_calls:,} of {report.totals.calls:,}"
        st.badge(
            f"demonstration: {made_up} calls are made up",
            icon=":material/science:",
            color="blue",
        )


def _charts(
    person: Person, report: SpendReport, names: Mapping[str, str], colours: Mapping[str, str]
) -> None:
    by_name = {names[key]: colour for key, colour in colours.items()}
    days = days_across(report.daily, "cost_usd")
    spend_section.charted(
        "by-day",
        "By day",
        "Dollars a day, by department.",
        report.daily,
        lambda: charts.stacked_days(report.daily, "cost_usd", "Spent", by_name),
        days,
        list(days.columns),
    )
    left, right = st.columns(2, gap="large")
    with left:
        spend_section.charted(
            "by-model",
            "By provider and model",
            "Dollars, the dearest first.",
            report.by_model,
            lambda: charts.bars(report.by_model, "name", "Model"),
            report.by_model,
            ("name", *spend_tables.SUMS),
        )
    with right:
        _people(report, names.get(person.department, person.department), colours.get(person.department))
    spend_cache.by_department(report, by_name)


def _people(report: SpendReport, department: str, colour: str | None) -> None:
    if report.by_person.empty:
        st.subheader("By person", anchor=False)
        st.caption(label(f"Nobody of {department} asked anything in this period."))
        return
    first = dearest(report.by_person, "person", PEOPLE)
    spend_section.charted(
        "by-person",
        "By person",
        f"Dollars of the first {PEOPLE} people of {department}, your own department.",
        report.by_person,
        lambda: charts.bars(first, "person", "Person", colour or palette.NEUTRAL),
        report.by_person,
        ("person", *spend_tables.SUMS),
    )


def _refusals(report: SpendReport) -> None:
    if report.refusals.empty:
        st.subheader("Refused by a budget", anchor=False)
        st.caption("No question was refused for want of money in this period.")
        return
    said = "Questions that were not asked of a model, because a budget had no room."
    with spend_section.heading("Refused by a budget", said):
        spend_section.files("refusals", report.refusals)
    spend_tables.draw(report.refusals, ("department", "budget", "refusals"))


main()
