"""Budgets as they stand, where they are heading, and what is held at this moment."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.gateway.money import ScopeKind
from core.reports.outlook import Outlook
from core.types import Role
from pages import desk, require
from pages.parts import charts, palette, spend_section, spend_tables
from pages.parts.plain import label
from pages.parts.wording import count

EVERY_S = 30
MICROUSD = 1_000_000


@st.fragment(run_every=EVERY_S)
def draw(demonstration: bool, colours: Mapping[str, str]) -> None:
    """A card for each budget, and the burn line of one; looked up again by itself.

    `demonstration` tells that the page shows demonstration charges too, which no budget counts.
    """
    person = require(Role.MANAGER, Role.ADMINISTRATOR)
    outlooks = desk().spending.outlooks(person)
    st.subheader("Budgets", anchor=False)
    if outlooks and demonstration:
        st.caption("Demonstration charges take nothing from a budget: they are in none of these figures.")
    if not outlooks:
        st.caption(
            "No budget is set. You can set one at the end of this page."
            if person.has(Role.ADMINISTRATOR)
            else "Your department has no budget. An administrator can set one."
        )
    for start in range(0, len(outlooks), 3):
        row = outlooks[start : start + 3]
        for column, found in zip(st.columns(3), row, strict=False):
            with column.container(border=True, height="stretch"):
                _card(found)
    if outlooks:
        _burn(outlooks, colours)


def _card(found: Outlook) -> None:
    status = found.status
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{label(status.name)}**", width="content")
        _badge(found)
    if status.limit_microusd:
        used = f"{int(found.share * 100)} % of the budget of this {status.period.value}"
        st.progress(min(found.share, 1.0), text=used)
    else:
        st.progress(0.0, text="No money may be spent")
    st.caption(label(found.standing))
    st.caption(label(found.heading))


def _badge(found: Outlook) -> None:
    if not found.status.limit_microusd:
        st.badge("no money", icon=":material/block:", color="red")
    elif found.share >= 1:
        st.badge("used up", icon=":material/block:", color="red")
    elif found.warns:
        st.badge("over 80 %", icon=":material/warning:", color="orange")
    elif found.will_pass:
        st.badge("will not last", icon=":material/trending_up:", color="orange")
    else:
        st.badge("on course", icon=":material/check:", color="green")


def _burn(outlooks: list[Outlook], colours: Mapping[str, str]) -> None:
    names = {found.status.name: found for found in outlooks}
    chosen = (
        st.selectbox("Burn line of", list(names), key="burn-of", width=280)
        if len(names) > 1
        else next(iter(names))
    )
    found = names[chosen]
    scope, limit = found.status.scope, (found.status.limit_microusd or 0) / MICROUSD
    own = colours.get(scope.id) if scope.kind is ScopeKind.DEPARTMENT else None
    spend_section.charted(
        "burn",
        f"Burn line of {chosen[0].lower() + chosen[1:]}",
        "The dashed line goes on at the average pace of the period so far.",
        found.burn,
        lambda: charts.burn(found.burn, limit, own or palette.NEUTRAL),
        found.burn.iloc[::-1],
        ("at", "line", "spent_usd"),
    )


@st.fragment(run_every=EVERY_S)
def holds() -> None:
    """What is held at this moment; looked up again by itself."""
    person = require(Role.MANAGER, Role.ADMINISTRATOR)
    found = desk().spending.open_holds(person)
    if found.empty:
        st.subheader("Open holds", anchor=False)
        st.caption("No money is held: no question is being answered at this moment.")
        return
    said = f"{count(len(found), 'hold')}: money set aside until an answer is finished, then given back."
    with spend_section.heading("Open holds", said):
        spend_section.files("holds", found)
    spend_tables.draw(found, ("department", "purpose", "held_usd", "taken_at", "expires_at"))
