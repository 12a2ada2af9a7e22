"""The confidence dial for administrators: what each share brings, what was learned, and what drifts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from limits.strategies import MovingWindowRateLimiter

from core.adjustments import Adjustments
from core.answering.calibration import LEAST_DECISIONS, Judged
from core.answering.confidence import ConfidenceModel, Signs
from core.answering.dial import ConfidenceDial
from core.database import Database
from core.errors import BadInput, NotAllowed
from core.gateway.local_counters import LocalCounters
from core.identity import Identity
from core.journal.entries import Kind, Record
from core.journal.journal import Journal
from core.operations.confidence import SHARES, Confidence
from core.operations.recent import ENOUGH, Recent, recent
from core.review.lessons import Lesson
from core.types import Person, Role
from tests.conftest import add_departments, add_person
from tests.fakes import Clock

MODEL = ConfidenceModel(Signs(1.0, 0.0, 0.0, 0.0), 0.0, ((0.0, 0.0), (1.0, 1.0)))
# Of a hundred answers at each score, as many are right as the score says.
OUTCOMES = [Judged(score / 10, place < score * 10) for score in range(1, 10) for place in range(100)]
WHEN = datetime(2026, 11, 20)


@pytest.fixture
def journal(database: Database, clock: Clock) -> Journal:
    return Journal(database, clock)


@pytest.fixture
def identity(database: Database, clock: Clock) -> Identity:
    found = Identity(database, clock, MovingWindowRateLimiter(LocalCounters()), 10, timedelta(days=1))
    add_departments(found)
    return found


@pytest.fixture
def root(identity: Identity) -> Person:
    return add_person(identity, "sanne", "people", Role.ADMINISTRATOR)


@pytest.fixture
def dial(database: Database, journal: Journal, clock: Clock) -> ConfidenceDial:
    adjustments = Adjustments(database, clock, journal.append_in)
    return ConfidenceDial(MODEL, OUTCOMES, list, adjustments, 0.2, lambda: 0.0)


def confidence(dial: ConfidenceDial, lessons: Sequence[Lesson] = (), now: Recent | None = None) -> Confidence:
    return Confidence(dial, len(OUTCOMES), lambda: lessons, lambda: now or Recent())


def lesson(sure: float | None, right: bool, signs: Signs | None = None) -> Lesson:
    return Lesson(signs, sure, right, WHEN)


def test_each_share_says_what_it_brings(dial: ConfidenceDial, root: Person) -> None:
    """The more wrong answers are accepted, the fewer questions go to a reviewer."""
    view = confidence(dial).view(root)

    assert [choice.accepted_wrong for choice in view.choices] == sorted({*SHARES, 0.2})
    reviewed = [choice.reviewed for choice in view.choices]
    assert reviewed == sorted(reviewed, reverse=True) and reviewed[-1] < reviewed[0]
    assert view.chosen.accepted_wrong == 0.2 and view.chosen.notch.wrong <= 0.2
    assert not view.chosen.measured_here and view.chosen.reviews_a_day is None
    assert view.outcomes == 900


def test_the_work_is_counted_over_the_own_questions_once_there_are_enough(
    dial: ConfidenceDial, root: Person
) -> None:
    threshold = dial.setting().threshold
    below, above = threshold - 0.05, threshold + 0.05
    few = confidence(dial, now=Recent((below,) * (ENOUGH - 1), 10.0)).view(root).chosen
    enough = confidence(dial, now=Recent((below,) * 15 + (above,) * 35, 10.0)).view(root).chosen

    assert not few.measured_here and few.reviews_a_day == pytest.approx(few.notch.reviewed * 10)
    assert enough.measured_here and enough.reviewed == pytest.approx(0.3)
    assert enough.reviews_a_day == pytest.approx(3.0)


def test_a_share_that_no_threshold_keeps_says_so(dial: ConfidenceDial, root: Person) -> None:
    """Of the surest answers one in ten is wrong: fewer cannot be had."""
    kept = {choice.accepted_wrong: choice.kept for choice in confidence(dial).view(root).choices}
    assert kept[0.05] is False and kept[0.12] is True


def test_another_share_moves_the_threshold(dial: ConfidenceDial, root: Person, journal: Journal) -> None:
    here = confidence(dial)
    before = here.view(root).chosen.notch.threshold
    here.accept(root, 0.12)

    assert here.view(root).chosen.accepted_wrong == 0.12
    assert here.view(root).chosen.notch.threshold > before
    assert journal.search()[0].data["value"] == 0.12
    with pytest.raises(BadInput):
        here.accept(root, 0.6)


def test_decisions_wait_until_they_are_enough(dial: ConfidenceDial, root: Person) -> None:
    """Those without signs cannot take part."""
    signs = Signs(1.0, 0.0, 0.0, 0.0)
    few = [lesson(0.7, True, signs)] * (LEAST_DECISIONS - 1) + [lesson(0.7, True)]
    view = confidence(dial, few).view(root)
    assert (view.learned, view.waiting) == (0, LEAST_DECISIONS - 1)
    view = confidence(dial, [*few, lesson(None, True, signs)]).view(root)
    assert (view.learned, view.waiting) == (LEAST_DECISIONS, 0)


def test_recent_decisions_that_do_not_fit_are_a_drift(dial: ConfidenceDial, root: Person) -> None:
    """Only the newest count, and too few say nothing."""
    good, bad = [lesson(0.5, n % 2 == 0) for n in range(200)], [lesson(0.9, n % 2 == 0) for n in range(40)]
    assert confidence(dial, bad[:10]).view(root).drift is None
    fits, drifts = confidence(dial, good).view(root).drift, confidence(dial, bad).view(root).drift
    assert fits is not None and fits.fits
    assert drifts is not None and not drifts.fits
    assert (drifts.decisions, drifts.found) == (40, 0.5) and drifts.expected == pytest.approx(0.9)
    newest = confidence(dial, [*good, *bad * 50]).view(root).drift
    assert newest is not None and newest.fits


def test_recent_answers_are_read_from_the_journal(journal: Journal, clock: Clock) -> None:
    """Those that were made for want of anything found have no confidence, and a month ago is long ago."""
    assert recent(journal, clock()) == Recent()
    journal.append(Record("old", Kind.ANSWER, data={"confidence": 0.1}))
    clock.advance(days=40)
    for sure in (0.9, 0.4):
        journal.append(Record("t", Kind.ANSWER, data={"confidence": sure}))
    journal.append(Record("t", Kind.ANSWER, outcome="not_found", data={"confidence": None}))
    clock.advance(days=4)

    assert recent(journal, clock()) == Recent((0.4, 0.9), 0.5)


def test_only_administrators_turn_the_dial(dial: ConfidenceDial, identity: Identity) -> None:
    other = add_person(identity, "other", "people", *(set(Role) - {Role.ADMINISTRATOR}))
    with pytest.raises(NotAllowed):
        confidence(dial).view(other)
    with pytest.raises(NotAllowed):
        confidence(dial).accept(other, 0.1)
    assert dial.setting().accepted_wrong == 0.2
