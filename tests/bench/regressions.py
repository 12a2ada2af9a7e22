"""Every correction by a reviewer is asked again: does the program still make its old mistakes?

The cases come from the data folder that the settings name. A copy of it is asked, so that nothing of the
questions stays behind; stop the app first, or a document that is being indexed may be missing from the copy.
`remembered` answers with verified answers and cache, `alone` without them: what the program knows by itself.
A case is right when the answer says what the reviewer said, waiting when it goes to a person.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.assistant import Answered
from core.bootstrap import Desk, build
from core.review.regressions import Case, Reply, Result, replay
from core.settings import Limits, Settings, load_settings
from core.tables import cache_entries, documents, people, verified_answers
from core.types import Person, Readership

DATABASE = "answerdesk.sqlite"
SIDES = ("remembered", "alone")


def run(_data: Path) -> dict[str, Any]:
    """Counts of cases, by how they went."""
    logging.getLogger("core").setLevel(logging.ERROR)
    settings = load_settings()
    if settings.database_url is not None or not (settings.data_dir / DATABASE).is_file():
        print("there is no data folder with a SQLite database to copy: not measured", file=sys.stderr)
        return {side: {"cases": 0} for side in SIDES}
    found = {}
    for side in SIDES:
        with tempfile.TemporaryDirectory() as folder:
            found[side] = replayed(settings, Path(folder), alone=side == "alone")
    return found


def replayed(settings: Settings, folder: Path, alone: bool, **parts: Any) -> dict[str, int]:
    """Copy the data folder, build a desk over the copy with these parts, and ask every case."""
    copied(settings.data_dir, folder / "runtime")
    limits = Limits(questions_per_min=100_000)
    desk = build(settings.model_copy(update={"data_dir": folder / "runtime", "limits": limits}), **parts)
    try:
        if alone:
            _forget(desk)
        cases = desk.reviews.regressions.cases()
        results = replay(cases, lambda case: _asked(desk, case))
    finally:
        desk.close()
    for case, result in results:
        # The number alone: whoever reads this output may not read everybody's questions.
        print(f"task {case.task_id}: {result.value}")
    counts = Counter(result for _, result in results)
    return {"cases": len(cases), "asked": len(results)} | {each.value: counts[each] for each in Result}


def copied(runtime: Path, target: Path) -> None:
    """The database as it is at one moment, and the vectors."""
    target.mkdir(parents=True)
    with (
        closing(sqlite3.connect(runtime / DATABASE)) as source,
        closing(sqlite3.connect(target / DATABASE)) as copy,
    ):
        source.backup(copy)
    if (runtime / "chroma").is_dir():
        shutil.copytree(runtime / "chroma", target / "chroma")


def _forget(desk: Desk) -> None:
    with desk.database.write() as connection:
        connection.execute(sa.update(verified_answers).values(state="retired"))
        connection.execute(sa.delete(cache_entries))


def _asked(desk: Desk, case: Case) -> Reply | None:
    person = _reader(desk, case)
    if person is None:
        return None
    conversation = desk.conversations.start(person, case.question)
    *_, last = desk.assistant.ask(person, conversation, case.question)
    if not isinstance(last, Answered):
        raise TypeError("the path of a question ends with its answer")
    cited = [citation.document_id for citation in last.answer.citations]
    with desk.database.read() as connection:
        names = connection.scalars(sa.select(documents.c.name).where(documents.c.id.in_(cited)))
        return Reply(last.answer, tuple(names))


def _reader(desk: Desk, case: Case) -> Person | None:
    """Somebody whose department may read all that the case needs."""
    readership = Readership.from_key(case.readers)
    with desk.database.read() as connection:
        addresses = connection.scalars(sa.select(people.c.email).where(people.c.active).order_by(people.c.id))
        found = [desk.identity.by_email(address) for address in addresses.all()]
    return next((person for person in found if person and readership.admits(person)), None)
