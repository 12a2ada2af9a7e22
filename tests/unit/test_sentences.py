"""Where sentences begin and end."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.knowledge.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["Leave is paid.", "It must be asked for."],
        ["Ask Mr. Smith or Dr. J. R. Tolkien first.", "They decide."],
        ["See No. 5 of the list.", "Then sign."],
        ["The U.S. Government pays.", "The office is in the U.S.", "It opens at 9 a.m. on Monday."],
        ["It starts at 9 a.m.", "The door is open."],
        ["Version 2.10.3 costs 1,250.50 EUR.", "Is it worth it?", "Yes!"],
        ["Pens, paper, etc. are free.", "Chairs, desks, etc.", "The rest is not."],
        ["Use a reader, e.g. Acrobat, i.e. a program.", "Print it."],
        ['"Are you sure?" she asked.', "He was."],
        ['He said "Stop."', "Then he left."],
        ["Well... that is it…", "Next point."],
        ["(This is an aside.)", "This is not."],
        ["Acme Inc. and Smith & Co. Ltd. are suppliers.", "Others are not."],
        ["Compare Smith et al. 2020, pp. 4 and Fig. 2.", "It differs."],
        ["Write to a.b@example.com or see www.example.com.", "Thanks."],
        ["Take vitamin C.", "The doctor says so."],
        ["これは文です。", "次の文です！"],
    ],
)
def test_full_stops_end_sentences_only_where_they_do(parts: list[str]) -> None:
    """Abbreviations, initials, numbers, quotes and ellipses do not break a sentence."""
    joiner = "" if parts[0].endswith("。") else " "
    assert sentences(joiner.join(parts)) == parts


def test_every_line_ends_a_sentence() -> None:
    """Headings and list items are sentences without a full stop."""
    assert sentences("Leave\n\n- 1. first item\n2. Second. With more\n\n  Last ") == [
        "Leave",
        "- 1. first item",
        "2. Second.",
        "With more",
        "Last",
    ]


def test_a_table_row_is_one_sentence() -> None:
    """A row is quoted whole, whatever full stops its cells have."""
    row = "Item: Laptop. New model; Price: 900 EUR. Incl. VAT; Note: ask IT! Always."
    assert sentences(f"{row}\n{row}") == [row, row]


def test_a_colon_and_a_semicolon_do_not_make_a_row() -> None:
    """Running text with a list after a colon is still cut into sentences."""
    assert sentences("Bring these: a pen; paper. Then come in.") == [
        "Bring these: a pen; paper.",
        "Then come in.",
    ]


@given(
    st.text(alphabet=st.sampled_from("aB1 .!?…;:\n\"')(-。U.S. etc"), max_size=200) | st.text(max_size=200)
)
def test_spans_are_ordered_trimmed_and_cover_all_text(text: str) -> None:
    """Every character that is not space is in exactly one span."""
    spans = sentence_spans(text)
    position = 0
    for start, end in spans:
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip() != ""
        position = end
    assert not text[position:].strip()


@pytest.mark.parametrize(
    "text",
    [
        "Employees take leave, e.g. in May. They ask Mr. Smith first! " * 17_000,
        "." * 1_000_000,
        "a." * 500_000,
        ". " * 500_000,
        "a: b; " * 170_000,
        '"' * 1_000_000,
        "(1) " * 250_000,
        "x" * 1_000_000,
    ],
    ids=lambda text: text[:8],
)
def test_a_megabyte_takes_a_moment(text: str) -> None:
    """No text makes the splitter slow; the bound is generous for a busy machine."""
    began = time.perf_counter()
    sentence_spans(text)
    assert time.perf_counter() - began < 5.0
