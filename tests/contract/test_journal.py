"""The journal on SQLite and PostgreSQL: what is tampered with is found, what is appended stays whole."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from core.database import Database
from core.errors import BadInput, NotFound
from core.journal.chain import Fault
from core.journal.entries import COLUMNS, GENESIS, HASHED, Head, Kind, Record, canonical, hash_of, prepared
from core.journal.journal import Journal
from core.journal.pseudonyms import Pseudonyms, stored_key
from core.journal.search import Filters
from core.tables import journal as table
from tests.fakes import Clock

Tamper = Callable[[sa.Connection], None]
REFUSED = r"append-only|must follow"
APPENDER = """
import sys
from datetime import UTC, datetime
from core.database import Database
from core.journal.entries import Kind, Record
from core.journal.journal import Journal
database = Database(sys.argv[1])
journal = Journal(database, lambda: datetime.now(UTC))
for number in range(int(sys.argv[3])):
    journal.append(Record(f"{sys.argv[2]}-{number}", Kind.QUESTION))
database.close()
"""


@pytest.fixture
def journal(database: Database, clock: Clock) -> Journal:
    return Journal(database, clock)


def fill(journal: Journal, count: int) -> None:
    journal.append_many(
        [
            Record(f"trace-{n}", Kind.QUESTION, "people", n, data={"text": f"question {n}"})
            for n in range(count)
        ]
    )


def unguarded(database: Database, tamper: Tamper) -> None:
    """What somebody who owns the database can do: the triggers are taken away first."""
    with database.write() as connection:
        if database.is_sqlite:
            for name in ("journal_no_update", "journal_no_delete", "journal_follow"):
                connection.execute(sa.text(f"DROP TRIGGER IF EXISTS {name}"))
        else:
            connection.execute(sa.text("ALTER TABLE journal DISABLE TRIGGER USER"))
        tamper(connection)


def rewrite(connection: sa.Connection, at: int, /, **values: Any) -> None:
    connection.execute(sa.update(table).where(table.c.seq == at).values(**values))


def row_of(connection: sa.Connection, seq: int) -> dict[str, Any]:
    return dict(connection.execute(sa.select(table).where(table.c.seq == seq)).mappings().one())


def rehash(connection: sa.Connection, seq: int, **values: Any) -> None:
    row = {**row_of(connection, seq), **values}
    del row["hash"]
    rewrite(connection, seq, **values, hash=hash_of(row))


def renumber(connection: sa.Connection, first: int, by: int) -> None:
    connection.execute(sa.update(table).where(table.c.seq >= first).values(seq=-table.c.seq))
    connection.execute(sa.update(table).where(table.c.seq < 0).values(seq=-table.c.seq + by))


def delete(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> None:
    connection.execute(sa.delete(table).where(condition))


def delete_and_close_the_gap(connection: sa.Connection) -> None:
    delete(connection, table.c.seq == 5)
    renumber(connection, 6, -1)


def insert_a_perfect_forgery(connection: sa.Connection) -> None:
    renumber(connection, 5, +1)
    forged = {**row_of(connection, 4), "seq": 5, "previous": row_of(connection, 4)["hash"]}
    del forged["hash"]
    connection.execute(sa.insert(table).values(**forged, hash=hash_of(forged)))


def swap(first: int, second: int) -> Tamper:
    def tamper(connection: sa.Connection) -> None:
        for old, new in ((first, -1), (second, first), (-1, second)):
            rewrite(connection, old, seq=new)

    return tamper


CHANGES: dict[str, Any] = {
    "trace_id": "trace-x",
    "at": "2026-11-24T09:00:00.000001Z",
    "kind": "answer",
    "department": "sales",
    "person_id": 99,
    "provider": "",
    "model": "m",
    "outcome": "ok",
    "cost_microusd": 0,
    "closes": 1,
    "data": '{"text": "question 4"}',
    "previous": GENESIS,
    "hash": GENESIS,
}
TAMPERINGS: dict[str, tuple[Tamper, int, Fault]] = {
    "delete": (lambda c: delete(c, table.c.seq == 5), 5, Fault.MISSING),
    "delete the first": (lambda c: delete(c, table.c.seq == 1), 1, Fault.MISSING),
    "delete and renumber": (delete_and_close_the_gap, 5, Fault.REORDERED),
    "insert": (insert_a_perfect_forgery, 6, Fault.REORDERED),
    "insert before the first": (
        lambda c: c.execute(sa.insert(table).values({**row_of(c, 1), "seq": 0})),
        0,
        Fault.INSERTED,
    ),
    "swap neighbours": (swap(5, 6), 5, Fault.REORDERED),
    "swap": (swap(3, 9), 3, Fault.REORDERED),
    "change and rehash": (lambda c: rehash(c, 5, outcome="ok"), 6, Fault.REWRITTEN),
    "cut the tail": (lambda c: delete(c, table.c.seq > 8), 9, Fault.TAIL_CUT),
    "empty": (lambda c: delete(c, table.c.seq > 0), 1, Fault.TAIL_CUT),
    "change and rehash the last": (lambda c: rehash(c, 10, outcome="ok"), 10, Fault.REWRITTEN),
}


def test_an_empty_journal_is_whole(journal: Journal) -> None:
    """Its head is the root of every chain."""
    assert journal.head() == Head(0, GENESIS)
    assert journal.verify().intact
    assert journal.append_many([]) == []


def test_an_entry_reads_back_as_it_was_appended(journal: Journal, clock: Clock) -> None:
    """Each holds the hash of the one before, and nothing is lost on the way."""
    data = {"b": [1, 0.1, None, True], "a": "Grüße\n\u0301😀", "broken": "\ud800\x00"}
    first = journal.append(Record("t", Kind.MODEL_ATTEMPT, "people", 7, "openai", "m", data=data))
    second = journal.append(Record("t", Kind.MODEL_OUTCOME, outcome="ok", cost_microusd=42, closes=first.seq))
    assert journal.trace("t") == [first, second]
    assert (first.previous, second.previous) == (GENESIS, first.hash)
    assert first.data == {**data, "broken": "\ufffd\ufffd"}
    assert first.at == clock.now
    assert journal.head() == Head(2, second.hash)


def test_a_change_in_any_column_is_found(journal: Journal, database: Database) -> None:
    """Also one that means the same, like a space in the JSON."""
    fill(journal, 10)
    with database.read() as connection:
        before = row_of(connection, 5)
    for column, value in CHANGES.items():
        unguarded(database, lambda c, changed={column: value}: rewrite(c, 5, **changed))
        found = journal.verify()
        assert (column, found.first_bad, found.fault, found.count) == (column, 5, Fault.CHANGED, 4)
        assert len(journal.search()) == 10
        unguarded(database, lambda c, column=column: rewrite(c, 5, **{column: before[column]}))
        assert journal.verify().intact


def test_every_column_is_among_those_changes() -> None:
    """A new column must be hashed and tried."""
    assert {*CHANGES, "seq"} == set(COLUMNS) == {*HASHED, "hash"} == set(table.c.keys())


@pytest.mark.parametrize("name", TAMPERINGS)
def test_the_first_entry_that_does_not_fit_is_named(
    journal: Journal, database: Database, tmp_path: Path, name: str
) -> None:
    """With its reason; the head was anchored before."""
    tamper, first_bad, fault = TAMPERINGS[name]
    fill(journal, 4)
    journal.anchor(tmp_path / "anchors.log")
    fill(journal, 6)
    journal.anchor(tmp_path / "anchors.log")
    assert journal.verify(tmp_path / "anchors.log").count == 10
    unguarded(database, tamper)
    found = journal.verify(tmp_path / "anchors.log")
    assert (found.first_bad, found.fault) == (first_bad, fault)
    assert found.reason


def test_bytes_that_cannot_even_be_read_are_named(tmp_path: Path, clock: Clock) -> None:
    """SQLite lets the owner store what is no UTF-8."""
    database = Database(f"sqlite:///{tmp_path / 'j.sqlite'}")
    database.migrate()
    journal = Journal(database, clock)
    fill(journal, 10)
    broken = sa.text("UPDATE journal SET data = CAST(X'FF22' AS TEXT) WHERE seq = 5")
    unguarded(database, lambda connection: connection.execute(broken))
    found = journal.verify()
    assert (found.first_bad, found.fault, found.count) == (5, Fault.UNREADABLE, 4)
    database.close()


def test_any_bit_of_the_file_that_changes_an_entry_is_found(tmp_path: Path, clock: Clock) -> None:
    """And bits of indexes and free space raise no false alarm."""
    path, copy = tmp_path / "j.sqlite", tmp_path / "copy.sqlite"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    fill(Journal(database, clock), 200)
    database.close()
    whole, original, rng = path.read_bytes(), content(path), random.Random(3)
    for _ in range(60):
        flipped, at = bytearray(whole), rng.randrange(len(whole))
        flipped[at] ^= 1 << rng.randrange(8)
        copy.write_bytes(flipped)
        changed = content(copy) != original
        database = Database(f"sqlite:///{copy}")
        assert Journal(database, clock).verify([Head(200, original[-1][-1])]).intact is not changed
        database.close()


def content(path: Path) -> list[Any]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            return connection.execute("SELECT * FROM journal ORDER BY seq").fetchall()
        except sqlite3.Error:
            return []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET outcome = 'ok' WHERE seq = 2",
        "DELETE FROM journal WHERE seq = 3",
        "INSERT INTO journal SELECT 9, trace_id, at, kind, department, person_id, provider, model, "
        "outcome, cost_microusd, closes, data, previous, hash FROM journal WHERE seq = 3",
    ],
)
def test_the_database_refuses_to_change_the_past(
    journal: Journal, database: Database, statement: str
) -> None:
    """Also an insert that does not follow the newest entry."""
    fill(journal, 3)
    with pytest.raises(DBAPIError, match=REFUSED), database.write() as connection:
        connection.execute(sa.text(statement))
    assert journal.verify().count == 3


def test_replacing_and_truncating_are_refused_too(journal: Journal, database: Database) -> None:
    """Each database has its own way around a trigger for deletes."""
    fill(journal, 3)
    around = (
        "INSERT OR REPLACE INTO journal SELECT * FROM journal WHERE seq = 2"
        if database.is_sqlite
        else "TRUNCATE journal"
    )
    with pytest.raises(DBAPIError, match=REFUSED), database.write() as connection:
        connection.execute(sa.text(around))


def test_threads_and_processes_append_without_a_fork(journal: Journal, database: Database) -> None:
    """Eight threads here, two more processes: every entry is there once, in one chain."""
    url = database.url.render_as_string(hide_password=False)
    others = [subprocess.Popen([sys.executable, "-c", APPENDER, url, f"process{n}", "60"]) for n in range(2)]

    def append(thread: int) -> None:
        for number in range(40):
            entry = journal.append(Record(f"thread{thread}-{number}", Kind.QUESTION))
            assert entry.trace_id == f"thread{thread}-{number}"

    threads = [threading.Thread(target=append, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait(60) for other in others] == [0, 0]
    found = journal.verify()
    assert (found.intact, found.count) == (True, 8 * 40 + 2 * 60)
    counts = Counter(entry.trace_id for entry in journal.search(limit=1000))
    assert set(counts.values()) == {1}


def test_money_and_entry_commit_together_or_not_at_all(journal: Journal, database: Database) -> None:
    """A transaction that fails takes its entry with it, and the chain goes on."""
    fill(journal, 1)
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        journal.append_in(connection, Record("lost", Kind.BUDGET))
        raise ZeroDivisionError
    with database.write() as connection:
        kept = journal.append_in(connection, Record("kept", Kind.BUDGET), Record("kept", Kind.ANSWER))
    assert [entry.seq for entry in kept] == [2, 3]
    assert journal.trace("lost") == []
    assert journal.verify().count == 3


def test_an_attempt_without_an_outcome_stays_visible(journal: Journal, clock: Clock) -> None:
    """After the time that a call may take."""
    lost = journal.append(Record("a", Kind.MODEL_ATTEMPT))
    done = journal.append(Record("b", Kind.MODEL_ATTEMPT))
    journal.append(Record("b", Kind.MODEL_OUTCOME, outcome="ok", closes=done.seq))
    assert journal.open_attempts(timedelta(minutes=5)) == []
    clock.advance(minutes=6)
    journal.append(Record("c", Kind.MODEL_ATTEMPT))
    assert journal.open_attempts(timedelta(minutes=5)) == [lost]


def test_search_narrows_by_every_filter(journal: Journal, clock: Clock) -> None:
    """Newest first, page after page."""
    started = clock.now
    journal.append(Record("a", Kind.QUESTION, "people", 1, data={"text": "Parental leave, POL-12?"}))
    clock.advance(hours=1)
    journal.append(Record("a", Kind.MODEL_OUTCOME, "people", 1, "openai", "gpt-x", "ok"))
    clock.advance(hours=1)
    journal.append(
        Record("b", Kind.QUESTION, "sales", 2, data={"nested": [{"text": "Was heißt LEAVE\nhier?"}]})
    )

    def found(text: str = "", **filters: Any) -> list[int]:
        return [entry.seq for entry in journal.search(Filters(**filters), text)]

    assert found() == [3, 2, 1]
    assert found(since=started + timedelta(hours=1)) == [3, 2]
    assert found(since=started, until=started + timedelta(hours=1)) == [1]
    assert found(department="sales") == found(person_id=2) == [3]
    assert found(kinds=[Kind.QUESTION]) == [3, 1]
    assert found(kinds=[Kind.QUESTION, Kind.MODEL_OUTCOME], person_id=1) == [2, 1]
    assert found(provider="openai") == found(model="gpt-x") == found(outcome="ok") == [2]
    assert found("leave") == [3, 1]
    assert found("leave", department="people") == found("pol 12 PARENT") == [1]
    assert found("heisst hier") == [3]
    assert found("text") == found("???") == found('" OR 1') == []
    pages = [journal.search(limit=2), journal.search(limit=2, before=2)]
    assert [[entry.seq for entry in page] for page in pages] == [[3, 2], [1]]
    assert journal.people() == [1, 2]


def test_what_looks_like_a_secret_is_refused(journal: Journal) -> None:
    """At any depth, and without saying what it was."""
    for key in ("password", "API-Key", "Authorization", "access_token", "client_secret", "x-api-key"):
        with pytest.raises(ValueError, match="no secrets") as caught:
            journal.append(Record("t", Kind.SETTING, data={"changed": [{key: "hunter2"}]}))
        assert "hunter2" not in str(caught.value)
    journal.append(Record("t", Kind.ANSWER, data={"prompt_tokens": 3, "max_tokens": 5}))
    assert journal.head().seq == 1


def test_what_json_cannot_hold_is_refused(journal: Journal) -> None:
    """Before anything is written, and without harm to those who append at the same time."""
    for value in (float("nan"), float("inf"), {1}, {1: 2}, b"bytes"):
        with pytest.raises((ValueError, TypeError)):
            journal.append(Record("t", Kind.ANSWER, data={"value": value}))
    assert journal.head().seq == 0


def test_a_month_is_exported_sealed_and_may_then_be_removed(
    journal: Journal, database: Database, clock: Clock
) -> None:
    """The lines prove themselves with SHA-256 alone; only a seal makes a gap at the beginning good."""
    fill(journal, 5)
    november = date(2026, 11, 1)
    with pytest.raises(BadInput, match="not over"):
        list(journal.export(november))
    clock.now = datetime(2026, 12, 1, 2, tzinfo=UTC)
    fill(journal, 2)
    with pytest.raises(NotFound):
        list(journal.export(date(2026, 10, 1)))
    lines = [json.loads(line) for line in journal.export(november, person_id=7)]
    for line in lines:
        assert hash_of({key: value for key, value in line.items() if key != "hash"}) == line["hash"]
    seal = json.loads(lines[-1]["data"])
    assert [line["seq"] for line in lines] == [1, 2, 3, 4, 5, 8]
    assert (seal["month"], seal["count"], seal["last_hash"]) == ("2026-11", 5, lines[4]["hash"])

    unguarded(database, lambda connection: delete(connection, table.c.seq <= 5))
    found = journal.verify()
    assert (found.intact, found.count, found.removed) == (True, 3, 5)
    unguarded(database, lambda connection: delete(connection, table.c.seq <= 6))
    assert (journal.verify().first_bad, journal.verify().fault) == (1, Fault.MISSING)


def test_a_broken_month_is_not_sealed(journal: Journal, database: Database, clock: Clock) -> None:
    """A seal would make good what is not."""
    fill(journal, 5)
    clock.now = datetime(2026, 12, 2, tzinfo=UTC)
    unguarded(database, lambda connection: rewrite(connection, 3, outcome="ok"))
    with pytest.raises(BadInput, match="Entry 3 was changed"):
        list(journal.export(date(2026, 11, 1)))
    assert journal.head().seq == 5


def test_a_file_without_anchors_is_no_proof(journal: Journal, tmp_path: Path) -> None:
    """Nothing would be checked, so it is an error."""
    with pytest.raises(BadInput, match="no journal heads"):
        journal.verify(tmp_path / "none.log")
    (tmp_path / "app.log").write_text(f"12:00 INFO answerdesk {Head(3, 'a' * 64)}\n")
    found = journal.verify(tmp_path / "app.log")
    assert (found.first_bad, found.fault) == (1, Fault.TAIL_CUT)


def test_a_pseudonym_is_stable_and_gives_no_way_back(database: Database) -> None:
    """Its key is made once for each database."""
    key = stored_key(database)
    assert key == stored_key(database)
    names = Pseudonyms(key)
    assert names.of(7) == names.of(7) != names.of(8)
    assert names.of(7) != Pseudonyms(b"other").of(7)
    assert names.find(names.of(7), [6, 7, 8]) == 7
    assert names.find("person-0", [6, 7, 8]) is None


# Keys of letters that spell no secret; texts without what is replaced before hashing.
KEYS = st.text("äb😀_", max_size=5)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
LEAVES = st.none() | st.booleans() | st.integers() | TEXTS | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8)


@given(st.dictionaries(KEYS, VALUES))
def test_canonical_json_reads_back_and_has_one_form(data: dict[str, Any]) -> None:
    """Whatever the order of the keys; text is left as it is."""
    written = prepared(Record("t", Kind.ANSWER, data=data))["data"]
    assert json.loads(written) == data
    assert canonical(json.loads(written)) == written
    assert canonical(dict(reversed(list(data.items())))) == written


@given(
    st.sampled_from([name for name in HASHED if name not in ("seq", "person_id", "cost_microusd", "closes")]),
    TEXTS,
    TEXTS,
)
def test_the_hash_depends_on_every_column(column: str, before: str, after: str) -> None:
    """Equal values, and only those, give equal hashes."""
    row = dict.fromkeys(HASHED, "")
    assert (hash_of({**row, column: before}) == hash_of({**row, column: after})) == (before == after)
