"""Rows of tables as the loaders write them: `Column: value; Column: value`, the first cell naming the row."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_PAIR = re.compile(r"([^:;\n]{1,80}): (.*)", re.DOTALL)
_ROW = re.compile(r"[^:;]{1,80}: [^;]*; [^:;]{1,80}: ")
_ALIKE = 0.5
"""The share of columns that two rows of one table have in common; empty cells are not written."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """The names of the columns in which a row has a value, and those values; two of them at least."""

    names: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def key(self) -> str:
        """What the row is about: its first cell."""
        return self.values[0]

    def is_beside(self, other: TableRow) -> bool:
        """Whether both are rows of one table, by their columns."""
        mine, others = set(self.names), set(other.names)
        return self.names[0] == other.names[0] and len(mine & others) >= _ALIKE * len(mine | others)


def begins_as_row(text: str) -> bool:
    """Whether a sentence begins with two named cells."""
    return _ROW.match(text) is not None


def table_row(text: str) -> TableRow | None:
    """The row that a line is; None for a line that is none."""
    pairs: list[tuple[str, str]] = []
    for cell in text.split("; "):
        found = _PAIR.fullmatch(cell)
        if found is not None:
            pairs.append((found[1].strip(), found[2].strip()))
        elif pairs:  # a semicolon within a value
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]}; {cell}")
        else:
            return None
    if len(pairs) < 2 or any(a[0] == b[0] for a, b in pairwise(pairs)):
        return None
    names, values = zip(*pairs, strict=True)
    return TableRow(names, values)


def has_row_about(text: str, codes: frozenset[str]) -> bool:
    """Whether a line of the text is a row whose first cell is one of these codes."""
    return any(
        re.search(rf"^[^:;\n]{{1,80}}: {re.escape(code)}; ", text, re.MULTILINE) is not None for code in codes
    )


def passed_over(
    asked: frozenset[str],
    rows: Sequence[tuple[TableRow | None, float]],
    analyse: Callable[[str], Sequence[str]],
) -> list[bool]:
    """For each row, whether the question names another row of its table.

    `asked` are the question's terms. Each row comes with the share of them that it holds: one that holds
    more than the named rows do is not passed over, because it may be what was asked for in the named one's
    words ("which cartridge fits the FW-210").
    """
    named = [row is not None and _is_named(row.key, asked, analyse) for row, _ in rows]
    rivals = [pair for pair, is_named in zip(rows, named, strict=True) if is_named]
    return [
        row is not None
        and not is_named
        and any(other is not None and row.is_beside(other) and held <= most for other, most in rivals)
        for (row, held), is_named in zip(rows, named, strict=True)
    ]


def _is_named(key: str, asked: frozenset[str], analyse: Callable[[str], Sequence[str]]) -> bool:
    terms = frozenset(analyse(key))
    return terms <= asked and any(not term.isdecimal() for term in terms)
