"""What auditors see of the journal, on both databases: counts, values, timelines, anchors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from core.audit.audit import Audit
from core.audit.findings import Query
from core.audit.sources import Sources
from core.database import Database
from core.errors import BadInput, ConfigurationError, NotAllowed, NotFound
from core.journal.anchoring import Anchors
from core.journal.chain import Fault
from core.journal.counting import Counts
from core.journal.entries import Kind, Record
from core.journal.journal import Journal
from core.journal.lines import Form
from core.journal.pseudonyms import Pseudonyms
from core.journal.search import Filters
from core.journal.timeline import Defect
from core.types import Person, Role
from tests.fakes import Clock

AMSTERDAM, KATHMANDU = ZoneInfo("Europe/Amsterdam"), ZoneInfo("Asia/Kathmandu")
AUDITOR = Person(1, "petra@fennwick.example", "Petra", "people", frozenset({Role.AUDITOR}))
ASKER = 7


@pytest.fixture
def journal(database: Database, clock: Clock) -> Journal:
    return Journal(database, clock)


@pytest.fixture
def anchors(journal: Journal, tmp_path: Path, clock: Clock) -> Anchors:
    return Anchors(tmp_path / "outside" / "anchors.log", journal.head, clock)


@pytest.fixture
def audit(journal: Journal, database: Database, anchors: Anchors, clock: Clock) -> Audit:
    return Audit(journal, Pseudonyms(b"a key"), anchors, Sources(database), clock, lambda: "look")


def at(journal: Journal, clock: Clock, when: datetime, kind: Kind = Kind.QUESTION, text: str = "") -> None:
    clock.now = when
    journal.append(Record("t", kind, "people", ASKER, data={"text": text}))


def starts(counts: Counts) -> list[tuple[str, str, int]]:
    return [(count.start.isoformat(), count.kind, count.number) for count in counts.by_time]


def test_days_are_those_of_the_readers_zone(journal: Journal, clock: Clock) -> None:
    """Also where midnight is a quarter to an hour, and on the day that clocks go back."""
    for when in (
        datetime(2026, 10, 24, 21, 59, tzinfo=UTC),  # 24 October in Amsterdam, already the 25th in Kathmandu
        datetime(2026, 10, 24, 22, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 18, 14, tzinfo=UTC),
        datetime(2026, 10, 25, 18, 15, tzinfo=UTC),
        datetime(2026, 10, 28, 12, 0, tzinfo=UTC),
    ):
        at(journal, clock, when)

    def days(zone: tzinfo) -> list[tuple[str, int]]:
        counts = journal.counts(Filters(), "", zone)
        assert not counts.hourly and counts.total == 5
        return [(start[:10], number) for start, _, number in starts(counts)]

    assert days(AMSTERDAM) == [("2026-10-24", 1), ("2026-10-25", 3), ("2026-10-28", 1)]
    assert days(KATHMANDU) == [("2026-10-25", 3), ("2026-10-26", 1), ("2026-10-28", 1)]


def test_within_two_days_hours_are_counted(journal: Journal, clock: Clock) -> None:
    at(journal, clock, datetime(2026, 11, 24, 9, 5, tzinfo=UTC))
    at(journal, clock, datetime(2026, 11, 24, 9, 50, tzinfo=UTC), Kind.ANSWER)
    at(journal, clock, datetime(2026, 11, 24, 9, 55, tzinfo=UTC), Kind.ANSWER)

    counts = journal.counts(Filters(), "", AMSTERDAM)

    assert counts.hourly
    assert starts(counts) == [
        ("2026-11-24T10:00:00+01:00", "answer", 2),
        ("2026-11-24T10:00:00+01:00", "question", 1),
    ]
    assert {c.start.hour for c in journal.counts(Filters(), "", KATHMANDU).by_time} == {14, 15}


def test_what_is_counted_is_what_is_found(journal: Journal, clock: Clock) -> None:
    """By the same filters and the same words."""
    for number, text in enumerate(("Parental leave?", "Leave at Easter?", "Expenses?")):
        at(journal, clock, datetime(2026, 11, 20 + number, 12, tzinfo=UTC), text=text)
    since = datetime(2026, 11, 21, tzinfo=UTC)
    for filters, text in (
        (Filters(), ""),
        (Filters(), "leave"),
        (Filters(since=since), "leave"),
        (Filters(kinds=(Kind.ANSWER,)), ""),
        (Filters(person_id=ASKER, department="people"), "zeppelin"),
        (Filters(), "???"),
    ):
        assert journal.counts(filters, text, UTC).total == len(journal.search(filters, text))


def test_an_entry_whose_time_was_tampered_with_still_counts(
    journal: Journal, database: Database, clock: Clock
) -> None:
    at(journal, clock, datetime(2026, 11, 24, 9, tzinfo=UTC))
    unguarded(database, "UPDATE journal SET at = 'yesterday'")

    assert starts(journal.counts(Filters(), "", UTC)) == [("1970-01-01T00:00:00+00:00", "question", 1)]


def test_one_may_filter_by_what_stands_in_the_journal(journal: Journal) -> None:
    journal.append(Record("a", Kind.QUESTION, "sales", 1))
    journal.append(Record("a", Kind.MODEL_OUTCOME, "people", 1, "openai", "m", "answered"))
    journal.append(Record("b", Kind.MODEL_OUTCOME, "people", 1, "azure", "m", "failed"))

    values = journal.values()

    assert values.departments == ("people", "sales")
    assert values.providers == ("azure", "openai")
    assert values.outcomes == ("answered", "failed")
    assert values.kinds == ("model_outcome", "question")


def test_a_question_is_a_timeline_of_steps(journal: Journal, audit: Audit, clock: Clock) -> None:
    """An attempt and the outcome that closes it are one step; a pseudonym stands for the person."""
    journal.append(Record("one", Kind.QUESTION, "sales", ASKER))
    clock.advance(seconds=1)
    first = journal.append(Record("one", Kind.MODEL_ATTEMPT, "sales", ASKER, "azure", "m"))
    clock.advance(seconds=2)
    journal.append(
        Record("one", Kind.MODEL_OUTCOME, "sales", ASKER, "azure", "m", "failed", 40, closes=first.seq)
    )
    second = journal.append(Record("one", Kind.MODEL_ATTEMPT, "sales", ASKER, "openai", "m"))
    clock.advance(seconds=4)
    journal.append(
        Record("one", Kind.MODEL_OUTCOME, "sales", ASKER, "openai", "m", "answered", 60, closes=second.seq)
    )

    found = audit.timeline(AUDITOR, "one")

    kinds = [(step.line.kind, step.outcome and step.outcome.outcome, step.took_s) for step in found.steps]
    assert kinds == [
        ("question", None, None),
        ("model_attempt", "failed", 2.0),
        ("model_attempt", "answered", 4.0),
    ]
    assert [step.since_start_s for step in found.steps] == [0.0, 1.0, 3.0]
    assert (found.took_s, found.cost_microusd, found.defects, found.complete) == (7.0, 100, 0, True)
    assert {step.line.person for step in found.steps} == {Pseudonyms(b"a key").of(ASKER)}
    with pytest.raises(NotFound):
        audit.timeline(AUDITOR, "two")


def test_what_stands_alone_is_a_defect(journal: Journal, audit: Audit, clock: Clock) -> None:
    """An attempt without an outcome once it cannot come any more, and an outcome without an attempt."""
    attempt = journal.append(Record("one", Kind.MODEL_ATTEMPT))
    for _ in range(2):
        journal.append(Record("one", Kind.MODEL_OUTCOME, outcome="answered", closes=attempt.seq))
    journal.append(Record("one", Kind.MODEL_ATTEMPT))

    def defects() -> list[Defect | None]:
        return [step.defect for step in audit.timeline(AUDITOR, "one").steps]

    assert defects() == [None, Defect.NO_ATTEMPT, None]
    assert audit.open_attempts(AUDITOR) == []
    clock.advance(minutes=6)
    assert defects() == [None, Defect.NO_ATTEMPT, Defect.NO_OUTCOME]
    assert [line.seq for line in audit.open_attempts(AUDITOR)] == [4]


def test_a_head_is_anchored_once_outside_and_in_the_log(
    journal: Journal, anchors: Anchors, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    journal.append(Record("a", Kind.QUESTION))
    with caplog.at_level(logging.INFO, logger="core.journal.anchoring"):
        anchors.write()
        anchors.write()
    began = clock.now
    clock.advance(minutes=10)
    journal.append(Record("b", Kind.QUESTION))
    anchors.write()

    assert [(anchor.at, anchor.head.seq) for anchor in anchors.read()] == [
        (began, 1),
        (began + timedelta(minutes=10), 2),
    ]
    assert [line.split()[:3] for line in caplog.messages] == [["journal", "head", "1"]]


def test_a_cut_tail_is_found_by_the_anchors_and_the_look_is_on_record(
    journal: Journal, audit: Audit, database: Database
) -> None:
    for number in range(4):
        journal.append(Record(f"t{number}", Kind.QUESTION))
    audit.anchors.write()
    whole = audit.verify(AUDITOR)
    unguarded(database, "DELETE FROM journal WHERE seq > 3")

    cut = audit.verify(AUDITOR)

    assert (whole.verification.intact, whole.anchors) == (True, 1)
    assert (cut.verification.first_bad, cut.verification.fault) == (4, Fault.TAIL_CUT)
    [said] = journal.search(Filters(kinds=(Kind.AUDIT,)))
    assert (said.outcome, said.data["first_bad"], said.person_id) == ("broken", 4, AUDITOR.id)


def test_anchors_that_cannot_be_used_are_said_and_do_not_stop_the_walk(
    journal: Journal, audit: Audit, tmp_path: Path, clock: Clock
) -> None:
    journal.append(Record("a", Kind.QUESTION))
    verdict = audit.verify(AUDITOR)
    assert verdict.verification.intact and verdict.problem and "no journal heads" in verdict.problem

    occupied = Anchors(tmp_path, journal.head, clock)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        occupied.check()
    with pytest.raises(BadInput, match="cannot be read"):
        occupied.read()
    occupied.keep()
    assert Anchors(None, journal.head, clock).read() == []


def test_an_export_has_all_that_matches_and_names_nobody(journal: Journal, audit: Audit) -> None:
    """More than one batch; the export itself is on record, without what was searched for."""
    journal.append_many(
        [Record(f"t{n}", Kind.QUESTION, "sales", ASKER, data={"text": "leave"}) for n in range(1_203)]
    )
    lines = list(audit.export(AUDITOR, Query(text="leave", kinds=("question",)), Form.JSONL))

    assert len(lines) == 1_203 and '"person":"person-' in lines[0] and "person_id" not in lines[0]
    [said] = journal.search(Filters(kinds=(Kind.AUDIT,)))
    assert said.data == {"form": "jsonl", "filters": ["kinds", "text"]}


def test_only_auditors_may_ask(audit: Audit) -> None:
    """Before anything is read, administrators too."""
    other = Person(2, "o@fennwick.example", "O", "people", frozenset(set(Role) - {Role.AUDITOR}))
    for ask in (
        lambda: audit.entries(other, Query()),
        lambda: audit.counts(other, Query(), UTC),
        lambda: audit.values(other),
        lambda: audit.timeline(other, "one"),
        lambda: audit.open_attempts(other),
        lambda: audit.standing(other),
        lambda: audit.verify(other),
        lambda: audit.export(other, Query(), Form.CSV),
    ):
        with pytest.raises(NotAllowed):
            ask()


def unguarded(database: Database, statement: str) -> None:
    """Run a statement as somebody would who owns the database."""
    with database.write() as connection:
        for trigger in _triggers(connection):
            connection.execute(sa.text(trigger))
        connection.execute(sa.text(statement))


def _triggers(connection: sa.Connection) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        names = connection.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
        yield from (f"DROP TRIGGER {name}" for name in names if name.startswith("journal_no_"))
    else:
        yield "ALTER TABLE journal DISABLE TRIGGER USER"
