"""The draft with the sentences marked that no check could confirm, and what was found in each."""

from __future__ import annotations

import streamlit as st

from core.answering.answer import Answer
from core.review.tasks import Task, TaskFinding
from pages.parts import review_words, text_box
from pages.parts.plain import answer as safe_markdown
from pages.parts.plain import label
from pages.parts.review_marks import Mark, marks, pieces

_SEVERITIES = ("high", "medium", "low")
_COLOURS = {"high": "red", "medium": "orange"}
# Plain characters, never markup: a draft may imitate anything. A mark is a wavy line and a letter.
_DRAFT = st.components.v2.component(
    "answerdesk_draft",
    html="""<div class="text" role="document" aria-label="Draft" tabindex="0"></div>""",
    css=text_box.CSS
    + """
.text { line-height: 1.75; }
mark {
  color: inherit;
  background: color-mix(in srgb, var(--st-orange-color) 14%, transparent);
  text-decoration: underline wavy var(--st-orange-color) 1px;
  text-underline-offset: 0.28em;
}
sup {
  margin-left: 0.15em;
  padding: 0 0.3em;
  border: 1px solid var(--st-orange-color);
  border-radius: 3px;
  font-size: 0.6875rem;
  font-weight: 600;
  line-height: 1;
}
.cite {
  margin: 0 0.1em;
  padding: 0 0.4em;
  border-radius: 4px;
  background: color-mix(in srgb, var(--st-text-color) 12%, transparent);
  font-size: 0.8125rem;
  font-variant-numeric: tabular-nums;
}
""",
    js="""
export default function ({ data, parentElement }) {
  const box = parentElement.querySelector(".text");
  const nodes = [];
  data.forEach(([text, letter, cited], index) => {
    const part = document.createElement(cited ? "span" : letter ? "mark" : "span");
    if (cited) part.className = "cite";
    part.textContent = text;
    nodes.push(part);
    const next = data[index + 1];
    if (letter && (!next || next[1] !== letter)) {
      const sign = document.createElement("sup");
      sign.textContent = letter;
      sign.setAttribute("aria-label", "see finding " + letter);
      nodes.push(sign);
    }
  });
  box.replaceChildren(...nodes);
}
""",
)


def draw(task: Task) -> None:
    """The draft, its legend and the findings; a sentence where there is no draft."""
    found = marks(task.draft.text if task.draft else "", task.item.findings)
    with st.container(gap="small", key="draft"):
        st.subheader("Draft", anchor=False)
        if task.draft is None:
            st.caption("There is no draft. Write the answer, or say that it is not in our documents.")
        else:
            _draft(task, task.draft, found)
        if task.shown is not None:
            st.caption("The person who asked has read this much of it already:")
            st.markdown(safe_markdown(task.shown.text))
        with st.container(gap="xsmall", key="findings"):
            for mark in found:
                _findings(mark)


def _draft(task: Task, draft: Answer, found: list[Mark]) -> None:
    st.caption(_about(task, draft))
    _DRAFT(key=f"draft-{task.id}", data=[list(piece) for piece in pieces(draft.text, found)])
    for note in draft.notes:
        st.caption(f":material/info: {label(note)}")
    lettered = [mark.letter for mark in found if mark.letter]
    if lettered:
        which = lettered[0] if len(lettered) == 1 else f"{lettered[0]} to {lettered[-1]}"
        st.caption(
            f"Underlined and lettered {which}: did not pass a check, see below. Numbers lead to the evidence."
        )
    elif draft.citations:
        st.caption("No sentence is marked. Numbers lead to the evidence.")


def _about(task: Task, draft: Answer) -> str:
    facts = []
    if draft.provider:
        facts.append("Written by the built-in model" if draft.provider == "embedded" else _model(draft))
    if task.item.confidence is not None:
        facts.append(f"confidence {task.item.confidence:.0%}: the probability that it is right")
    return " · ".join(facts) or "As the person has it"


def _model(draft: Answer) -> str:
    return f"Written by {label(draft.model)} at {label(draft.provider)}"


def _findings(mark: Mark) -> None:
    worst = min(mark.findings, key=_rank)
    severity = "note" if worst.action == "note" else label(f"{worst.severity} risk")
    colour = "gray" if worst.action == "note" else _COLOURS.get(worst.severity, "gray")
    said = dict.fromkeys(review_words.why(each.rule, each.says) for each in mark.findings)
    # One line of Markdown, so that it wraps as a whole on a narrow screen.
    badges = [*([f":orange-badge[{mark.letter}]"] if mark.letter else []), f":{colour}-badge[{severity}]"]
    st.markdown(" ".join([*badges, *said]))
    if mark.sentence and not mark.letter:
        st.caption(label(f"“{mark.sentence}”"))


def _rank(finding: TaskFinding) -> tuple[bool, int]:
    order = _SEVERITIES.index(finding.severity) if finding.severity in _SEVERITIES else len(_SEVERITIES)
    return finding.action == "note", order
