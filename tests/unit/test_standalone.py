"""Follow-up questions are recognised and joined with what they continue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from core.answering.courtesy import reply_to
from core.answering.standalone import joined, last_topic, leans_on_conversation

DIALOGUES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("follow_ups.yaml").read_text())


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
    assert joined("How much is the FW-220?", question) == question


def test_a_follow_up_is_joined_with_the_last_question() -> None:
    """Where there is none, it is taken as it is."""
    topic = "How much leave can I carry over?"
    assert joined(topic, "What about contractors?") == f"{topic} What about contractors?"
    assert joined(None, "What about contractors?") == "What about contractors?"


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue["asks"][:40])
def test_a_question_in_a_dialogue_is_searched_for_in_this_form(dialogue: dict[str, Any]) -> None:
    """Joined with the one topic it continues, never with a chain of them, and only where it needs that."""
    asked: list[tuple[str, str]] = []
    for question in [*dialogue["said"], dialogue["asks"]]:
        asked.append((question, joined(last_topic(asked), question)))
    assert asked[-1][1] == dialogue.get("alone", dialogue["asks"])
    assert (reply_to(dialogue["asks"]) is not None) == dialogue.get("courtesy", False)


def test_a_rewritten_follow_up_is_a_topic_itself() -> None:
    """A model has put in what it needs: what comes next may continue it."""
    asked = [("How much leave do I have?",) * 2, ("And in Denmark?", "How much leave do I have in Denmark?")]
    assert last_topic(asked) == "How much leave do I have in Denmark?"


def test_what_was_no_question_is_no_topic() -> None:
    """Nothing continues a greeting."""
    assert last_topic([("Hello", "Hello"), ("Thanks!", "Thanks!")]) is None
