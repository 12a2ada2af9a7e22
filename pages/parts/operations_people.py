"""People and departments: the list, its search, and what adds to it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.bootstrap import Desk
from core.operations.accounts import Account
from core.types import Person, Role
from pages.parts import operations_new, operations_person
from pages.parts.wording import count

PARAMETER = "account"
ROW_PX = 33
ROWS = 12
ROWS_BESIDE_DETAILS = 6
_TURN = "people-turn"


def draw(desk: Desk, person: Person) -> None:
    """The section."""
    everybody = desk.operations.people.all(person)
    operations_new.password_panel()
    with st.container(horizontal=True, vertical_alignment="center"):
        search = st.text_input(
            "Search people",
            key="search-people",
            placeholder="Search by name, address or department",
            label_visibility="collapsed",
            icon=":material/search:",
        )
        if st.button("Add a person", key="add-person", icon=":material/person_add:", type="primary"):
            operations_new.add_person(desk, person)
        if st.button("Add a department", key="add-department", icon=":material/domain_add:"):
            operations_new.add_department(desk, person)
    _list(desk, person, search)
    opened = [account for account in everybody if account.id == _opened()]
    if opened:
        operations_person.draw(desk, person, opened[0], close)
    demonstration = [account for account in everybody if account.demonstration and account.active]
    if demonstration:
        _demonstration(desk, person, len(demonstration))


def close() -> None:
    """Open nobody's details any more."""
    st.query_params.pop(PARAMETER, None)
    # Only under a new key does the table forget its selected row.
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def _list(desk: Desk, person: Person, search: str) -> None:
    found = desk.operations.people.all(person, search)
    if not found:
        st.caption("Nobody matches this.")
        return
    st.caption(f"{_counted(found)}. Choose one to change it.")
    key = f"people-table-{st.session_state.get(_TURN, 0)}"
    st.dataframe(
        _frame(found),
        key=key,
        hide_index=True,
        height=ROW_PX * min(len(found) + 1, ROWS if _opened() is None else ROWS_BESIDE_DETAILS) + 3,
        on_select=lambda: _selected(key, found),
        selection_mode="single-row",
        column_config={
            "Name": st.column_config.TextColumn(width=170),
            "Address": st.column_config.TextColumn(width=270),
            "Department": st.column_config.TextColumn(width=130),
            "Roles": st.column_config.TextColumn(width=200),
            "State": st.column_config.TextColumn(width=150),
        },
    )


def _counted(found: Sequence[Account]) -> str:
    """How many there are; what only the demonstration brought along is said for itself."""
    people = [account for account in found if account.active or not account.demonstration]
    closed = sum(not account.active for account in people)
    made_up = len(found) - len(people)
    return (
        f"{count(len(people), 'account')}{f', {closed} of them closed' if closed else ''}"
        f"{f', and {made_up} closed ones of the demonstration' if made_up else ''}"
    )


def _frame(found: Sequence[Account]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Name": [account.name for account in found],
            "Address": [account.email for account in found],
            "Department": [account.department_name for account in found],
            "Roles": [", ".join(sorted(account.roles - {Role.EMPLOYEE})) or "employee" for account in found],
            "State": [_state(account) for account in found],
        }
    )


def _state(account: Account) -> str:
    state = "open" if account.active else "closed"
    return f"{state}, demonstration" if account.demonstration else state


def _opened() -> int | None:
    named = st.query_params.get(PARAMETER, "")
    return int(named) if named.isascii() and named.isdigit() and len(named) < 16 else None


def _selected(key: str, found: Sequence[Account]) -> None:
    rows = st.session_state[key].selection.rows
    if rows and rows[0] < len(found):
        st.query_params[PARAMETER] = str(found[rows[0]].id)
    else:
        st.query_params.pop(PARAMETER, None)


def _demonstration(desk: Desk, person: Person, number: int) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{count(number, 'demonstration account')} can be used by everybody who sees the sign-in page.",
            width="stretch",
        )
        if st.button("Close them", key="close-demonstration", icon=":material/group_off:"):
            operations_new.close_demonstration(desk, person, number)
