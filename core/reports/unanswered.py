"""Recent questions that found nothing, grouped: what the documents lack.

They come from the journal, so their texts are masked, and nobody's name or department is among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.answering.answer import Outcome
from core.journal.entries import Entry, Kind, entry_of
from core.journal.search import Filters, search
from core.tables import journal

NEWEST = 500
"""So many questions are looked at, the newest ones."""
ALIKE = 0.6
"""Questions are one group when they share this part of all their words."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Questions like one another: the newest in its masked form, how many they are, and when it was asked."""

    text: str
    times: int
    last_at: datetime


def unanswered(
    connection: sa.Connection, since: datetime, analyse: Callable[[str], Iterable[str]]
) -> list[Unanswered]:
    """The groups since then, the most frequent first, then the newest. `analyse` gives a text's terms."""
    wanted = Filters(since=since, kinds=(Kind.ANSWER,), outcome=Outcome.NOT_FOUND.value)
    answers = search(connection, wanted, "", NEWEST, None)
    texts = _texts(connection, [answer.trace_id for answer in answers])
    groups: list[tuple[Set[str], Unanswered]] = []
    for answer in answers:
        text = texts.get(answer.trace_id)
        terms = frozenset(analyse(text)) if text else frozenset()
        if text is None or not terms:
            continue
        place = next((n for n, (known, _) in enumerate(groups) if _alike(known, terms)), None)
        if place is None:
            groups.append((terms, Unanswered(text, 1, answer.at)))
        else:
            known, group = groups[place]
            groups[place] = (known, Unanswered(group.text, group.times + 1, group.last_at))
    return sorted((group for _, group in groups), key=lambda g: (-g.times, -g.last_at.timestamp()))


def _texts(connection: sa.Connection, traces: Sequence[str]) -> dict[str, str]:
    """The masked question of each trace, in its stand-alone form where it has one."""
    query = (
        sa.select(journal)
        .where(journal.c.trace_id.in_(traces), journal.c.kind.in_([Kind.QUESTION, Kind.STANDALONE]))
        .order_by(journal.c.seq)
    )
    found: list[Entry] = [entry_of(dict(row._mapping)) for row in connection.execute(query)]
    return {entry.trace_id: str(entry.data["text"]) for entry in found if entry.data.get("text")}


def _alike(one: Set[str], other: Set[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)
