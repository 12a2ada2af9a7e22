"""The words of a question say what an answer must show."""

from dataclasses import fields, replace

import pytest

from core.knowledge.answer_types import expected
from core.knowledge.likeness import WEIGHTS, Likeness, Wording, probability
from core.knowledge.quantities import Amount, amounts, identifiers, shape, within
from core.knowledge.terms import TermAnalyzer

NOTHING = Likeness(*[0.0] * len(fields(Likeness)))


@pytest.mark.parametrize(
    ("question", "fitting", "other"),
    [
        ("How many days are there?", "You have 26 days.", "There are some."),
        ("My bag is gone. How fast must I report it?", "Report it within 2 hours.", "Report it at the desk."),
        ("What does a badge cost?", "A badge is EUR 12.", "A badge is blue."),
        ("When was it founded?", "It was founded in May 1998.", "It was founded in Cork."),
        ("I get EUR 5. Who decides?", "The finance manager decides.", "EUR 5 is fine."),
        ("What percentage is paid?", "We pay 40 percent.", "We pay 40 euros."),
    ],
)
def test_an_answer_shows_what_was_asked_for(question: str, fitting: str, other: str) -> None:
    """A number, a time, money, a person; and the last question counts, not what stands before it."""
    kind = expected(question)
    assert kind is not None
    assert kind.search(fitting)
    assert not kind.search(other)


def test_an_open_question_expects_nothing() -> None:
    """Why and how may be answered by any words."""
    assert expected("Why is the water blue?") is None


def test_amounts_are_numbers_that_count_something() -> None:
    """However thousands are written; codes and bare numbers are none."""
    assert amounts("a claim of 2.400 euro, EUR 1,000.50 and 12 percent on 30 probes for FW-210?") == [
        Amount(2400, "money"),
        Amount(1000.5, "money"),
        Amount(12, "percent"),
        Amount(30, "probe"),
    ]


@pytest.mark.parametrize(
    ("text", "expected_agreement"),
    [
        ("Amount: EUR 2,000.01 to EUR 7,500; Approver: manager", 1),
        ("Amount: above EUR 7,500; Approver: officer", -1),
        ("Amount: up to EUR 3,000; Approver: lead", 1),
        ("Discount: above 10 to 15 percent", 0),
        ("Claims are approved.", 0),
    ],
)
def test_ranges_hold_an_amount_or_not(text: str, expected_agreement: int) -> None:
    """Only ranges of the same unit say anything."""
    assert within(amounts("a claim of 2.400 euro"), text) == expected_agreement


def test_identifiers_have_a_shape() -> None:
    """Variants of a product are of one kind, decades and ordinals are no codes."""
    assert identifiers("FW-210S, G5 and the 1990s on the 3rd") == {"FW-210S", "G5"}
    assert shape("FW-210S") == shape("FW-330") != shape("EC-21")


def test_a_code_or_a_name_that_no_passage_knows_is_a_bad_sign() -> None:
    """And where the code is at hand, a sentence about another one is its rival."""
    passages = ["FW-210 costs 5.", "FW-330 costs 9."]
    known = frozenset(TermAnalyzer()("\n".join(passages)))

    def likeness(question: str) -> Likeness:
        return Wording(question, 6, passages, known, TermAnalyzer()).likeness(0.5, 0.5, passages[1], 1)

    assert (likeness("price of FW-210").rival, likeness("price of FW-210").unknown) == (1, 0)
    assert (likeness("price of FW-220").rival, likeness("price of FW-220").unknown) == (0, 1)
    assert likeness("What is the price in Poland?").unnamed == 1
    assert likeness("What is the price?").unnamed == 0


def test_each_sign_moves_the_probability_its_way() -> None:
    """In [0, 1], up or down as its weight says."""
    assert 0 < probability(NOTHING) < 0.01
    for field in fields(Likeness):
        weight = getattr(WEIGHTS, field.name)
        moved = probability(replace(NOTHING, **{field.name: 1.0}))
        assert (moved > probability(NOTHING)) == (weight > 0)
