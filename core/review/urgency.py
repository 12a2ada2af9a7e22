"""Which question first, and until when.

A task is as urgent as the time that it has waited, plus a head start for its risk:

    urgency(t) = (t - created_at) + risk * HEAD_START          in hours
    risk       = the largest of: the kind's own, 1 - confidence, the worst finding's

so a wrong answer that somebody may be acting on overtakes a routine check-up by up to eight hours,
and no task waits for ever, because those that come later than eight hours after it stand behind it.
The order of two tasks never changes with time: urgency(t) falls as `urgent_from` = created_at -
risk * HEAD_START rises, and that is a column with an index.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from core.review.tasks import TaskFinding, TaskKind

HEAD_START = timedelta(hours=8)
# Somebody may act on a reported answer; a person who waits for a flagged one has none at all.
KIND_RISK = {TaskKind.REPORTED: 0.8, TaskKind.FLAGGED: 0.5, TaskKind.ASKED: 0.4, TaskKind.STALE: 0.1}
SEVERITY_RISK = {"high": 1.0, "medium": 0.6, "low": 0.3}


def risk(kind: TaskKind, confidence: float | None, findings: Iterable[TaskFinding]) -> float:
    """How bad it may be to wait, in [0, 1]."""
    doubt = 0.0 if confidence is None else 1.0 - min(max(confidence, 0.0), 1.0)
    return max([KIND_RISK[kind], doubt, *(SEVERITY_RISK.get(f.severity, 0.0) for f in findings)])


def urgent_from(
    created_at: datetime, kind: TaskKind, confidence: float | None, findings: Iterable[TaskFinding]
) -> datetime:
    """The key of the order: the earlier, the more urgent."""
    return created_at - HEAD_START * risk(kind, confidence, findings)
