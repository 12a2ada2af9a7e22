"""Entries as an auditor reads them: a pseudonym stands for the person. Also as JSON lines and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from core.journal.entries import Entry, canonical, stamp

_NEVER = datetime.min.replace(tzinfo=UTC)


class Form(StrEnum):
    """The file formats of an export."""

    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Line:
    """An entry for a reader; `person` is a pseudonym, `at` is UTC and None where it cannot be read."""

    seq: int
    at: datetime | None
    trace_id: str
    kind: str
    person: str | None
    department: str | None
    provider: str | None
    model: str | None
    outcome: str | None
    cost_microusd: int | None
    closes: int | None
    data: dict[str, Any]
    hash: str


COLUMNS = tuple(field.name for field in fields(Line))


def line_of(entry: Entry, pseudonym: Callable[[int], str]) -> Line:
    """The entry without its person's id."""
    kept = {name: getattr(entry, name) for name in COLUMNS if name not in ("at", "person")}
    at = None if entry.at == _NEVER else entry.at
    person = None if entry.person_id is None else pseudonym(entry.person_id)
    return Line(at=at, person=person, **kept)


def written(lines: Iterable[Line], form: Form) -> Iterator[str]:
    """The text of a file, piece by piece, each piece one line with its end."""
    if form is Form.JSONL:
        for line in lines:
            yield canonical(_values(line)) + "\n"
        return
    yield _row(COLUMNS)
    for line in lines:
        yield _row(_cell(value) for value in _values(line).values())


def _values(line: Line) -> dict[str, Any]:
    found = {name: getattr(line, name) for name in COLUMNS}
    return {**found, "at": None if line.at is None else stamp(line.at)}


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return canonical(value)
    # A spreadsheet would compute what begins like a formula.
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    return value


def _row(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
