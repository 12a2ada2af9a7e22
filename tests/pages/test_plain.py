"""Words that others wrote are drawn as they stand; numbers as people say them."""

from __future__ import annotations

import re

import pytest

from core.answering.citations import Citation
from core.types import Readership
from pages.parts import plain, reader, wording
from pages.parts.source_panel import excerpt, spans


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**bold** and a list", "**bold** and a list"),
        ("![x](y)", r"!\[x\](y)"),
        ("[a](b)", r"\[a\](b)"),
        ("see https://a.example/b.", "see `https://a.example/b.`"),
        ("ask it-help@a.example.", "ask `it-help@a.example`."),
        ("<b>no</b>", r"\<b>no\</b>"),
        (":red-badge[verified]", r":red-badge\[verified\]"),
        (r"\[a](b)", r"\\\[a\](b)"),
        ("&#91;a](b)", r"\&#91;a\](b)"),
        ("costs $5 or $6", r"costs \$5 or \$6"),
        ("run `make [x]` now", "run `make [x]` now"),
        ("# Title", "**Title**"),
        ("five days [1][2] or [3]", r"five days :gray-badge[1]:gray-badge[2] or \[3\]"),
    ],
)
def test_an_answer_keeps_harmless_marks_and_nothing_else(written: str, shown: str) -> None:
    assert plain.answer(written, {1, 2}) == shown


def test_a_link_definition_gives_a_marker_no_target() -> None:
    assert plain.answer("five [1]\n\n[1]: https://evil.example", {1}).count("](") == 0


def test_an_icon_code_is_broken_so_that_no_badge_is_imitated() -> None:
    assert ":material/verified:" not in plain.answer(":material/verified: yes")
    assert ":smile:" not in plain.label(":smile:").replace("\\", "")


@pytest.mark.parametrize("text", ["ask it-help@a.example", "mailto:a.b+c@d-e.example!", "@you, 3 @ 5"])
def test_an_address_is_text_that_nothing_links(text: str) -> None:
    shown = plain.label(text).replace("\\", "")
    assert not re.search(r"[\w.+-]@[\w-]", shown) and shown.replace("\u2060", "") == text


@pytest.mark.parametrize("text", ["a *b* [c](d) `e` #f $g$ <h> 1. i", "_x_ ~y~ | z ![p](q)"])
def test_a_label_is_the_text_itself(text: str) -> None:
    assert plain.label(text).replace("\\", "") == text


def test_marks_may_overlap_and_lie_outside() -> None:
    assert list(reader.split("abcdef", [(1, 3), (2, 4), (9, 12)])) == [
        ("a", False),
        ("bc", True),
        ("", False),
        ("d", True),
        ("ef", False),
    ]


def test_an_excerpt_marks_the_same_words_as_the_document() -> None:
    text = "\n".join(f"line {n} of the text, which is long" for n in range(200))
    start = text.index("line 100")
    citation = Citation(1, 1, 1, 1, 1, "t", (), None, start, start + 40, ((start, start + 8),))

    _, shown, marks = excerpt(text, citation)
    assert [shown[a:b] for a, b in marks] == ["line 100"]
    assert shown.startswith("… line") and shown.endswith(" …") and len(shown) < 2_000
    assert spans(citation) == [(start, start + 8)]


@pytest.mark.parametrize(
    ("microusd", "said"),
    [(0, "$0.00"), (12_300, "$0.0123"), (1_234_500_000, "$1,234.50"), (1_000_000, "$1.00")],
)
def test_money(microusd: int, said: str) -> None:
    assert wording.money(microusd) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0004, "1 ms"),
        (0.012, "12 ms"),
        (0.0949, "95 ms"),
        (0.096, "0.1 s"),
        (0.84, "0.8 s"),
        (45, "45 s"),
        (240, "4 min"),
        (7_500, "2 h 5 min"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert wording.duration(seconds) == said


def test_counts_sizes_and_readers() -> None:
    assert wording.count(1, "file") == "1 file" and wording.count(1_200, "file") == "1,200 files"
    assert [wording.size(n) for n in (12, 1_500, 2_300_000)] == ["12 bytes", "2 kB", "2.3 MB"]
    assert wording.readers(Readership.everyone(), {}) == "Everyone"
    assert wording.readers(Readership.of(["a", "b"]), {"a": "People"}) == "People, b"
