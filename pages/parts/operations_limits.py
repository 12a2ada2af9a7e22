"""Budgets and limits in force, read only, and what each deployment may see."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.errors import StreamlitAPIException

from core.bootstrap import Desk
from core.gateway.budget_status import BudgetStatus
from core.gateway.money import day_name
from core.operations.limits import Clearance, Rate
from core.types import Person
from pages.parts.plain import label
from pages.parts.wording import money

NO_LIMIT = "no limit"


def draw(desk: Desk, person: Person) -> None:
    """The section."""
    here = desk.operations.limits
    st.subheader("Budgets", anchor=False)
    _budgets(here.budgets(person))
    st.subheader("Requests and tokens a minute", anchor=False)
    _rates(here.rates(person))
    st.subheader("What each deployment may see", anchor=False)
    st.caption("A text is never sent to a deployment of a lower class. Set in the models file.")
    _table("clearances-table", _clearances(here.clearances(person)))


def _budgets(found: Sequence[BudgetStatus]) -> None:
    if not found:
        st.caption("No budget is set, and nothing was spent this month.")
    else:
        _table("budgets-table", _budget_frame(found))
        for status in found:
            if said := _warning(status):
                st.warning(label(said), icon=":material/warning:")
    # The screen on which they are set may not be among this person's pages.
    try:
        st.page_link("pages/spend.py", label="Set budgets on Spend", icon=":material/payments:")
    except StreamlitAPIException:
        return


def _warning(status: BudgetStatus) -> str | None:
    if status.limit_microusd == 0:
        return f"{status.name} has a budget of {money(0)}: only what costs nothing is answered."
    return status.warning


def _budget_frame(found: Sequence[BudgetStatus]) -> pd.DataFrame:
    limits = [status.limit_microusd for status in found]
    return pd.DataFrame(
        {
            "For": [status.name for status in found],
            "Period": [status.period.called(status.starts_on) for status in found],
            "Spent": [money(status.spent_microusd) for status in found],
            "Held": [money(status.held_microusd) for status in found],
            "Budget": [NO_LIMIT if limit is None else money(limit) for limit in limits],
            "Used": [_used(status) for status in found],
            "Turns on": [day_name(status.turns_on) for status in found],
        }
    )


def _used(status: BudgetStatus) -> float | None:
    """In percent; of no money at all there is no share."""
    return None if status.share is None or not status.limit_microusd else status.share * 100


def _rates(found: Sequence[Rate]) -> None:
    if not found:
        st.caption("No limit is set. The settings begin with ANSWERDESK_RATE_LIMITS; the README has more.")
        return
    _table(
        "rates-table",
        pd.DataFrame(
            {
                "For": [rate.whom for rate in found],
                "Requests a minute": [_number(rate.requests_per_min) for rate in found],
                "Tokens a minute": [_number(rate.tokens_per_min) for rate in found],
            }
        ),
    )


def _clearances(found: Sequence[Clearance]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Deployment": [one.deployment for one in found],
            "Provider": [one.provider for one in found],
            "Region": [one.region for one in found],
            "May see": [one.data_class for one in found],
            "Requests a minute": [_number(one.requests_per_min) for one in found],
            "Tokens a minute": [_number(one.tokens_per_min) for one in found],
            "At a time": [_number(one.at_a_time) for one in found],
        }
    )


def _table(key: str, frame: pd.DataFrame) -> None:
    used = st.column_config.ProgressColumn(format="%d %%", min_value=0, max_value=100)
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        height="content",
        column_config={"Used": used},
        placeholder="",
    )


def _number(limit: int | None) -> str:
    return NO_LIMIT if limit is None else f"{limit:,}"
