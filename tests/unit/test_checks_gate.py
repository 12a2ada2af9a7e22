"""An answer goes through the gate sentence by sentence, however it arrives."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.checks.findings import Action, Finding, Severity
from core.answering.checks.gate import MOST_HELD, SentenceGate
from core.answering.checks.outgoing import Judged, SentenceChecker
from core.answering.checks.support import SupportChecker
from core.knowledge.terms import TermAnalyzer
from tests.fakes import passage

SOURCES = [
    passage("Leave is 26 days per year. Ask your manager 3 weeks before, e.g. by mail. It is paid."),
    passage("country: Denmark; full_day: EUR 61", chunk_id=2, document_id=2),
]
CHECKER = SentenceChecker(SupportChecker(TermAnalyzer()))
ANSWERS = [
    "Leave is 26 days per year. [1] Ask your manager 3 weeks before, e.g. by mail [1]. It is paid. [1]",
    "Leave is 26 days per year [1][2]. Ask Dr. Velden first. [1] It is paid [1].",
    "- Leave is 26 days per year. [1]\n- It is paid. [1]\n\nThe full day in Denmark is EUR 61 [2].",
    "Leave is 26 days per year.[1, 2] It is paid.",
    "Is it paid? It is paid. [1] See www.fennwick.example for 1.5 more [2]. Done",
    "", "   ", "[1]", "...",
]  # fmt: skip


def judged(pieces: list[str]) -> list[Judged]:
    gate = SentenceGate(CHECKER, SOURCES)
    found = [sentence for piece in pieces for sentence in gate.feed(piece)]
    found += gate.finish()
    assert found == gate.judged
    return found


@given(st.sampled_from(ANSWERS), st.lists(st.integers(0, 120)))
def test_the_pieces_that_an_answer_comes_in_do_not_matter(answer: str, cuts: list[int]) -> None:
    """Every way to cut it gives the sentences that it has as a whole, and nothing of it is lost."""
    places = sorted({0, len(answer), *(cut for cut in cuts if cut < len(answer))})
    pieces = [answer[start:end] for start, end in pairwise(places)]
    assert judged(pieces) == judged([answer])
    assert judged(list(answer)) == judged([answer])


@pytest.mark.parametrize("answer", ANSWERS[:3])
def test_shown_sentences_make_up_the_answer(answer: str) -> None:
    """Where no citation has to be added the text is the model's to the letter."""
    assert "".join(sentence.text for sentence in judged([answer])) == answer


def test_a_sentence_is_judged_as_soon_as_the_next_has_begun() -> None:
    """What follows is not waited for, and its citation is not cut off."""
    gate = SentenceGate(CHECKER, SOURCES)
    assert gate.feed("Leave is 26 days per year.") == []
    assert gate.feed(" [1]") == []
    first = gate.feed(" Ask your")
    assert [(s.text, s.passed) for s in first] == [("Leave is 26 days per year. [1] ", True)]


def test_one_sentence_that_fails_is_enough() -> None:
    """The gate did not pass; its support is that of the weakest sentence, and it says which one."""
    gate = SentenceGate(CHECKER, SOURCES)
    first = gate.feed("It is paid. [1] Leave is 30 days per year. [1] Nobody knows")
    last = gate.finish()
    assert [sentence.passed for sentence in (*first, *last)] == [True, False, False]
    assert not gate.passed
    assert gate.support < 0.5
    spotted = next(found for found in gate.spotted if found.rule == "number")
    assert (spotted.action, spotted.sentence) == ("flag", "Leave is 30 days per year. [1]")


def test_an_empty_answer_does_not_pass() -> None:
    """Nothing was said, so nothing was supported."""
    gate = SentenceGate(CHECKER, SOURCES)
    gate.feed("  ")
    gate.finish()
    assert not gate.passed
    assert gate.support == 0.0


def test_a_restarted_answer_begins_anew() -> None:
    """A gate is made for each try, so half a sentence of the first is not in the second."""
    broken_off = SentenceGate(CHECKER, SOURCES)
    broken_off.feed("Leave is 30 days per year. [1] Ask your mana")
    again = SentenceGate(CHECKER, SOURCES)
    again.feed("Leave is 26 days per year. [1]")
    again.finish()
    assert not broken_off.passed
    assert again.passed
    assert [sentence.text for sentence in again.judged] == ["Leave is 26 days per year. [1]"]


def test_a_sentence_that_cites_a_flagged_passage_is_withheld() -> None:
    """Even word for word: a person looks first. Others are not held up by it."""
    flag = Finding("injection-stray", Severity.MEDIUM, Action.FLAG, "Look at it.")
    gate = SentenceGate(CHECKER, SOURCES, {2: flag})
    gate.feed("It is paid. [1]\ncountry: Denmark; full_day: EUR 61 [2]")
    gate.finish()
    assert [sentence.passed for sentence in gate.judged] == [True, False]
    assert gate.findings == (flag,)


def test_text_without_an_end_is_judged_as_it_stands() -> None:
    """A model that never ends a sentence does not fill the memory."""
    gate = SentenceGate(CHECKER, SOURCES)
    found = gate.feed("on and " * (MOST_HELD // 7 + 2))
    assert [sentence.passed for sentence in found] == [False]
