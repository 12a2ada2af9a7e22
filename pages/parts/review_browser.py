"""What only the browser knows or can do on the review screen: signs of life, and where the caret stands."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

EVERY_S = 60
FOCUS_WITHIN_S = 10

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
  // The field may come later than this, and loses the caret when it is drawn anew.
  const ends = performance.now() + data.longestMs;
  let held = 0;
  const look = () => {
    const field = document.querySelector(`.st-key-${data.field} textarea, .st-key-${data.field} input`);
    held = field && document.activeElement === field ? held + 1 : 0;
    if (field && held === 0) field.focus({ preventScroll: false });
    if (held < 10 && performance.now() < ends) frame = requestAnimationFrame(look);
  };
  let frame = requestAnimationFrame(look);
  // Whoever clicks elsewhere meanwhile wants the caret there.
  const stop = () => cancelAnimationFrame(frame);
  document.addEventListener("pointerdown", stop, { capture: true });
  return () => {
    stop();
    document.removeEventListener("pointerdown", stop, { capture: true });
  };
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
    _FOCUS(key=key, data={"field": field_key, "longestMs": FOCUS_WITHIN_S * 1000}, height=1)
