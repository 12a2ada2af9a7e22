"""A document's text with some stretches marked, drawn as plain characters and never as markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from pages.parts import text_box

_READER = st.components.v2.component(
    "answerdesk_reader",
    html="""<div class="text" role="document" tabindex="0"></div>""",
    css=text_box.CSS
    + """
mark {
  color: inherit;
  background: color-mix(in srgb, var(--st-primary-color) 22%, transparent);
  box-shadow: 0 0 0 2px color-mix(in srgb, var(--st-primary-color) 22%, transparent);
  border-radius: 2px;
}
""",
    js="""
export default function ({ data, parentElement }) {
  const box = parentElement.querySelector(".text");
  box.style.setProperty("--box-height", data.height + "px");
  box.setAttribute("aria-label", data.title);
  box.replaceChildren(
    ...data.parts.map(([text, marked]) => {
      const part = document.createElement(marked ? "mark" : "span");
      part.textContent = text;
      return part;
    }),
  );
  const first = box.querySelector("mark");
  const top = first ? first.offsetTop - box.offsetTop - box.clientHeight / 4 : 0;
  box.scrollTop = Math.max(0, top);
}
""",
)


def draw(
    title: str, text: str, marks: Sequence[tuple[int, int]] = (), *, height_px: int = 420, key: str
) -> None:
    """Show the text, scrolled to the first of the marked spans (character offsets)."""
    parts = [[part, marked] for part, marked in split(text, marks) if part]
    _READER(key=key, data={"title": title, "parts": parts, "height": height_px})


def split(text: str, marks: Sequence[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    """The text in order, in pieces that are marked or not; marks may overlap."""
    end = 0
    for start, stop in sorted(marks):
        start, stop = max(start, end), min(stop, len(text))
        if start < stop:
            yield text[end:start], False
            yield text[start:stop], True
            end = stop
    yield text[end:], False
