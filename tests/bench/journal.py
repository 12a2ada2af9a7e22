"""How fast the journal takes and checks entries, whether tampering is found, and whether kills lose calls.

The database is SQLite as the app opens it: WAL, synchronous=FULL.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.database import Database
from core.journal.chain import verify
from core.journal.entries import COLUMNS, Kind, Record
from core.journal.journal import Journal
from core.tables import journal as table
from tests.unit.test_journal_crash import killed_at_random

ENTRIES = 100_000
APPENDS = 1_500
TAMPERINGS = 200
ROWS_TO_TAMPER = 500
CALLS = 1_000


def run(data: Path) -> dict[str, Any]:
    """Appends a second with 1 and 8 threads, verifying 100,000 entries, tamperings and kills.

    `data` is not used.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = {
            "appends_per_s_1": appends_per_s(folder, 1),
            "appends_per_s_8": appends_per_s(folder, 8),
            **large(folder),
            **tampered(folder),
            **killed(folder),
        }
    for key, value in figures.items():
        print(f"{key:32} {value:>12,}")
    return figures


def opened(folder: Path, name: str) -> tuple[Database, Journal]:
    database = Database(f"sqlite:///{folder / name}.sqlite")
    database.migrate()
    return database, Journal(database, lambda: datetime.now(UTC))


def record(number: int) -> Record:
    text = f"Question {number}: how many days of parental leave does a person in {number % 17} have?"
    data = {"question": text, "passages": [number, number + 1], "confidence": number / ENTRIES}
    return Record(f"{number:032x}", Kind.ANSWER, "people", number % 300, "embedded", "m", "ok", 12, data=data)


def appends_per_s(folder: Path, threads: int) -> int:
    database, journal = opened(folder, f"threads{threads}")

    def append() -> None:
        for number in range(APPENDS // threads):
            journal.append(record(number))

    running = [threading.Thread(target=append) for _ in range(threads)]
    began = time.perf_counter()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    took = time.perf_counter() - began
    database.close()
    return round(journal_count(folder, f"threads{threads}") / took)


def journal_count(folder: Path, name: str) -> int:
    database, journal = opened(folder, name)
    count = journal.verify().count
    database.close()
    return count


def large(folder: Path) -> dict[str, float]:
    database, journal = opened(folder, "large")
    for first in range(0, ENTRIES, 5_000):
        journal.append_many([record(number) for number in range(first, first + 5_000)])
    verify_s, found = timed(journal.verify)
    search_s, _ = timed(lambda: journal.search(text="parental leave 99999"))
    common_s, _ = timed(lambda: journal.search(text="parental"))
    open_s, _ = timed(lambda: journal.trace(f"{99:032x}"))
    database.close()
    size = (folder / "large.sqlite").stat().st_size
    return {
        "entries": found.count,
        "verify_100k_s": round(verify_s, 2),
        "search_rare_ms": round(search_s * 1000, 1),
        "search_common_ms": round(common_s * 1000, 1),
        "trace_ms": round(open_s * 1000, 1),
        "bytes_per_entry": round(size / ENTRIES),
    }


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = call()
    return time.perf_counter() - began, result


def tampered(folder: Path) -> dict[str, int]:
    """Random tampering, one at a time, each in a transaction that is rolled back after verifying."""
    database, journal = opened(folder, "tampered")
    journal.append_many([record(number) for number in range(ROWS_TO_TAMPER)])
    head, rng, found = journal.head(), random.Random(7), 0
    with database.write() as connection:
        for name in ("journal_no_update", "journal_no_delete", "journal_follow"):
            connection.execute(sa.text(f"DROP TRIGGER {name}"))
    for number in range(TAMPERINGS):
        before = snapshot(database)
        with database.write() as connection:
            WAYS[number % len(WAYS)](connection, rng)
        found += not verify(database, [head]).intact
        restore(database, before)
    assert journal.verify([head]).intact
    database.close()
    return {"tampering_tried": TAMPERINGS, "tampering_found": found}


def snapshot(database: Database) -> list[dict[str, Any]]:
    with database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def restore(database: Database, rows: list[dict[str, Any]]) -> None:
    with database.write() as connection:
        connection.execute(sa.delete(table))
        connection.execute(sa.insert(table), rows)


def change_a_byte(connection: sa.Connection, rng: random.Random) -> None:
    seq = rng.randint(1, ROWS_TO_TAMPER)
    row = dict(connection.execute(sa.select(table).where(table.c.seq == seq)).mappings().one())
    column = rng.choice([name for name in COLUMNS if name != "seq" and row[name] is not None])
    value = row[column]
    if isinstance(value, int):
        changed: int | str = value ^ (1 << rng.randrange(20))
    else:
        at = rng.randrange(len(value))
        changed = value[:at] + chr(ord(value[at]) ^ (1 << rng.randrange(7)) or 33) + value[at + 1 :]
    connection.execute(sa.update(table).where(table.c.seq == seq).values({column: changed}))


def remove(connection: sa.Connection, rng: random.Random) -> None:
    connection.execute(sa.delete(table).where(table.c.seq == rng.randint(1, ROWS_TO_TAMPER)))


def remove_and_renumber(connection: sa.Connection, rng: random.Random) -> None:
    seq = rng.randint(1, ROWS_TO_TAMPER)
    connection.execute(sa.delete(table).where(table.c.seq == seq))
    renumber(connection, seq, -1)


def insert(connection: sa.Connection, rng: random.Random) -> None:
    seq = rng.randint(1, ROWS_TO_TAMPER)
    row = dict(connection.execute(sa.select(table).where(table.c.seq == seq)).mappings().one())
    renumber(connection, seq, +1)
    connection.execute(sa.insert(table).values(row))


def swap(connection: sa.Connection, rng: random.Random) -> None:
    one, other = rng.sample(range(1, ROWS_TO_TAMPER + 1), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        connection.execute(sa.update(table).where(table.c.seq == old).values(seq=new))


def cut(connection: sa.Connection, rng: random.Random) -> None:
    connection.execute(sa.delete(table).where(table.c.seq >= rng.randint(1, ROWS_TO_TAMPER)))


def renumber(connection: sa.Connection, first: int, by: int) -> None:
    connection.execute(sa.update(table).where(table.c.seq >= first).values(seq=-table.c.seq))
    connection.execute(sa.update(table).where(table.c.seq < 0).values(seq=-table.c.seq + by))


WAYS = (change_a_byte, remove, remove_and_renumber, insert, swap, cut, change_a_byte, change_a_byte)


def killed(folder: Path) -> dict[str, int]:
    outcome = killed_at_random(folder / "killed", CALLS)
    return {
        "kills": outcome.kills,
        "calls_seen": outcome.seen,
        "calls_not_in_the_journal": len(outcome.lost),
        "calls_without_an_outcome": outcome.open,
    }
