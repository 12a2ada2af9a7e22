"""Nothing of handed-over questions is lost, wherever between flag and arrival the process is killed.

One child imports everything and forks a worker for each point: before every single statement that
the hand-over, the claim and the decision send to the database, at each commit, and at the end. The
worker kills itself there with SIGKILL. What it left is looked at, and then another worker does the
rest.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from core.database import Database
from core.errors import Busy
from core.review.decisions import Decision
from core.review.tasks import NewTask, Verdict
from core.tables import conversations, journal, messages, review_tasks, verified_answers
from core.types import Passage, Person, Role
from tests.review_house import QUESTION, House, drafted

TEXT = "Five days [1]."


def test_a_task_is_there_once_with_its_draft_wherever_the_process_is_killed(tmp_path: Path) -> None:
    """And its answer arrives whole or not at all, together with that of an equal question."""
    points = int(run_child(tmp_path, "kill"))
    assert points > 40, "every statement from the hand-over to the arrival is a point"
    database = Database(f"sqlite:///{tmp_path / 'desk.sqlite'}")
    left = {"nothing": 0, "waiting": 0, "arrived": 0}
    for point in range(points):
        left[state_of(database, point)] += 1
    assert all(left.values()), "the kills fell into each part of the way"

    assert run_child(tmp_path, "finish", str(points)) == "done"
    for point in range(points):
        assert state_of(database, point) == "arrived"
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(verified_answers)) == points
        equal = sa.select(sa.func.count()).where(review_tasks.c.answered_with.is_not(None))
        assert connection.scalar(equal) == points
        acts = sa.select(journal.c.outcome, sa.func.count()).group_by(journal.c.outcome)
        counts = dict(map(tuple, connection.execute(acts)))
    assert counts["flagged"] == counts["approved"] == 2 * points
    assert counts["claimed"] >= points
    database.close()


def state_of(database: Database, point: int) -> str:
    """What is left of the question of this point; fails where only a part of something is there."""
    state, equal = (state_in(database, trace) for trace in (trace_of(point), twin_of(point)))
    assert equal == state or (state, equal) == ("nothing", "waiting")
    return state


def state_in(database: Database, trace: str) -> str:
    with database.read() as connection:
        tasks = connection.execute(sa.select(review_tasks).where(review_tasks.c.trace_id == trace)).all()
        said = connection.execute(
            sa.select(messages, conversations.c.unread)
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            .where(messages.c.trace_id == trace)
        ).all()
    if not tasks:
        assert said == []
        return "nothing"
    [task], [message] = tasks, said
    assert task.draft_text == TEXT and task.draft["citations"] and task.passages
    assert message.id == task.reply_id
    if task.state == "open":
        assert message.answer["outcome"] == "waiting" and not message.unread
        assert task.verified_id is None
        return "waiting"
    assert message.text == TEXT and message.answer["verified"]["by"] == "Rhea" and message.unread
    assert (task.verified_id is None) == (task.answered_with is not None)
    return "arrived"


def trace_of(point: int) -> str:
    return f"{point:032x}"


def twin_of(point: int) -> str:
    return f"e{point:031x}"


def run_child(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "tests.unit.test_review_crash", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def opened(folder: Path) -> tuple[House, Person, Person, Passage]:
    house = House(Database(f"sqlite:///{folder / 'desk.sqlite'}"), lambda: datetime.now(UTC))
    ada = house.person("ada", "people")
    rhea = house.person("rhea", "people", Role.REVIEWER)
    with house.database.read() as connection:
        first = connection.scalar(sa.select(sa.func.count()).select_from(conversations)) == 0
    if first:
        passage = house.document("leave.md", "Up to five days.")
        (folder / "passage").write_text(f"{passage.chunk.document_id} {passage.chunk.version_id}")
    ids = [int(word) for word in (folder / "passage").read_text().split()]
    [chunk_id] = house.catalog.chunk_ids(ids[1])
    chunk = house.catalog.chunks([chunk_id])[chunk_id]
    return house, ada, rhea, Passage(chunk, 4.0, 0.8, 0.7)


def way(folder: Path, point: int, kill: bool) -> None:
    """From the flags of two equal questions to the arrival of both answers."""
    house, ada, rhea, passage = opened(folder)
    talks = [house.conversations.start(ada, QUESTION) for _ in range(2)]
    question = f"{QUESTION} ({point})"
    draft = drafted(TEXT, question, passage)
    new = NewTask(trace_of(point), question, draft, (), 0.4, (passage,))
    reached = kill_at(house.database.engine, point) if kill else lambda: None
    house.reviews.intake.hand_over(ada, talks[1], replace(new, trace_id=twin_of(point)))
    handed = house.reviews.intake.hand_over(ada, talks[0], new)
    try:
        lease = house.reviews.queue.claim(rhea, handed.task_id)
        house.reviews.decisions.decide(rhea, lease, Decision(Verdict.APPROVED))
        reached()
    except Busy:
        assert not kill, "only the second worker may find it done"


def kill_at(engine: sa.Engine, point: int) -> Callable[[], None]:
    passed = 0

    def count(*_: object) -> None:
        nonlocal passed
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    sa.event.listen(engine, "before_cursor_execute", count)
    sa.event.listen(engine, "commit", count)
    return count


def forked(folder: Path, point: int, kill: bool) -> bool:
    """Whether a worker of its own was killed."""
    worker = os.fork()
    if worker == 0:
        status = 1
        try:
            way(folder, point, kill)
            status = 0
        finally:
            os._exit(status)
    code = os.waitpid(worker, 0)[1]
    assert os.WIFSIGNALED(code) or os.waitstatus_to_exitcode(code) == 0
    return os.WIFSIGNALED(code)


def main(folder: Path, what: str, points: int = 0) -> None:
    database = Database(f"sqlite:///{folder / 'desk.sqlite'}")
    database.migrate()
    database.close()
    if what == "finish":
        for point in range(points):
            forked(folder, point, kill=False)
        print("done")
        return
    while forked(folder, points, kill=True):
        points += 1
    print(points + 1)  # the last one came through


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))
