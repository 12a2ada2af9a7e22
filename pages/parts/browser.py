"""What only the browser can do: keep a cookie, reload the page, fill the clipboard."""

from __future__ import annotations

import streamlit as st

_CALL_SERVER = st.components.v2.component(
    "answerdesk_call_server",
    js="""
const called = new Set();
export default function ({ data, setTriggerValue }) {
  if (called.has(data.id)) return;
  called.add(data.id);
  fetch(data.path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ticket: data.ticket }),
  })
    .then((answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      if (data.reload) window.location.reload();
      else setTriggerValue("outcome", "done");
    })
    .catch(() => setTriggerValue("outcome", "failed"));
}
""",
)

_COPY = st.components.v2.component(
    "answerdesk_copy",
    html="""<button type="button"><span aria-live="polite">Copy</span></button>""",
    css="""
button {
  font-family: var(--st-font);
  font-size: 0.875rem;
  line-height: 1.5;
  min-height: 2rem;
  padding: 0 0.5rem;
  border: 0;
  border-radius: var(--st-button-radius);
  background: transparent;
  color: var(--st-text-color);
  cursor: pointer;
}
button:hover { color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); }
""",
    js="""
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  const label = parentElement.querySelector("span");
  let timer;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(data);
      label.textContent = "Copied";
    } catch {
      label.textContent = "Not allowed here";
    }
    clearTimeout(timer);
    timer = setTimeout(() => (label.textContent = "Copy"), 2000);
  };
  return () => clearTimeout(timer);
}
""",
)


def call_server(path: str, *, call_id: str, ticket: str = "", reload: bool) -> str | None:
    """Let the browser post to an address of ours, once for each `call_id`.

    After a success the page reloads, or "done" is returned by a later run; "failed" otherwise.
    """
    data = {"path": path, "id": call_id, "ticket": ticket, "reload": reload}
    result = _CALL_SERVER(key="call-server", data=data, height=1, on_outcome_change=lambda: None)
    outcome: str | None = result.outcome
    return outcome


def copy_button(text: str, key: str) -> None:
    """A quiet button that puts the text into the clipboard."""
    _COPY(key=key, data=text, width="content")
