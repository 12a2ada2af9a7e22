"""Rows of tables: what they are about, and which of them a question passes over."""

from __future__ import annotations

import pytest

from core.knowledge.terms import TermAnalyzer
from core.table_rows import TableRow, has_row_about, passed_over, table_row

PROBE = "article: FW-330; name: Turbidity probe; list_price_eur: 1,640.00; unit: piece"
BLADE = "article: WB-3; name: Wiper blade for FW-330; list_price_eur: 14.50; unit: piece; note: Wear part"


def test_a_row_is_read_into_its_cells() -> None:
    """A semicolon within a value belongs to it."""
    assert table_row("Country: Denmark; Note: rail; not air; Days: 3") == TableRow(
        ("Country", "Note", "Days"), ("Denmark", "rail; not air", "3")
    )


@pytest.mark.parametrize("line", ["Send it within 45 days.", "Note: one cell only", "first; Key: value", ""])
def test_what_is_no_row_is_none(line: str) -> None:
    """One pair is as often a label in prose."""
    assert table_row(line) is None


def test_rows_of_one_table_have_most_columns_in_common() -> None:
    """Whatever cells are empty; another table that begins with the same column is another."""
    one, other = table_row(PROBE), table_row(BLADE)
    stranger = table_row("article: FW-330; Plan October: 760; Built: 712")
    assert one is not None and other is not None and stranger is not None
    assert one.is_beside(other)
    assert not one.is_beside(stranger)


def rivals(question: str, *rows: tuple[str, float]) -> list[bool]:
    analyse = TermAnalyzer()
    return passed_over(frozenset(analyse(question)), [(table_row(row), held) for row, held in rows], analyse)


def test_the_named_row_beats_those_that_mention_its_name() -> None:
    """The price of the FW-330 is not that of its blade."""
    assert rivals("How much does the FW-330 cost?", (BLADE, 0.5), (PROBE, 0.5)) == [True, False]


def test_a_row_that_holds_more_of_the_question_stays() -> None:
    """Asked for the blade that fits a probe, the probe's own row is not the answer."""
    assert rivals("Which blade fits the FW-330?", (BLADE, 0.9), (PROBE, 0.5)) == [False, False]


def test_without_a_named_row_none_is_passed_over() -> None:
    """Nor where the table is another one."""
    assert rivals("daily allowance for Poland", (PROBE, 0.5), (BLADE, 0.5)) == [False, False]
    other = "Property: Pressure; FW-330: 6 bar; FW-330L: 10 bar"
    assert rivals("pressure of the FW-330", (other, 0.4), (PROBE, 0.5)) == [False, False]


def test_several_named_rows_stand_side_by_side() -> None:
    """A comparison names more than one."""
    rows = [(f"Country: {name}; Days: 25; Notice: 3", 0.5) for name in ("Germany", "Ireland", "Spain")]
    assert rivals("Days in Germany and Ireland?", *rows) == [False, False, True]


def test_a_code_stands_first_in_a_row_about_it() -> None:
    """Within a text of many rows; a longer code is another one."""
    text = f"Prices\n{BLADE}\n{PROBE}"
    assert has_row_about(text, frozenset({"FW-330"}))
    assert not has_row_about(text, frozenset({"FW-33", "FW-330L"}))
    assert not has_row_about(text, frozenset())
