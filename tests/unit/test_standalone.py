"""Follow-up questions are recognised and joined with what they continue."""

from __future__ import annotations

import pytest

from core.answering.standalone import joined, leans_on_conversation


@pytest.mark.parametrize(
    "question",
    [
        "What about contractors?",
        "and in Denmark?",
        "Does it apply to part-timers?",
        "How do I request that?",
        "Why?",
        "For how long?",
        "Is this also true for interns?",
        "Who approves them?",
        "Denmark?",
    ],
)
def test_a_follow_up_leans_on_the_conversation(question: str) -> None:
    """It can not be searched for alone."""
    assert leans_on_conversation(question)


@pytest.mark.parametrize(
    "question",
    [
        "How many days of annual leave can I carry over?",
        "list price FW-210S",
        "Is there a dress code?",
        "Which laptops can be ordered by people that travel?",
        "per diem for a full day in Denmark?",
        "Those who work nights: what extra pay do people get?",
    ],
)
def test_a_whole_question_stands_alone(question: str) -> None:
    """Nothing of the conversation may change what it finds."""
    assert not leans_on_conversation(question)
    assert joined(["How much is the FW-220?"], question) == question


def test_a_follow_up_is_joined_with_the_last_question() -> None:
    """The stand-alone form of that one, so that chains of follow-ups work."""
    earlier = ["How much leave do I have?", "How much leave can I carry over?"]
    assert joined(earlier, "What about contractors?") == (
        "How much leave can I carry over? What about contractors?"
    )
    assert joined([], "What about contractors?") == "What about contractors?"
