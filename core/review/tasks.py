"""The words of the queue: tasks, what was seen about their drafts, and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.answering.answer import Answer
from core.answering.confidence import Signs
from core.tables import departments, people, review_tasks
from core.types import Chunk, DataClass, Passage, VerifiedText


class TaskKind(StrEnum):
    """Why a person is asked. The stored values are never renamed."""

    FLAGGED = "flagged"
    ASKED = "asked"
    REPORTED = "reported"
    STALE = "stale"


class TaskState(StrEnum):
    """Where a task stands. CLAIMED is not stored: it is OPEN while somebody's lease runs."""

    OPEN = "open"
    CLAIMED = "claimed"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """How a task was resolved. The stored values are never renamed."""

    APPROVED = "approved"
    EDITED = "edited"
    NOT_IN_DOCUMENTS = "not_in_documents"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class TaskFinding:
    """What a check saw: the rule's id, its severity (low, medium, high), and what it asks for
    (block, flag, note). `sentence` is the part of the draft that it is about, or empty; `says` is what
    is wrong with it, in words for the reviewer."""

    rule: str
    severity: str
    action: str
    sentence: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True)
class NewTask:
    """What is known when a question is handed to a person.

    `question` is its stand-alone form; `draft` what a model wrote, if it wrote anything;
    `confidence` the probability in [0, 1] that the draft is right, and `signs` what it was made from,
    where they are known; `passages` the evidence, best first; `reason` the asker's own words about
    why; `shown` the sentences of the draft that the asker has read already.
    """

    trace_id: str
    question: str
    draft: Answer | None = None
    findings: tuple[TaskFinding, ...] = ()
    confidence: float | None = None
    passages: tuple[Passage, ...] = ()
    reason: str = ""
    signs: Signs | None = None
    shown: Answer | None = None


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A task as the queue shows it. `holder` is who works on it right now."""

    id: int
    kind: TaskKind
    state: TaskState
    question: str
    department: str
    findings: tuple[TaskFinding, ...]
    confidence: float | None
    created_at: datetime
    due_at: datetime
    holder: str | None
    assigned_to: str | None


@dataclass(frozen=True, slots=True)
class Task:
    """A task opened for its reviewer.

    `evidence` is numbered from 1 as the draft cites it: what the draft cites comes first, in the
    order of its numbers. `shown` is what the asker has read of the draft. `lease_until` is set while
    `holder` works on it, and afterwards until the decision can no longer be undone. `answered_with` is
    the task with an equal question whose decision has answered this one as well; its words are there.
    """

    item: QueueItem
    trace_id: str
    asker_id: int | None
    asker: str | None
    conversation_id: int | None
    message_id: int | None
    reply_id: int | None
    verified_id: int | None
    reason: str
    draft: Answer | None
    evidence: tuple[Passage, ...]
    readers: str
    holder_id: int | None
    lease_until: datetime | None
    verdict: Verdict | None
    decided_by: str | None
    decided_by_id: int | None
    decided_at: datetime | None
    decision_reason: str
    given_text: str
    shown: Answer | None = None
    answered_with: int | None = None

    @property
    def id(self) -> int:
        """The task's number."""
        return self.item.id


def passage_json(passage: Passage) -> dict[str, Any]:
    """A form that JSON can hold; the text for the indexes is left out, and that of an answer's sources.

    These are passages of their own.
    """
    chunk = passage.chunk
    verified = chunk.verified
    if verified is not None:
        bare = tuple(replace(source, text="", indexed_text="") for source in verified.sources)
        verified = replace(verified, sources=bare)
    return asdict(replace(passage, chunk=replace(chunk, indexed_text="", verified=verified)))


def passage_of(data: Mapping[str, Any]) -> Passage:
    """The inverse of `passage_json`."""
    return Passage(_chunk_of(data["chunk"]), data["bm25"], data["cosine"], data["score"])


def _chunk_of(kept: Mapping[str, Any]) -> Chunk:
    verified = kept.get("verified")
    if verified is not None:
        verified = VerifiedText(**{**verified, "sources": tuple(map(_chunk_of, verified["sources"]))})
    own = {"heading_path": tuple(kept["heading_path"]), "data_class": DataClass(kept["data_class"])}
    return Chunk(**{**kept, **own, "verified": verified})


_holder, _assignee, _asker, _decider = (
    people.alias(name) for name in ("holder", "assignee", "asker", "decider")
)

_JOINED = (
    review_tasks.join(departments, review_tasks.c.department_id == departments.c.id)
    .outerjoin(_holder, review_tasks.c.holder_id == _holder.c.id)
    .outerjoin(_assignee, review_tasks.c.assigned_to == _assignee.c.id)
)
ITEM: sa.Select[Any] = sa.select(
    *(review_tasks.c[name] for name in ("id", "kind", "state", "question", "findings", "confidence")),
    *(review_tasks.c[name] for name in ("created_at", "due_at", "lease_until")),
    departments.c.name.label("department"),
    _holder.c.name.label("holder"),
    _assignee.c.name.label("assignee"),
).select_from(_JOINED)
WHOLE: sa.Select[Any] = sa.select(
    review_tasks,
    departments.c.name.label("department"),
    _holder.c.name.label("holder"),
    _assignee.c.name.label("assignee"),
    _asker.c.name.label("asker"),
    _decider.c.name.label("decider"),
).select_from(
    _JOINED.outerjoin(_asker, review_tasks.c.asker_id == _asker.c.id).outerjoin(
        _decider, review_tasks.c.decided_by == _decider.c.id
    )
)


def item_of(row: sa.Row[Any], now: datetime) -> QueueItem:
    """A row of ITEM or WHOLE."""
    held = row.state == TaskState.OPEN and row.lease_until is not None and row.lease_until > now
    return QueueItem(
        row.id,
        TaskKind(row.kind),
        TaskState.CLAIMED if held else TaskState(row.state),
        row.question,
        row.department,
        tuple(TaskFinding(**finding) for finding in row.findings),
        row.confidence,
        row.created_at,
        row.due_at,
        row.holder if held else None,
        row.assignee,
    )


def task_of(row: sa.Row[Any], now: datetime) -> Task:
    """A row of WHOLE."""
    draft = None if row.draft is None else Answer.from_json(row.draft_text, row.draft)
    item = item_of(row, now)
    return Task(
        item=item,
        trace_id=row.trace_id,
        asker_id=row.asker_id,
        asker=row.asker,
        conversation_id=row.conversation_id,
        message_id=row.message_id,
        reply_id=row.reply_id,
        verified_id=row.verified_id,
        reason=row.reason or "",
        draft=draft,
        evidence=as_cited(draft, tuple(map(passage_of, row.passages))),
        readers=row.readers,
        holder_id=row.holder_id if item.state is TaskState.CLAIMED else None,
        lease_until=row.lease_until,
        verdict=None if row.decision is None else Verdict(row.decision),
        decided_by=row.decider,
        decided_by_id=row.decided_by,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason or "",
        given_text=row.given_text or "",
        shown=None if row.shown is None else Answer.from_json(row.shown["text"], row.shown),
        answered_with=row.answered_with,
    )


def as_cited(draft: Answer | None, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """The passages in the order of the draft's numbers, then the others: one numbering for both."""
    by_chunk = {passage.chunk.id: passage for passage in passages}
    cited = sorted(draft.citations, key=lambda citation: citation.number) if draft else []
    first = [by_chunk.pop(citation.chunk_id) for citation in cited if citation.chunk_id in by_chunk]
    return (*first, *by_chunk.values())
