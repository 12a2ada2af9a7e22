"""The deployments at work: how each one is, switched off and on, tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from core.bootstrap import Desk
from core.gateway.station import SEEN_S
from core.operations.providers import Health, OffReason, ProviderStatus
from core.types import Person, Role
from pages import require
from pages.parts import operations_notice, operations_provider_card, operations_traffic
from pages.parts.plain import label
from pages.parts.wording import count, duration

REFRESH_S = 5
_ASKED = "switch-off-asked"


def draw(desk: Desk, person: Person) -> None:
    """The section; its figures are read again every few seconds."""
    st.fragment(_live, run_every=REFRESH_S)(desk)
    asked = st.session_state.pop(_ASKED, None)
    found = [one for one in desk.operations.providers.all(person) if one.now.name == asked]
    if found:
        confirm_off(desk, person, found[0])


def _live(desk: Desk) -> None:
    person = require(Role.ADMINISTRATOR)
    found = desk.operations.providers.all(person)
    if not found:
        st.info("The models file names no deployment. Add one to it and restart.", icon=":material/info:")
        return
    st.caption(f"{_summary(found)}. Figures are of this process in the last {duration(SEEN_S)}.")
    operations_traffic.draw(found)
    for status in found:
        if operations_provider_card.draw(desk, person, status):
            st.session_state[_ASKED] = status.now.name
            # The dialog belongs to the whole page: the next refresh of this part must not close it.
            st.rerun(scope="app")


def _summary(found: Sequence[ProviderStatus]) -> str:
    counts = Counter(status.health for status in found)
    named = ", ".join(f"{counts[health]} {health}" for health in Health if counts[health])
    return f"{count(len(found), 'deployment')}: {named}"


@st.dialog("Switch this deployment off?")
def confirm_off(desk: Desk, person: Person, status: ProviderStatus) -> None:
    """Ask once, with the reason, then switch off."""
    name = status.now.name
    st.write(f"{label(name)} gets no requests until an administrator switches it on, also after a restart.")
    if not status.stand_ins:
        st.warning(
            f"Nothing else answers for {label(status.now.route)}: its requests fail meanwhile.",
            icon=":material/warning:",
        )
    st.selectbox("Reason", list(OffReason), key="off-reason", format_func=_sentence)
    if st.button(
        "Switch off",
        key="confirm-off",
        type="primary",
        icon=":material/power_settings_new:",
        on_click=_switch_off,
        args=(desk, person, name),
    ):
        st.rerun()


def _switch_off(desk: Desk, person: Person, name: str) -> None:
    reason = OffReason(st.session_state["off-reason"])

    def work() -> str:
        desk.operations.providers.switch_off(person, name, reason)
        return f"{name} is switched off."

    operations_notice.attempt(work)


def _sentence(reason: OffReason) -> str:
    return reason.value[0].upper() + reason.value[1:]
