"""What only the browser knows on the review screen: signs of life."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

EVERY_S = 60

_ACTIVITY = st.components.v2.component(
    "answerdesk_activity",
    js="""
let told = Date.now();
export default function ({ data, setTriggerValue }) {
  const note = () => {
    if (Date.now() - told < data.everyMs) return;
    told = Date.now();
    setTriggerValue("active", told);
  };
  const kinds = ["keydown", "pointerdown", "wheel"];
  kinds.forEach((kind) => document.addEventListener(kind, note, { capture: true, passive: true }));
  return () => kinds.forEach((kind) => document.removeEventListener(kind, note, { capture: true }));
}
""",
)


def activity(key: str, told: Callable[..., None], *args: object) -> None:
    """Call `told(*args)` when the person types, clicks or scrolls, once a minute at most."""
    _ACTIVITY(
        key=key,
        data={"everyMs": EVERY_S * 1000},
        height=1,
        width=1,
        on_active_change=lambda: told(*args),
    )
