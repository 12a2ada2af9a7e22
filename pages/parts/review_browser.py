"""What only the browser knows or can do on the review screen: signs of life, and where the caret stands."""

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

_FOCUS = st.components.v2.component(
    "answerdesk_focus",
    js="""
export default function ({ data }) {
  let tries = 0;
  const look = () => {
    const field = document.querySelector(`.st-key-${data} textarea, .st-key-${data} input`);
    if (field) field.focus({ preventScroll: false });
    else if (tries++ < 40) frame = requestAnimationFrame(look);
  };
  let frame = requestAnimationFrame(look);
  return () => cancelAnimationFrame(frame);
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


def focus(field_key: str, key: str) -> None:
    """Put the caret into a field when this is drawn for the first time under its key."""
    _FOCUS(key=key, data=field_key, height=1)
