"""One question from its first step to its last."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import streamlit as st

from core.audit import evidence
from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.journal.lines import Line
from core.journal.timeline import Defect, Step, Timeline
from core.types import Person
from pages.parts import audit_facts, audit_list, audit_names, audit_sources, audit_words
from pages.parts.audit_said_gateway import latency
from pages.parts.plain import label
from pages.parts.wording import count, duration, moment, money

OFFSET_PX = 64
_DEFECTS = {
    Defect.NO_OUTCOME: "This call has no outcome: the process that made it ended before it was written.",
    Defect.NO_ATTEMPT: "This outcome belongs to no call that was written down before.",
}


class _Known(NamedTuple):
    """What turns the ids of an entry into words: names of departments, passages, and which are cited."""

    departments: Mapping[str, str]
    sources: audit_sources.Sources
    cited: Collection[int]


def draw(desk: Desk, person: Person, trace_id: str, departments: Mapping[str, str]) -> None:
    """The timeline of a question, or a sentence when there is none."""
    try:
        found = desk.audit.timeline(person, trace_id)
    except AnswerdeskError as exc:
        st.info(str(exc), icon=":material/info:")
        return
    names = audit_names.shown(desk, person, (step.line.person for step in found.steps))
    cited = {chunk for step in found.steps for chunk in evidence.cited(step.line.data)}
    known = _Known(departments, desk.audit.sources(person, found), cited)
    with st.container(border=True, key="timeline"):
        _heading(found, names, departments)
        for step in found.steps:
            _step(step, known)
        if not found.complete:
            st.caption("Later steps are left out here. Export the entries to read them all.")


def _heading(found: Timeline, names: Mapping[str, str], departments: Mapping[str, str]) -> None:
    first = found.steps[0].line
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.subheader("Timeline", anchor=False, width="stretch")
        st.button(
            "Close", key="close-timeline", icon=":material/close:", type="tertiary", on_click=audit_list.close
        )
    said = [
        "" if first.at is None else moment(first.at),
        names.get(first.person or "", ""),
        departments.get(first.department or "", first.department or ""),
        count(len(found.steps), "step"),
        f"took {duration(found.took_s)}",
        f"cost {money(found.cost_microusd)}" if found.cost_microusd else "",
    ]
    st.caption(label(", ".join(filter(None, said))))
    if found.defects:
        st.warning(
            f"{count(found.defects, 'model call')} of this question "
            f"{'is' if found.defects == 1 else 'are'} not on record from beginning to end.",
            icon=":material/warning:",
        )


def _step(step: Step, known: _Known) -> None:
    words = audit_words.kind(step.line.kind)
    with st.container(horizontal=True, wrap=False, gap="small", key=f"step-{step.line.seq}"):
        with st.container(width=OFFSET_PX):
            st.caption(_offset(step.since_start_s))
        with st.container(gap="xsmall", width="stretch"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"{words.icon} **{label(words.name)}**", width="content")
                _badge(step)
            _content(step, known)


def _badge(step: Step) -> None:
    outcome = (step.outcome or step.line).outcome
    if step.defect is not None:
        st.badge(audit_words.words(step.defect.value), icon=":material/warning:", color="red")
    elif outcome:
        st.badge(label(audit_words.words(outcome)), color=audit_words.colour(outcome))
    elif step.line.kind == "model_attempt" and step.outcome is None:
        st.badge("Under way", icon=":material/pending:", color="orange")


def _content(step: Step, known: _Known) -> None:
    line, data = step.outcome or step.line, _data(step)
    if step.defect is not None:
        st.caption(f":red[{_DEFECTS[step.defect]}]")
    said = [
        " / ".join(filter(None, [line.provider, line.model])),
        # What the provider took says more than how far two entries are apart.
        latency(data) or (f"took {_exactly(step.took_s)}" if step.took_s is not None else ""),
        f"cost {money(line.cost_microusd)}" if line.cost_microusd is not None else "",
        audit_facts.facts(step.line, data, known.departments),
    ]
    facts = ", ".join(filter(None, said))
    if facts:
        # A provider's name is written as it is.
        st.caption(label(facts if line.provider else audit_facts.sentence(facts)))
    text = data.get("text")
    if isinstance(text, str) and text.strip():
        st.text(text)
    audit_sources.draw(step.line, known.sources, known.cited)
    _details(step)


def _details(step: Step) -> None:
    entries = [step.line, *([step.outcome] if step.outcome else [])]
    numbers = " and ".join(f"{entry.seq:,}" for entry in entries)
    title = f"Entry {numbers}" if len(entries) == 1 else f"Entries {numbers}"
    with st.expander(title, type="compact"):
        for entry in entries:
            st.code(_as_json(entry), language=None, wrap_lines=True)


def _data(step: Step) -> dict[str, Any]:
    return step.line.data if step.outcome is None else {**step.line.data, **step.outcome.data}


def _as_json(line: Line) -> str:
    shown = {"data": line.data, "hash": line.hash, "trace_id": line.trace_id}
    return json.dumps(shown, ensure_ascii=False, indent=1)


def _offset(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    return f"+{_exactly(seconds)}"


def _exactly(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else duration(seconds)
