"""Verifying: walk the chain from its beginning and name the first entry that does not fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from core.database import Database
from core.journal.entries import COLUMNS, GENESIS, Columns, Head, Kind, hash_of
from core.tables import journal

_BATCH = 2_000
_NEIGHBOURHOOD = 10_000  # how far around an entry its own place is looked for, to name the fault


class Fault(StrEnum):
    """Why an entry does not fit."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    UNREADABLE = "unreadable"
    REWRITTEN = "rewritten"
    TAIL_CUT = "tail cut"


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk found: `count` entries fit, from the beginning up to `head`.

    `first_bad` is the number of the first entry that does not fit and `reason` a sentence about
    it; both are None, like `fault`, when all is well. `removed` entries are missing at the
    beginning under a seal: show it, for then their exported files must exist.
    """

    count: int
    head: Head
    first_bad: int | None = None
    fault: Fault | None = None
    reason: str | None = None
    removed: int = 0

    @property
    def intact(self) -> bool:
        """Whether every entry fits."""
        return self.fault is None


class ChainBroken(Exception):
    """An entry does not fit; caught within the journal."""

    def __init__(self, seq: int, fault: Fault, reason: str) -> None:
        super().__init__(reason)
        self.seq = seq
        self.fault = fault
        self.reason = reason


def verify(
    database: Database, anchors: Iterable[Head] = (), progress: Callable[[int], None] | None = None
) -> Verification:
    """Walk all entries; `anchors` are heads that were written outside earlier.

    `progress` is told now and then how many entries fit so far.
    """
    walk = Walk(anchors)
    try:
        for row in rows(database):
            walk.step(row)
            if progress is not None and walk.count % _BATCH == 0:
                progress(walk.count)
        walk.end()
    except ChainBroken as broken:
        return Verification(walk.count, walk.head, broken.seq, broken.fault, broken.reason)
    return Verification(walk.count, walk.head, removed=walk.head.seq - walk.count)


class Walk:
    """Checks entries one after the other, beginning anywhere; raises ChainBroken at the first misfit.

    The beginning may lack months that were sealed and removed: then a later seal must name
    exactly the entry before the first that is left.
    """

    def __init__(self, anchors: Iterable[Head] = ()) -> None:
        self.count = 0
        self.head = Head(0, GENESIS)
        # All hashes that one number was anchored with: a second one is as bad as a wrong one.
        self._anchors: dict[int, set[str]] = {}
        for anchor in anchors:
            self._anchors.setdefault(anchor.seq, set()).add(anchor.hash)
        self._removed: Head | None = None

    def step(self, row: Columns) -> None:
        """The next entry in order of `seq`."""
        if self.count == 0 and row["seq"] > 1:
            self._removed = self.head = Head(row["seq"] - 1, row["previous"])
        _check(row, self.head)
        self.head = Head(row["seq"], row["hash"])
        if self._anchors.get(self.head.seq, set()) - {self.head.hash}:
            reason = (
                f"Entry {self.head.seq} is not the one that was anchored: it or an earlier one was rewritten."
            )
            raise ChainBroken(self.head.seq, Fault.REWRITTEN, reason)
        self.count += 1
        if self._removed and row["kind"] == Kind.SEAL and _sealed(row) == self._removed:
            self._removed = None

    def end(self) -> None:
        """After the last entry."""
        if self._removed:
            reason = f"Entries 1 to {self._removed.seq} are gone, and no seal covers them."
            raise ChainBroken(1, Fault.MISSING, reason)
        newest = max(self._anchors, default=0)
        if newest > self.head.seq:
            reason = f"Entry {newest} was anchored, but the journal ends at {self.head.seq}."
            raise ChainBroken(self.head.seq + 1, Fault.TAIL_CUT, reason)


def rows(database: Database, first: int | None = None, last: int | None = None) -> Iterator[Columns]:
    """The stored rows from `first` to `last` in order; ChainBroken where the database cannot read one.

    Read in batches, each a transaction of its own, so that a long walk holds nobody up.
    """
    query = sa.select(*(journal.c[name] for name in COLUMNS)).order_by(journal.c.seq)
    if last is not None:
        query = query.where(journal.c.seq <= last)
    after, limit = (None if first is None else first - 1), _BATCH
    while True:
        page = query if after is None else query.where(journal.c.seq > after)
        try:
            with database.read() as connection:
                batch = connection.execute(page.limit(limit)).all()
        except DBAPIError as exc:
            if limit == 1:
                seq = 1 if after is None else after + 1
                reason = f"Entry {seq} cannot be read: {exc.orig}."
                raise ChainBroken(seq, Fault.UNREADABLE, reason) from exc
            limit = 1  # from here one by one, to name the entry
            continue
        for row in batch:
            yield dict(zip(COLUMNS, row, strict=True))
        if not batch:
            return
        after = batch[-1][0]


def _check(row: Columns, head: Head) -> None:
    seq, due = row["seq"], head.seq + 1
    if seq < due:
        raise ChainBroken(seq, Fault.INSERTED, f"Entry {seq} stands where {due} is due.")
    if seq > due:
        raise ChainBroken(due, Fault.MISSING, f"Entry {due} is missing.")
    follows = row["previous"] == head.hash
    if not _is_whole(row, seq):
        origin = None if follows else _origin(row)
        if origin is None:
            raise ChainBroken(seq, Fault.CHANGED, f"Entry {seq} was changed.")
        raise ChainBroken(seq, Fault.REORDERED, f"What stands at {seq} was entry {origin}.")
    if not follows:
        reason = f"Entry {seq} does not follow the one before it: one of the two was rewritten."
        raise ChainBroken(seq, Fault.REWRITTEN, reason)


def _is_whole(row: Columns, seq: int) -> bool:
    body = {**row, "seq": seq}
    stored = body.pop("hash")
    try:
        return bool(hash_of(body) == stored)
    except (TypeError, ValueError):
        return False


def _origin(row: Columns) -> int | None:
    """Under which number nearby the row would be whole: from where it was moved."""
    seq = row["seq"]
    for distance in range(1, _NEIGHBOURHOOD):
        for candidate in (seq + distance, seq - distance):
            if _is_whole(row, candidate):
                return int(candidate)
    return None


def _sealed(row: Columns) -> Head | None:
    try:
        data = json.loads(row["data"])
        return Head(data["last_seq"], data["last_hash"])
    except (KeyError, TypeError, ValueError):
        return None
