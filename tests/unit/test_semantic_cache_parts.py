"""Admission, the second look, the judge of doubtful reuse, and flights of twin questions."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from core.answering.answer import Answer, Outcome
from core.semantic_cache.admission import refusal
from core.semantic_cache.agreement import same_answer
from core.semantic_cache.dial import DEFAULT, DIAL
from core.semantic_cache.entries import CacheKey
from core.semantic_cache.flight import Flights
from tests.cache_house import QUESTION, drafted
from tests.fakes import ShapeFinder, passage

LEAVE = passage("Five days may be carried over.", chunk_id=1, document_id=1)
PAY = passage("Salaries come on the 25th.", chunk_id=2, document_id=2)


def answer(text: str = "Five days may be carried over until March [1].") -> Answer:
    return drafted(QUESTION, text, LEAVE)


def test_a_whole_confident_cited_answer_is_admitted() -> None:
    assert refusal(answer(), True, False, ShapeFinder()) is None


@pytest.mark.parametrize(
    ("given", "confident", "flagged", "reason"),
    [
        (replace(answer(), outcome=Outcome.NOT_FOUND), True, False, "no answer"),
        (replace(answer(), outcome=Outcome.FAILED), True, False, "no answer"),
        (answer(" "), True, False, "no answer"),
        (answer(), False, False, "not confident"),
        (answer(), True, True, "not confident"),
        (replace(answer(), citations=()), True, False, "not cited"),
        (replace(answer(), question="What is my salary?"), True, False, "about oneself"),
        (answer("Ask grace@fennwick.example [1]."), True, False, "personal data"),
        (replace(answer(), question="Who is grace@fennwick.example?"), True, False, "personal data"),
    ],
)
def test_everything_else_is_refused(given: Answer, confident: bool, flagged: bool, reason: str) -> None:
    assert refusal(given, confident, flagged, ShapeFinder()) == reason


@pytest.mark.parametrize(
    ("text", "agree"),
    [
        ("Five days may be carried over until March [2].", True),
        ("Until March, five days may be carried over [1].", True),
        ("Five days may not be carried over until March [1].", False),
        ("Five days may be carried over until 31 March [1].", False),
        ("Bicycles are paid [1].", False),
    ],
)
def test_answers_agree_when_they_say_the_same(text: str, agree: bool) -> None:
    assert same_answer(answer(), answer(text)) is agree


def test_answers_from_other_places_do_not_agree() -> None:
    assert not same_answer(answer(), drafted(QUESTION, answer().text, PAY))
    assert not same_answer(answer(), drafted(QUESTION, answer().text, LEAVE, PAY))
    assert not same_answer(answer(), replace(answer(), outcome=Outcome.NOT_FOUND))


def test_a_key_differs_by_each_of_its_parts() -> None:
    key = CacheKey("m", "p", "e", "en")
    others = [
        CacheKey("x", "p", "e"),
        CacheKey("m", "x", "e"),
        CacheKey("m", "p", "x"),
        replace(key, language="x"),
    ]
    assert len({each.digest for each in (key, *others)}) == 5
    assert CacheKey("a", "b\nc", "d").digest != CacheKey("a\nb", "c", "d").digest


def test_the_dial_is_ordered_and_its_default_keeps_the_bound() -> None:
    """From careful to bold there are ever more hits, and the default is wrong in 0.5 % of traps at most."""
    notches = sorted(DIAL.values(), key=lambda notch: -notch.threshold)
    hits = [notch.customers[0] for notch in notches]
    assert hits == sorted(hits)
    assert DIAL[DEFAULT].employees[1] <= 0.5


def test_the_first_of_twins_flies_and_the_other_waits_for_it() -> None:
    flights, order = Flights(60), []
    aloft, looked_back = threading.Event(), threading.Event()

    def follow() -> None:
        aloft.wait()
        with flights.of("q") as first:
            order.append(("second", first))
        looked_back.set()

    follower = threading.Thread(target=follow)
    follower.start()
    with flights.of("q") as first:
        aloft.set()
        order.append(("first", first))
    follower.join()
    assert order[0] == ("first", True)
    assert looked_back.is_set()


def test_other_questions_do_not_wait() -> None:
    flights = Flights(60)
    with flights.of("a") as one, flights.of("b") as other:
        assert (one, other) == (True, True)


def test_a_flight_that_fails_lets_the_others_go_and_the_next_one_fly() -> None:
    flights = Flights(60)
    with pytest.raises(ValueError, match="crashed"), flights.of("q"):
        raise ValueError("crashed")
    with flights.of("q") as first:
        assert first


def test_nobody_waits_longer_than_allowed() -> None:
    flights = Flights(0)
    with flights.of("q") as first, flights.of("q") as second:
        assert (first, second) == (True, False)
