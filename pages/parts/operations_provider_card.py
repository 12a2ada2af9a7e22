"""One deployment: its health in a word, its figures, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.operations.providers import Health, ProviderStatus
from core.types import Person
from pages.parts import operations_notice
from pages.parts.plain import label
from pages.parts.wording import count, duration, moment, money

_TRIALS = "operations-trials"
_ERROR_CHARS = 200
_LOOKS: dict[Health, tuple[str, str]] = {
    Health.HEALTHY: ("green", ":material/check_circle:"),
    Health.UNUSED: ("gray", ":material/schedule:"),
    Health.SHAKY: ("orange", ":material/warning:"),
    Health.SLOW: ("orange", ":material/hourglass_top:"),
    Health.RESTING: ("red", ":material/error:"),
    Health.PROBED: ("orange", ":material/troubleshoot:"),
    Health.OFF: ("red", ":material/power_settings_new:"),
    Health.UNPRICED: ("red", ":material/money_off:"),
}
_REASONS = {
    "rate_limited": "it asked to wait",
    "auth": "its key or name is not accepted",
    "unavailable": "it is out of order",
    "timeout": "it was silent",
    "protocol": "it broke off its answers",
    "slow": "it is slow to begin",
}


def draw(desk: Desk, person: Person, status: ProviderStatus) -> bool:
    """The card; whether the person asked to switch the deployment off."""
    with st.container(border=True, key=f"provider-{status.now.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{label(status.now.name)}**", width="content")
                _badge(status.health)
            asked, tested = _buttons(desk, person, status)
        st.caption(label(", ".join(_facts(status))))
        for sentence in _sentences(status):
            st.markdown(label(sentence))
        _figures(status)
        if tested:
            _test(desk, person, status.now.name)
        _trial(status.now.name)
    return asked


def _badge(health: Health) -> None:
    color, icon = _LOOKS[health]
    st.badge(health.value, icon=icon, color=color)  # type: ignore[arg-type]


def _buttons(desk: Desk, person: Person, status: ProviderStatus) -> tuple[bool, bool]:
    name, asked = status.now.name, False
    with st.container(horizontal=True, width="content", gap="small"):
        tested = st.button("Test now", key=f"test-{name}", icon=":material/network_check:")
        if status.health is Health.OFF:
            st.button(
                "Switch on",
                key=f"on-{name}",
                icon=":material/power_settings_new:",
                type="primary",
                on_click=_switch_on,
                args=(desk, person, name),
            )
        else:
            asked = st.button("Switch off", key=f"off-{name}", icon=":material/power_settings_new:")
    return asked, tested


def _switch_on(desk: Desk, person: Person, name: str) -> None:
    def work() -> str:
        desk.operations.providers.switch_on(person, name)
        return f"{name} is switched on."

    operations_notice.attempt(work)


def _facts(status: ProviderStatus) -> list[str]:
    now = status.now
    return [
        f"answers for {now.route}",
        *([f"model {now.model}"] if now.model != now.route else []),
        f"provider {now.provider}",
        *([f"region {now.region}"] if now.region else []),
        f"may see {now.data_class} text",
    ]


def _sentences(status: ProviderStatus) -> list[str]:
    """What an administrator must know about the state."""
    now, off = status.now, status.off
    if off is not None:
        return [f"Switched off by {off.by} on {moment(off.at)}: {off.reason}."]
    because = _REASONS.get(now.reason, now.reason)
    if status.health in (Health.RESTING, Health.SLOW):
        left = (
            f"for {duration(now.cooldown_left_s)} more" if now.cooldown_left_s else "until the next request"
        )
        return [f"The circuit is open {left}, because {because}. Then one request tries it again."]
    if status.health is Health.UNPRICED:
        return [
            f"It is never called, because nobody knows what {now.model} costs. Put its price into the prices "
            "file, or its costs for a token into its entry in the models file, and restart: 0 is a price."
        ]
    if status.health is Health.PROBED:
        return [f"The circuit was open, because {because}. One request is trying it at this moment."]
    return []


def _figures(status: ProviderStatus) -> None:
    now = status.now
    figures = {
        "p50": "none yet" if now.latency_p50_s is None else duration(now.latency_p50_s),
        "p95": "none yet" if now.latency_p95_s is None else duration(now.latency_p95_s),
        "attempts": f"{now.attempts:,}",
        "errors": f"{now.errors:,}",
        "in progress": f"{now.in_flight:,}",
        "share of route": f"{now.traffic_share * 100:.0f} %",
    }
    with st.container(horizontal=True, gap="small"):
        for name, value in figures.items():
            with st.container(width=96, gap=None):
                st.markdown(f"**{value}**")
                st.caption(name)
    if now.errors and now.last_error:
        st.caption(f"Last error: {label(now.last_error[:_ERROR_CHARS])}")


def _test(desk: Desk, person: Person, name: str) -> None:
    with st.spinner(f"Asking {label(name)}"):
        try:
            trial = desk.operations.providers.test(person, name)
        except AnswerdeskError as exc:
            result = (False, f"The test failed. {exc}")
        else:
            tokens = trial.finish.prompt_tokens + trial.finish.completion_tokens
            result = (
                True,
                f"It answered in {duration(trial.seconds)}: {count(tokens, 'token')}, "
                f"{money(trial.finish.cost_microusd)}.",
            )
    # Kept, because the next refresh may come before this run has drawn it.
    st.session_state.setdefault(_TRIALS, {})[name] = result


def _trial(name: str) -> None:
    worked, said = st.session_state.get(_TRIALS, {}).get(name, (True, ""))
    if said and worked:
        st.success(label(said), icon=":material/check_circle:")
    elif said:
        st.warning(label(said), icon=":material/info:")
