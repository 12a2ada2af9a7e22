"""Choosing who may read."""

from __future__ import annotations

import streamlit as st

from core.identity import Department
from core.types import Readership
from pages.parts.plain import label

EVERYONE = "Everyone"
DEPARTMENTS = "Some departments"


def choose(departments: list[Department], chosen: Readership, key: str) -> Readership:
    """Everyone, or the people of some departments; begins with `chosen`."""
    names = {department.id: department.name for department in departments}
    whom = st.radio(
        "Who may read",
        [EVERYONE, DEPARTMENTS],
        index=0 if chosen.departments is None else 1,
        horizontal=True,
        key=f"{key}-whom",
    )
    if whom == EVERYONE:
        return Readership.everyone()
    named = st.multiselect(
        "Departments",
        list(names),
        default=sorted((chosen.departments or frozenset()) & names.keys()),
        format_func=lambda named: label(names[named]),
        placeholder="Choose departments",
        label_visibility="collapsed",
        key=f"{key}-departments",
    )
    return Readership.of(named)
