"""The words of entries, for the text search: an index beside the journal, not part of the evidence.

Both databases get the same words, split here, so that they find the same: runs of letters and
digits, NFKC, case-folded. SQLite keeps them in FTS5, PostgreSQL in a tsvector with a GIN index.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from core.journal.entries import Columns
from core.tables import journal

_WORD = re.compile(r"[^\W_]+")
_WORD_CHARS = 100  # PostgreSQL refuses lexemes above 2,046 bytes
_ENTRY_WORDS = 20_000  # and a tsvector above 1 MB

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


def add_words(connection: sa.Connection, rows: Sequence[Columns]) -> None:
    """Index the texts in the rows' `data`."""
    dialect = connection.dialect.name
    found = [(row["seq"], words(_texts(json.loads(row["data"])))) for row in rows]
    values = [
        {"seq": seq, "words": " ".join(some) if dialect == "sqlite" else some} for seq, some in found if some
    ]
    if values:
        connection.execute(_ADD[dialect], values)


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


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
