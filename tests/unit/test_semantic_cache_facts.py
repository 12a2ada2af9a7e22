"""The facts of a question: equal however they are written, different when something else is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.semantic_cache.facts import facts, signature
from core.semantic_cache.sameness import compatible
from core.semantic_cache.wording import read

MONTHS = ("January", "February", "March", "April", "June", "July", "August", "September", "October")


def same(one: str, other: str) -> bool:
    return signature(facts(one)) == signature(facts(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the limit above 5,000 euros?", "What is the limit above EUR 5k?"),
        ("What is the limit above 5,000 euros?", "The limit above five thousand euros?"),
        ("Costs of €1.5 million", "Costs of 1,500,000 euros"),
        ("After two years of service?", "With 2 years of service?"),
        ("After 12 working days?", "After twelve days?"),
        ("Who is on floor 3?", "Who is on floor three?"),
        ("The revenue of Q3 2023?", "Revenue in the third quarter of 2023?"),
        ("What happens on 5 March 2026?", "What happens on March 5th, 2026?"),
        ("Can it start at 9 am?", "Can it start at 9:00?"),
        ("Is INC-20481 solved?", "inc20481: solved?"),
        ("How do I set up 2FA?", "How do I set up two-factor login?"),
        ("Trains from Bonn to Cologne", "Trains to Cologne from Bonn"),
        ("Is overtime not paid?", "Isn't overtime paid?"),
    ],
)
def test_the_same_facts_however_they_are_written(one: str, other: str) -> None:
    assert same(one, other), (facts(one), facts(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Revenue in 2022?", "Revenue in 2023?"),
        ("The limit above 500 euros?", "The limit above 5,000 euros?"),
        ("The limit above 500 euros?", "The limit above 500 dollars?"),
        ("After 2 years?", "After 2 months?"),
        ("What is new in version 7.1?", "What is new in version 7.10?"),
        ("What is new in 7.10.2?", "What is new in 7.10.3?"),
        ("Is INC-20481 solved?", "Is INC-20482 solved?"),
        ("Revenue of Q3?", "Revenue of Q4?"),
        ("The deadline of 5 March?", "The deadline of 5 May?"),
        ("What is due next week?", "What is due this week?"),
        ("Is overtime paid?", "Is overtime not paid?"),
        ("May I carry over leave?", "May I carry over leave without approval?"),
        ("Leave for contractors?", "Leave for interns?"),
        ("Moving from Bonn to Cologne", "Moving from Cologne to Bonn"),
        ("Write to a@fennwick.example?", "Write to b@fennwick.example?"),
        ("Leave per month?", "Leave per week?"),
        ("The first stage?", "The second stage?"),
    ],
)
def test_other_facts_tell_questions_apart(one: str, other: str) -> None:
    assert not same(one, other), facts(one)


@pytest.mark.parametrize("question", ["Which one may I take?", "How do I ask for leave?", "Who are we?", ""])
def test_a_question_without_facts_has_no_signature(question: str) -> None:
    assert signature(facts(question)) == ""


def test_may_and_march_are_months_only_where_they_are_meant() -> None:
    assert facts("May I march to the office?") == frozenset()
    assert facts("Is the office closed in May?") == {"month 5"}


@given(st.integers(0, 10**9))
def test_a_number_is_the_same_with_and_without_separators(number: int) -> None:
    assert same(f"Who approves {number} euros?", f"Who approves {number:,} euros?")
    assert same(f"Who approves {number} euros?", f"Who approves € {number}?")


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_two_numbers_are_the_same_only_when_they_are(one: int, other: int) -> None:
    assert same(f"Who approves {one} euros?", f"Who approves {other} euros?") == (one == other)


@given(st.integers(1, 28), st.sampled_from(MONTHS), st.integers(1950, 2090))
def test_a_date_is_the_same_in_either_order(day: int, month: str, year: int) -> None:
    assert same(f"What is due on {day} {month} {year}?", f"What is due on {month} {day}, {year}?")
    assert not same(f"What is due on {day} {month} {year}?", f"What is due on {day} {month} {year + 1}?")


@given(st.text(max_size=200))
def test_every_text_can_be_read(text: str) -> None:
    """And a question is always compatible with itself."""
    assert len(signature(facts(text))) in (0, 32)
    assert compatible(read(text), read(text))
