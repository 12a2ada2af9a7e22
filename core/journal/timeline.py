"""One question as a timeline: its steps, each attempt with the outcome that closes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.journal.entries import Kind
from core.journal.lines import Line

OPEN_AFTER = timedelta(minutes=5)  # no call lasts longer, so its outcome will not come any more


class Defect(StrEnum):
    """What is wrong with a step, for everybody to see."""

    NO_OUTCOME = "no outcome"
    NO_ATTEMPT = "no attempt"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `outcome` is the line that closes an attempt, None while a call is under way.

    `since_start_s` counts seconds from the first step, `took_s` those from attempt to outcome; both
    are None where a time cannot be read.
    """

    line: Line
    since_start_s: float | None
    outcome: Line | None = None
    took_s: float | None = None
    defect: Defect | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """All steps of one question in their order; `complete` is false where the later ones are left out."""

    trace_id: str
    steps: tuple[Step, ...]
    complete: bool = True

    @property
    def took_s(self) -> float:
        """Seconds from the first step to the last entry."""
        return max((step.since_start_s or 0.0) + (step.took_s or 0.0) for step in self.steps)

    @property
    def cost_microusd(self) -> int:
        """What the outcomes of its model calls cost together."""
        outcomes = [step.outcome or step.line for step in self.steps]
        return sum(each.cost_microusd or 0 for each in outcomes if each.kind == Kind.MODEL_OUTCOME)

    @property
    def defects(self) -> int:
        """How many attempts and outcomes stand alone."""
        return sum(step.defect is not None for step in self.steps)


def timeline(lines: Sequence[Line], now: datetime, complete: bool = True) -> Timeline:
    """The timeline of a trace that has at least one entry, oldest first; `now` is UTC."""
    attempts = {line.seq for line in lines if line.kind == Kind.MODEL_ATTEMPT}
    # The first outcome closes an attempt; a second one stands alone, as a defect.
    closing: dict[int, Line] = {}
    for line in lines:
        if line.kind == Kind.MODEL_OUTCOME and line.closes in attempts:
            closing.setdefault(line.closes or 0, line)
    closers = {line.seq for line in closing.values()}
    began = lines[0].at
    steps = (_step(line, began, closing.get(line.seq), now) for line in lines if line.seq not in closers)
    return Timeline(lines[0].trace_id, tuple(steps), complete)


def _step(line: Line, began: datetime | None, outcome: Line | None, now: datetime) -> Step:
    defect = None
    if line.kind == Kind.MODEL_OUTCOME:
        defect = Defect.NO_ATTEMPT
    elif (
        line.kind == Kind.MODEL_ATTEMPT
        and outcome is None
        and (line.at is None or now - line.at > OPEN_AFTER)
    ):
        defect = Defect.NO_OUTCOME
    took_s = None if outcome is None else _seconds(line.at, outcome.at)
    return Step(line, _seconds(began, line.at), outcome, took_s, defect)


def _seconds(earlier: datetime | None, later: datetime | None) -> float | None:
    return None if earlier is None or later is None else (later - earlier).total_seconds()
