"""Quoted rows of tables are drawn as tables, whatever stands around them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pages.parts.answer_rows import with_tables


def test_rows_of_one_table_stand_below_each_other() -> None:
    """Each with its citation; an empty cell stays empty."""
    text = "Country: Ireland; Days: 25; Note: a|b [1]\n\nCountry: Spain; Days: 22 [2]\n\nAsk early. [1]"
    assert with_tables(text) == (
        "| Country | Days | Note |  |\n| --- | --- | --- | --- |\n"
        "| Ireland | 25 | a\u2223b | [1] |\n| Spain | 22 |  | [2] |\n\nAsk early. [1]"
    )


def test_one_row_stands_upright() -> None:
    """Names beside values, the names as people write them."""
    assert with_tables("article: FW-330; list_price_eur: 1,640.00; warranty_months: 36 [1]") == (
        "| Article | FW-330 [1] |\n| --- | --- |\n| List price (EUR) | 1,640.00 |\n| Warranty months | 36 |"
    )


def test_a_currency_is_not_said_twice() -> None:
    """It stands in the value, or else in the name."""
    drawn = with_tables("country: Denmark; full_day_eur: EUR 61; note_eur: 5 [1]")
    assert "| Full day | EUR 61 |" in drawn
    assert "| Note (EUR) | 5 |" in drawn


def test_wide_rows_stand_upright_one_by_one() -> None:
    """A table of seven columns would have to be moved sideways on a phone."""
    row = "; ".join(f"c{n}: v{n}" for n in range(7))
    drawn = with_tables(f"{row} [1]\n\n{row} [2]")
    assert drawn.count("| --- | --- |") == 2


def test_prose_stays_as_it_is() -> None:
    """Also with colons and semicolons, and without a citation."""
    for text in (
        "Two ways: by mail; or: by phone. [1] And more. [2]",
        "Note: this [1]",
        "a; b: c",
        "",
        "\n\n",
    ):
        assert with_tables(text) == text


@given(st.text(alphabet="ab:; []1\n|", max_size=80))
def test_nothing_gets_lost(text: str) -> None:
    """Every letter and digit of any text is still there, in its order."""
    drawn = with_tables(text)
    before = [c for c in text if c in "ab1"]
    after = iter(c for c in drawn.casefold() if c in "ab1")
    assert sorted(before) == sorted(after)
