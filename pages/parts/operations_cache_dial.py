"""The dial of the cache: how alike two questions must be, with the measured error beside each notch."""

from __future__ import annotations

import streamlit as st

from core.operations.cache import CacheOperations
from core.semantic_cache.dial import Notch
from core.types import Person
from pages.parts import operations_notice


def draw(cache: CacheOperations, person: Person) -> None:
    """The notches to choose from; the one in force says so."""
    dial = cache.dial(person)
    names = list(dial.notches)
    with st.container(border=True, key="cache-dial"):
        st.subheader("How alike questions must be", anchor=False)
        st.caption(
            "Beside each notch stands what it did when it was measured: the share of questions that got an "
            "answer again, and the share that got a wrong one. The second look that the search for documents "
            "gives was left out, so in use the errors are fewer."
        )
        chosen = st.radio(
            "Notch",
            names,
            index=names.index(dial.chosen),
            format_func=lambda name: _name(name, dial.notches[name], name == dial.chosen),
            captions=[_measured(notch) for notch in dial.notches.values()],
            # Under a new key the radio stands at the notch in force again, whoever turned it.
            key=f"cache-notch-{dial.chosen}",
            label_visibility="collapsed",
        )
        st.button(
            f"Use the notch {chosen}",
            key="use-notch",
            type="primary",
            disabled=chosen == dial.chosen,
            on_click=_turn,
            args=(cache, person, chosen),
        )


def _name(name: str, notch: Notch, in_force: bool) -> str:
    said = f"{name.capitalize()}, alike from {notch.threshold:.2f} on"
    return f"{said} :gray-badge[in force]" if in_force else said


def _measured(notch: Notch) -> str:
    (staff_hits, staff_wrong), (bank_hits, bank_wrong) = notch.employees, notch.customers
    return (
        f"Employees' questions full of traps: {staff_hits:.1f} % again, {staff_wrong:.2f} % wrong. "
        f"A bank's customers: {bank_hits:.1f} % again, {bank_wrong:.2f} % wrong."
    )


def _turn(cache: CacheOperations, person: Person, notch: str) -> None:
    def work() -> str:
        cache.turn(person, notch)
        return f"The cache uses the notch {notch}. It holds in every process within seconds."

    operations_notice.attempt(work)
