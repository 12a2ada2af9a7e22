"""What the queue's own words are called on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import streamlit as st

from core.review.tasks import QueueItem, TaskFinding, TaskKind, TaskState, Verdict
from pages.parts.plain import label


class Words(NamedTuple):
    """A name with an icon, and what it means."""

    name: str
    icon: str
    meaning: str


KINDS = {
    TaskKind.FLAGGED: Words("Flagged", ":material/flag:", "The checks were not sure of the draft."),
    TaskKind.ASKED: Words("Asked for", ":material/front_hand:", "The person asked for a colleague."),
    TaskKind.REPORTED: Words(
        "Reported", ":material/thumb_down:", "The person says that the answer is wrong."
    ),
    TaskKind.STALE: Words("Stale", ":material/history:", "A source of a verified answer has changed."),
}
DONE = {
    Verdict.APPROVED: "approved the draft",
    Verdict.EDITED: "edited and approved the draft",
    Verdict.NOT_IN_DOCUMENTS: "answered that it is not in our documents",
    Verdict.REJECTED: "rejected the question",
}
_RULES = {
    "number": "A number does not stand in the cited source",
    "date": "A date or time does not stand in the cited source",
    "name": "A name does not stand in the cited source",
    "code": "An identifier does not stand in the cited source",
    "unit": "A number has another unit in the cited source",
    "misplaced": "A fact belongs to something else in the cited source",
    "changed": "It says something else than the cited source",
    "unsupported": "The cited source does not say this",
    "uncited": "It names no source",
    "unknown-citation": "It cites a source that was not found",
    "citation-added": "The citation was added by the program",
    "contradiction": "The sources differ",
    "link": "A link or address does not stand in the cited source",
    "personal-data": "Personal data does not stand in the sources",
    "source-changed": "A source has changed since the answer was verified",
}
_SHORT = {
    "number": "number not in the source",
    "date": "date not in the source",
    "name": "name not in the source",
    "code": "identifier not in the source",
    "unit": "other unit in the source",
    "misplaced": "fact out of place",
    "changed": "differs from the source",
    "unsupported": "not supported",
    "uncited": "no source named",
    "unknown-citation": "unknown source",
    "link": "unknown link",
    "source-changed": "source changed",
}


def rule(name: str) -> str:
    """What a rule has seen, as half a sentence; a rule without words of ours is named as it is."""
    return _RULES.get(name, f"Check “{label(name.replace('-', ' '))}”")


def why(name: str, says: str) -> str:
    """What is wrong, as a sentence: in the check's own words where it has any."""
    return label(says) or f"{rule(name)}."


def checks(findings: Sequence[TaskFinding]) -> str:
    """The checks that failed, in a few words; empty where none did."""
    names = dict.fromkeys(finding.rule for finding in findings if finding.action != "note")
    return ", ".join(_SHORT.get(name, name.replace("-", " ")) for name in names)


def kind_badge(kind: TaskKind) -> None:
    """Why a person is asked."""
    words = KINDS[kind]
    st.badge(words.name, icon=words.icon, color="gray", help=words.meaning)


def due_badge(item: QueueItem, now: datetime) -> None:
    """How the waiting time stands against the target."""
    left = item.due_at - now
    if left <= timedelta(0):
        st.badge(f"late by {span(-left)}", icon=":material/alarm:", color="red")
    elif left < (item.due_at - item.created_at) / 4:
        st.badge(f"{span(left)} left", icon=":material/schedule:", color="orange")
    else:
        st.badge(f"{span(left)} left", icon=":material/schedule:", color="green")


def holder_badge(item: QueueItem, own: bool, name: str) -> None:
    """Who works on it, or for whom it is kept; nothing where it is anybody's."""
    if own:
        st.badge("with you", icon=":material/person:", color="blue")
    elif item.state is TaskState.CLAIMED:
        st.badge(label(f"with {item.holder}"), icon=":material/person:", color="blue")
    elif item.assigned_to is not None:
        whom = "you" if item.assigned_to == name else item.assigned_to
        st.badge(label(f"kept for {whom}"), icon=":material/forward:", color="violet")


def span(time: timedelta) -> str:
    """A waiting time in whole minutes: 1 min, 2 h 5 min, 3 days."""
    minutes = max(1, round(time.total_seconds() / 60))
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{round(minutes / 60 / 24)} days"
