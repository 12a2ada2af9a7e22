"""Setting and removing budgets; for administrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import AnswerdeskError
from core.gateway.budget_status import BudgetStatus
from core.gateway.money import Period, Scope, ScopeKind, dollars
from core.types import Person
from pages import desk
from pages.parts.plain import label

OUTCOME, PROBLEM = "budget-outcome", "budget-problem"
AMOUNT, PERIOD = "budget-amount", "budget-period"
MICROUSD = 1_000_000
_KINDS = {"A department": ScopeKind.DEPARTMENT, "A provider": ScopeKind.PROVIDER}
_PERIODS = {"Each month": Period.MONTH, "Each day": Period.DAY}


def outcome() -> None:
    """What became of the last change: shown once."""
    if problem := st.session_state.pop(PROBLEM, None):
        st.warning(label(problem), icon=":material/info:")
    if done := st.session_state.pop(OUTCOME, None):
        st.success(label(done), icon=":material/check:")


def draw(person: Person, names: Mapping[str, str]) -> None:
    """Whose budget, how much, and for how long."""
    here = desk().spending
    st.subheader("Set a budget", anchor=False)
    st.caption("It is in force at once, and what was spent in the running period counts.")
    with st.container(border=True, key="set-budget"):
        kind = _KINDS[
            st.segmented_control(
                "Budget of", list(_KINDS), default="A department", required=True, key="budget-kind"
            )
        ]
        scopes = here.budget_scopes(person)[kind]
        if not scopes:
            st.caption("There is none yet.")
            return
        fields = st.columns(3, vertical_alignment="bottom")
        chosen = fields[0].selectbox(
            kind.value.capitalize(),
            scopes,
            format_func=lambda key: names.get(key, key) if kind is ScopeKind.DEPARTMENT else key,
            key=f"budget-{kind.value}",
        )
        _amount(person, here.budget(person, Scope(kind, chosen)), fields)


def _amount(person: Person, status: BudgetStatus, fields: Sequence[DeltaGenerator]) -> None:
    key = f"{status.scope.kind.value}-{status.scope.id}"
    limit = status.limit_microusd
    fields[1].number_input(
        "Dollars",
        min_value=0.0,
        max_value=1e9,
        value=100.0 if limit is None else limit / MICROUSD,
        step=10.0,
        format="%.2f",
        key=f"{AMOUNT}-{key}",
    )
    fields[2].segmented_control(
        "How long",
        list(_PERIODS),
        default=next(word for word, period in _PERIODS.items() if period is status.period),
        required=True,
        key=f"{PERIOD}-{key}",
    )
    st.caption(
        f"{label(status.name)} has no budget now."
        if limit is None
        else f"{label(status.name)} has {label(dollars(limit))} for each {status.period.value} now."
    )
    with st.container(horizontal=True):
        st.button(
            "Set budget",
            key="set-budget-now",
            type="primary",
            on_click=_set_as_typed,
            args=(person, status, key),
        )
        if limit is not None and st.button("Remove budget", key="remove-budget", icon=":material/delete:"):
            confirm_removal(person, status)


@st.dialog("Remove this budget?")
def confirm_removal(person: Person, status: BudgetStatus) -> None:
    """Ask once, then remove."""
    st.write(f"{label(status.name)} may then spend without a limit.")
    if st.button(
        "Remove the budget",
        key="confirm-removal",
        type="primary",
        on_click=_set,
        args=(person, status, None, status.period),
    ):
        st.rerun()


def _set_as_typed(person: Person, status: BudgetStatus, key: str) -> None:
    # What stands in the fields at this moment: the click may come with the last key, before the page is
    # drawn again.
    amount, every = st.session_state[f"{AMOUNT}-{key}"], st.session_state[f"{PERIOD}-{key}"]
    _set(person, status, round(amount * MICROUSD), _PERIODS[every])


def _set(person: Person, status: BudgetStatus, amount_microusd: int | None, period: Period) -> None:
    try:
        desk().spending.set_budget(person, status.scope, amount_microusd, period)
    except AnswerdeskError as exc:
        st.session_state[PROBLEM] = str(exc)
        return
    st.session_state[OUTCOME] = (
        f"{status.name} has no budget any more."
        if amount_microusd is None
        else f"{status.name} may spend {dollars(amount_microusd)} each {period.value}."
    )
