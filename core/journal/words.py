"""The words of entries, for the text search: an index beside the journal, not part of the evidence.

Both databases get the same words, split here, so that they find the same: runs of letters and
digits, NFKC, case-folded. SQLite keeps them in FTS5, PostgreSQL in a tsvector with a GIN index.

The index follows the journal: whoever searches brings it up to date first, so that appending, which
every call of a model waits for twice, need not.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from core.database import Database
from core.tables import journal

_WORD = re.compile(r"[^\W_]+")
_WORD_CHARS = 100  # PostgreSQL refuses lexemes above 2,046 bytes
_ENTRY_WORDS = 20_000  # and a tsvector above 1 MB

_LOCK = 0x776F7264  # any fixed number: it names the advisory lock that following takes
BATCH = 500
"""Entries of one transaction: on SQLite no other writer gets in meanwhile."""

_NEWEST = {
    "sqlite": sa.text("SELECT rowid FROM journal_words ORDER BY rowid DESC LIMIT 1"),
    "postgresql": sa.text("SELECT max(seq) FROM journal_words"),
}
_ADD = {
    "sqlite": sa.text("INSERT INTO journal_words (rowid, words) VALUES (:seq, :words)"),
    "postgresql": sa.text(
        "INSERT INTO journal_words (seq, words) VALUES (:seq, array_to_tsvector(CAST(:words AS text[])))"
    ),
}
_FIND = {
    "sqlite": "SELECT rowid FROM journal_words WHERE journal_words MATCH :wanted",
    "postgresql": "SELECT seq FROM journal_words WHERE words @@ CAST(:wanted AS tsquery)",
}


class WordIndex:
    """The index of one database; any number of threads and processes may bring it up to date."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = database.url.get_backend_name()

    def catch_up(self) -> None:
        """Index every entry that is committed by now."""
        with self._database.read() as connection:
            newest = connection.scalar(sa.select(sa.func.max(journal.c.seq))) or 0
            due = newest > self._last(connection)
        while due:
            due = self._add_some(newest)

    def _add_some(self, newest: int) -> bool:
        """Index as many entries as one transaction takes; whether there are more up to `newest`."""
        with self._database.write() as connection:
            if not self._database.is_sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            query = sa.select(journal.c.seq, journal.c.data).where(journal.c.seq > self._last(connection))
            rows = connection.execute(query.order_by(journal.c.seq).limit(BATCH)).all()
            # An entry without a word gets a row as well: it says how far the index has come.
            values = [{"seq": row.seq, "words": self._stored(words(_texts(_read(row.data))))} for row in rows]
            if values:
                connection.execute(_ADD[self._dialect], values)
        return bool(rows) and rows[-1].seq < newest

    def _last(self, connection: sa.Connection) -> int:
        return connection.scalar(_NEWEST[self._dialect]) or 0

    def _stored(self, found: list[str]) -> str | list[str]:
        return " ".join(found) if self._dialect == "sqlite" else found


def holds_words(dialect: str, text: str) -> sa.ColumnElement[bool] | None:
    """The condition that an entry has a word beginning with each word of `text`; None without words."""
    wanted = words([text])
    if not wanted:
        return None
    if dialect == "sqlite":
        query = " AND ".join(f'"{word}"*' for word in wanted)
    else:
        query = " & ".join(f"'{word}':*" for word in wanted)
    found = sa.text(_FIND[dialect]).bindparams(wanted=query).columns(sa.column("seq", sa.BigInteger))
    return journal.c.seq.in_(found.scalar_subquery())


def words(texts: Iterable[str]) -> list[str]:
    """The distinct words of the texts, sorted, at most 20,000 of at most 100 characters."""
    found = {
        word[:_WORD_CHARS]
        for text in texts
        for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    }
    return sorted(found)[:_ENTRY_WORDS]


def _read(data: str) -> Any:
    """What the text holds; one that was tampered with is searched as it stands."""
    try:
        return json.loads(data)
    except ValueError:
        return data


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
