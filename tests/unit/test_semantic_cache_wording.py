"""Names, opposites, languages and content words, and how alike they make two questions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.semantic_cache.audiences import audiences, is_about_oneself
from core.semantic_cache.geometry import fitted
from core.semantic_cache.poles import opposed, poles
from core.semantic_cache.sameness import compatible, score, signs
from core.semantic_cache.wording import digest, is_english, language_of, read


def likeness(one: str, other: str, nearness: float = 0.8) -> float:
    return score(signs(read(one), read(other), nearness))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I enable the alarm?", "How do I disable the alarm?"),
        ("How do I turn the alarm on?", "How do I turn off the alarm?"),
        ("What is the maximum stay?", "What is the minimum stay?"),
        ("What is due before the trip?", "What is due after the trip?"),
        ("How do I log in?", "How do I log out?"),
        ("How do I install the client?", "How do I uninstall the client?"),
        ("Who grants access?", "Who revokes access?"),
        ("Is paid leave possible?", "Is unpaid leave possible?"),
        ("Incoming calls", "outgoing calls"),
    ],
)
def test_opposites_are_never_the_same(one: str, other: str) -> None:
    assert opposed(poles(one.casefold()), poles(other.casefold()))
    assert not compatible(read(one), read(other))


def test_who_names_both_poles_asks_for_both() -> None:
    both = poles("what is due before and after the trip?")
    assert not opposed(both, poles("what is due after and before it?"))
    assert opposed(both, set()) is False


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I use Outlook?", "How do I use Teams?"),
        ("The VPN for Linux?", "The VPN for Windows?"),
        ("Leave in Germany?", "Leave in France?"),
        ("Does the office in Bonn have parking?", "Does the office have parking?"),
    ],
)
def test_other_names_are_never_the_same(one: str, other: str) -> None:
    assert not compatible(read(one), read(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I use Outlook?", "using outlook"),
        ("Holidays in Germany?", "german holidays"),
        ("What is our SLA?", "What is our service level agreement?"),
        ("How do I ask for Leave?", "How do I ask for leave?"),
    ],
)
def test_names_may_be_written_otherwise(one: str, other: str) -> None:
    assert compatible(read(one), read(other))


def test_a_shout_has_no_names() -> None:
    assert read("HOW DO I ASK FOR LEAVE").names == frozenset()


@pytest.mark.parametrize(
    "question",
    [
        "What is my salary?",
        "How many days of leave do I have left?",
        "How many days have I left?",
        "How much of the budget is left for me?",
        "What days do I still have?",
        "Did I ask for leave?",
        "Am I eligible for the bonus?",
        "What are my remaining days?",
        "Who is my manager?",
        "I'm sick, what now?",
    ],
)
def test_questions_for_a_record_of_the_asker(question: str) -> None:
    assert is_about_oneself(question)


@pytest.mark.parametrize(
    "question",
    [
        "How many vacation days do I get?",
        "How do I reset my password?",
        "Can I work from home?",
        "What happens to days that are left at the end of the year?",
    ],
)
def test_questions_for_a_rule_in_the_first_person(question: str) -> None:
    assert not is_about_oneself(question)


def test_audiences_are_whole_words() -> None:
    assert audiences("do contractors and part-timers get leave?") == {"contractor", "part-time"}
    assert audiences("is the intranet internal?") == set()


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("How many days of leave do I get?", "en"),
        ("Wie viele Tage Urlaub kann ich nehmen?", "other"),
        ("Combien de jours de congé est-ce que je peux prendre?", "other"),
        ("Сколько дней отпуска?", "other"),
        ("annual leave", "en"),
    ],
)
def test_languages(question: str, language: str) -> None:
    assert language_of(question) == language
    assert is_english(question) == (language == "en")


def test_words_are_the_same_whatever_capitals_spaces_and_marks() -> None:
    assert digest("How  much?") == digest("how much ?") == digest("HOW MUCH")
    assert digest("How much’s left?") == digest("How much's left")
    assert digest("How much?") != digest("How many?")


def test_an_exchanged_word_counts_against_two_questions() -> None:
    """`the same words, but about something else` is the mark of a trap."""
    ask = "How do I ask for a laptop?"
    assert likeness(ask, "How can I ask for a laptop?") > likeness(ask, "How do I ask for a desk?")
    assert likeness(ask, "How do I ask for a desk?") < 0.8


def test_shared_names_and_facts_count_for_them() -> None:
    one, other = "Parental leave after 2 years in Bonn?", "Bonn: leave for parents, 2 years?"
    assert compatible(read(one), read(other))
    assert signs(read(one), read(other), 0.5).anchors == 1.0


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_the_nearer_the_higher(one: float, other: float) -> None:
    low, high = sorted((one, other))
    ask = "How do I ask for a laptop?", "Which form is for laptops?"
    assert likeness(*ask, low) <= likeness(*ask, high)


def test_few_questions_leave_the_embedding_as_it_is() -> None:
    vectors = np.eye(3, dtype=np.float32)
    assert np.allclose(fitted(vectors).placed(vectors), vectors)


def test_the_geometry_tells_apart_what_stands_in_a_narrow_cone() -> None:
    rng = np.random.default_rng(1)
    cone = np.concatenate([np.ones((400, 1)) * 8, rng.standard_normal((400, 15))], axis=1)
    vectors = (cone / np.linalg.norm(cone, axis=1, keepdims=True)).astype(np.float32)
    placed = fitted(vectors).placed(vectors)
    assert np.allclose(np.linalg.norm(placed, axis=1), 1, atol=1e-5)
    strangers, as_they_are = placed[:200] @ placed[200:].T, vectors[:200] @ vectors[200:].T
    assert as_they_are.mean() > 0.7
    assert abs(strangers.mean()) < 0.05
