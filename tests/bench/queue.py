"""The review queue in a crowd: 10,000 open tasks, 50 reviewers in 4 processes for 60 s.

Every reviewer takes the next task, reads for two seconds and decides, over and over; one in ten
claims is for the very task that the others see on top, and ten reviewers have a second tab in another
process that decides on what the first one has claimed. Every question waits twice, and one decision
answers both, where nobody works on the other. A task is resolved twice when two decisions
were both told that they were the first, or when its record or message says so. It is lost when it is
neither open with its draft and a waiting message, nor resolved with an answer that has arrived.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from core.database import Database
from core.errors import Busy
from core.review.decisions import Decision
from core.review.queue import Lease
from core.review.tasks import Verdict
from core.review.urgency import HEAD_START
from core.review.verified import question_key
from core.tables import (
    conversations,
    journal,
    messages,
    review_sources,
    review_tasks,
    verified_answers,
)
from core.types import Passage, Person, Role
from tests.bench.databases import fresh_databases
from tests.review_house import House

TASKS, REVIEWERS, SECOND_TABS, PROCESSES = 10_000, 50, 10, 4
LASTS_S, READS_S = 60.0, (1.0, 3.0)
SAME_TASK, GIVES_BACK = 0.1, 0.05
WORST = ("double_resolved", "lost", "claim_p95_ms")


def run(_data: Path) -> dict[str, object]:
    """Both databases (PostgreSQL where one answers), and the worst figure of both."""
    results = {name: measure(url, TASKS, LASTS_S) for name, url in fresh_databases()}
    print(f"{'':12}{'twice':>7}{'lost':>6}{'claims':>8}{'p50 ms':>8}{'p95 ms':>8}{'decided':>9}{'beaten':>8}")
    for name, found in results.items():
        print(
            f"{name:12}{found['double_resolved']:>7}{found['lost']:>6}{found['claims']:>8}"
            f"{found['claim_p50_ms']:>8}{found['claim_p95_ms']:>8}{found['decided']:>9}{found['beaten']:>8}"
        )
    return {**results, **{key: max(found[key] for found in results.values()) for key in WORST}}


def measure(url: str, tasks: int, lasts_s: float) -> dict[str, float]:
    """One database, filled and then reviewed for so long."""
    database = Database(url)
    database.migrate()
    _fill(House(database, _now), tasks)
    with tempfile.TemporaryDirectory() as folder:
        _review(url, Path(folder), lasts_s)
        reports = [json.loads(file.read_text()) for file in Path(folder).iterdir()]
    told = Counter(task for report in reports for task in report["resolved"])
    waits = sorted(wait for report in reports for wait in report["waits"])
    found: dict[str, float] = {
        "double_resolved": _twice(database, told),
        "lost": _lost(database, tasks, told),
        "claims": len(waits),
        "claim_p50_ms": _ms(waits, 0.50),
        "claim_p95_ms": _ms(waits, 0.95),
        "decided": len(told),
        "beaten": sum(report["beaten"] for report in reports),
    }
    database.close()
    return found


def _fill(house: House, count: int) -> None:
    """One question through the front door, and the others as its copies: 10,000 would take minutes."""
    asker = house.person("asker", "people")
    for number in range(REVIEWERS):
        house.person(f"rev{number}", "people" if number % 2 else "sales", Role.REVIEWER)
    open_to_all = house.document("leave.md", "Up to five days of leave may be carried over.")
    closed = house.document("bands.md", "Band five is 75,800 euro.", "people")
    for passages in ((open_to_all,), (open_to_all, closed)):
        _copy(house, house.flag(asker, *passages).task_id, count // 2, passages)


def _copy(house: House, first: int, count: int, passages: Sequence[Passage]) -> None:
    with house.database.write() as connection:
        task = connection.execute(sa.select(review_tasks).where(review_tasks.c.id == first)).one()._asdict()
        said = (
            connection.execute(sa.select(messages).where(messages.c.id == task["reply_id"])).one()._asdict()
        )
        numbers = range(1, count)
        rng = random.Random(first)
        base = first * 1_000_000
        waiting = [said | {"id": base + n, "trace_id": f"{base + n:032x}"} for n in numbers]
        tasks = [
            task
            | {
                "id": base + n,
                "trace_id": f"{base + n:032x}",
                "message_id": base + n,
                "reply_id": base + n,
                "question": f"{task['question']} ({n})",
                "question_key": question_key(f"{task['question']} ({n})"),
                "urgent_from": task["urgent_from"] - rng.random() * HEAD_START,
            }
            for n in numbers
        ]
        connection.execute(sa.insert(messages), waiting)
        connection.execute(sa.insert(review_tasks), tasks)
        sources = [
            {"task_id": base + n, "document_id": p.chunk.document_id, "version_id": p.chunk.version_id}
            for n in numbers
            for p in passages
        ]
        connection.execute(sa.insert(review_sources), sources)


def _review(url: str, folder: Path, lasts_s: float) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(PROCESSES)
    processes = [
        context.Process(target=_process, args=(url, str(folder / f"{number}.json"), number, lasts_s, ready))
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode != 0:
            raise RuntimeError(f"a process ended with {process.exitcode}")


def _process(url: str, report: str, number: int, lasts_s: float, ready: threading.Barrier) -> None:
    house = House(Database(url), _now)
    known = [house.identity.by_email(f"rev{each}@fennwick.example") for each in range(REVIEWERS)]
    people = [person for person in known if person is not None]
    own = people[number::PROCESSES]
    # A second tab is in another process than the first one.
    second = people[:SECOND_TABS][(number + 1) % PROCESSES :: PROCESSES]
    ready.wait()
    until = time.monotonic() + lasts_s
    tabs = [_Tab(house, person, until, False) for person in own]
    tabs += [_Tab(house, person, until, True) for person in second]
    with ThreadPoolExecutor(len(tabs)) as pool:
        list(pool.map(_Tab.run, tabs))
    house.database.close()
    Path(report).write_text(
        json.dumps(
            {
                "waits": [wait for tab in tabs for wait in tab.waits],
                "resolved": [task for tab in tabs for task in tab.resolved],
                "beaten": sum(tab.beaten for tab in tabs),
            }
        )
    )


@dataclass
class _Tab:
    house: House
    person: Person
    until: float
    second: bool
    beaten: int = 0
    waits: list[float] = field(default_factory=list)
    resolved: list[int] = field(default_factory=list)

    def run(self) -> None:
        self.rng = random.Random(self.person.id + 1_000 * self.second)
        while time.monotonic() < self.until:
            try:
                self._turn()
            except Busy:
                self.beaten += 1

    def _turn(self) -> None:
        lease = self._found_again() if self.second else self._claimed()
        time.sleep(self.rng.uniform(*READS_S))
        if lease is None:
            return
        if self.rng.random() < GIVES_BACK:
            self.house.reviews.queue.release(self.person, lease)
            return
        verdict, text = self.rng.choice(
            [
                (Verdict.APPROVED, ""),
                (Verdict.EDITED, "Up to five days [1]."),
                (Verdict.NOT_IN_DOCUMENTS, ""),
            ]
        )
        decided = self.house.reviews.decisions.decide(self.person, lease, Decision(verdict, text))
        self.resolved.append(decided.lease.task_id)

    def _found_again(self) -> Lease | None:
        return next(iter(self.house.reviews.queue.held(self.person)), None)

    def _claimed(self) -> Lease | None:
        queue = self.house.reviews.queue
        same = self.rng.random() < SAME_TASK
        top = queue.items(self.person, limit=1) if same else []
        began = time.perf_counter()
        try:
            return queue.claim(self.person, top[0].id) if top else queue.claim_next(self.person)
        finally:
            self.waits.append(time.perf_counter() - began)


def _twice(database: Database, told: Counter[int]) -> int:
    """Tasks with two decisions: as the reviewers were told, on record, or by their verified answers."""
    verdicts = [verdict.value for verdict in Verdict]
    query = sa.select(journal.c.data).where(journal.c.kind == "review", journal.c.outcome.in_(verdicts))
    with database.read() as connection:
        on_record = Counter(json.loads(data)["task"] for data in connection.scalars(query))
        answers = connection.scalar(sa.select(sa.func.count()).select_from(verified_answers))
        bound = connection.scalar(sa.select(sa.func.count(review_tasks.c.verified_id)))
    twice = {task for counts in (told, on_record) for task, times in counts.items() if times > 1}
    return len(twice) + abs((answers or 0) - (bound or 0))


def _lost(database: Database, tasks: int, told: Counter[int]) -> int:
    """Tasks that are not whole, and decisions of which nothing is left."""
    query = sa.select(
        *(review_tasks.c[name] for name in ("id", "state", "draft_text", "decision", "answered_with")),
        *(messages.c[name] for name in ("text", "answer")),
        conversations.c.unread,
    ).select_from(
        review_tasks.outerjoin(messages, messages.c.id == review_tasks.c.reply_id).outerjoin(
            conversations, conversations.c.id == messages.c.conversation_id
        )
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    whole = {row.id for row in rows if _whole(row)}
    # An equal question is resolved by the decision on the other one.
    resolved = {row.answered_with or row.id for row in rows if row.state == "resolved"}
    return (tasks - len(whole)) + len(resolved ^ told.keys())


def _whole(row: sa.Row[tuple[object, ...]]) -> bool:
    if row.draft_text is None or row.answer is None:
        return False
    waits = row.answer["outcome"] == "waiting"
    if row.state == "open":
        return waits and row.decision is None
    decided = row.answered_with or row.id
    return not waits and bool(row.text) and row.answer["verified"]["task"] == decided and row.unread


def _ms(waits: Sequence[float], share: float) -> float:
    return round(waits[min(len(waits) - 1, int(len(waits) * share))] * 1000, 1)


def _now() -> datetime:
    return datetime.now(UTC)
