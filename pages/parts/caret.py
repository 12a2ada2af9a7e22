"""Where the caret stands, which only the browser can set."""

from __future__ import annotations

import streamlit as st

FOCUS_WITHIN_S = 10

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


def focus(field_key: str, key: str) -> None:
    """Put the caret into a field when this is drawn for the first time under its key."""
    _FOCUS(key=key, data={"field": field_key, "longestMs": FOCUS_WITHIN_S * 1000}, height=1)
