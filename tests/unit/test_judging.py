"""What passages are worth before a model is asked, and where the dial stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from core.adjustments import Adjustments
from core.answering.calibration import LEAST_DECISIONS, Judged
from core.answering.confidence import ConfidenceModel, Signs
from core.answering.dial import ConfidenceDial, DialSetting
from core.answering.judging import NOTHING_BELOW, Judge, Judgement
from core.bootstrap import Desk
from core.errors import BadInput, NotAllowed
from core.types import Person, Role
from tests.conftest import Clock, add_person
from tests.fakes import passage

BY_EVIDENCE = ConfidenceModel(Signs(1.0, 0.0, 0.0, 0.0), 0.0, ((0.0, 0.0), (1.0, 1.0)))
OUTCOMES = [Judged(score / 100, score >= 40) for score in range(100)]


@dataclass(frozen=True)
class Sentence:
    passage: int
    score: float
    text: str = "26 days."
    start: int = 0
    near: tuple[float, ...] = (0.5,)


class Ranker:
    """Gives what it is told to and remembers what it was asked."""

    def __init__(self, *scores: float) -> None:
        self.scores = scores
        self.asked: list[tuple[str, list[str], list[str]]] = []

    def rank(self, question: str, texts: Sequence[str], heads: Sequence[str] = ()) -> Sequence[Sentence]:
        self.asked.append((question, list(texts), list(heads)))
        return [Sentence(0, score) for score in self.scores]


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def administrator(desk: Desk) -> Person:
    return add_person(desk.identity, "sanne", "people", Role.ADMINISTRATOR)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def decisions() -> list[Judged]:
    return []


@pytest.fixture
def dial(desk: Desk, clock: Clock, time: Time, decisions: list[Judged]) -> ConfidenceDial:
    adjustments = Adjustments(desk.database, clock, desk.journal.append_in)
    return ConfidenceDial(BY_EVIDENCE, OUTCOMES, lambda: decisions, adjustments, 0.05, time)


def judge(*scores: float, dial: ConfidenceDial) -> Judgement:
    return Judge(Ranker(*scores), dial.setting, str.split)("How many?", [passage("26 days.")])


def test_the_best_sentence_decides(dial: ConfidenceDial) -> None:
    """Weaker sentences beside it neither add nor take away."""
    found = judge(0.8, 0.1, dial=dial)
    assert found.evidence == 0.8
    assert found.expected == found.score == pytest.approx(0.8)


def test_no_passages_are_no_evidence(dial: ConfidenceDial) -> None:
    """Nothing was found, or nothing in it can be quoted."""
    found = Judge(Ranker(), dial.setting, str.split)("How many?", [])
    assert found.nothing
    assert found.confidence(1.0) == 0.0


def test_the_ranker_reads_passages_below_their_headings(dial: ConfidenceDial) -> None:
    """Title and heading path are given as the embedded model gives them, so one ranking serves both."""
    ranker = Ranker(0.5)
    below = passage("26 days.", title="Leave", heading_path=("Days", "Ireland"))
    Judge(ranker, dial.setting, str.split)("How many?", [below, passage("None.", title="Leave")])
    assert ranker.asked == [("How many?", ["26 days.", "None."], ["Leave\nDays > Ireland", "Leave"])]


@pytest.mark.parametrize(("above", "nothing"), [(-0.01, True), (0.0, False), (0.3, False)])
def test_little_evidence_is_still_worth_a_model(above: float, nothing: bool) -> None:
    """Only below the low threshold is no model asked."""
    assert Judgement(NOTHING_BELOW + above, 0.0, 0.5).nothing is nothing


def test_weak_support_makes_an_answer_doubtful(dial: ConfidenceDial) -> None:
    """The probability is that of both: the passages answer, and the answer says what they say."""
    found = judge(0.8, dial=dial)
    assert found.admits(found.confidence(1.0))
    assert not found.admits(found.confidence(0.4))


def test_the_threshold_keeps_to_the_accepted_share(dial: ConfidenceDial) -> None:
    """Of the shipped outcomes at or above it, no more are wrong."""
    setting = dial.setting()
    served = [one.right for one in OUTCOMES if one.score >= setting.threshold]
    assert served.count(False) / len(served) <= 0.05
    assert 0.3 < setting.threshold <= 0.4


def test_an_administrator_turns_the_dial_for_everybody(
    dial: ConfidenceDial, administrator: Person, time: Time
) -> None:
    """At once in this process, and elsewhere when the value is read again."""
    before = dial.setting().threshold
    dial.turn(administrator, 0.3)
    assert dial.setting().accepted_wrong == 0.3
    assert dial.setting().threshold < before


def test_another_process_sees_it_some_seconds_later(
    dial: ConfidenceDial, desk: Desk, clock: Clock, administrator: Person, time: Time
) -> None:
    adjustments = Adjustments(desk.database, clock, desk.journal.append_in)
    other = ConfidenceDial(BY_EVIDENCE, OUTCOMES, list, adjustments, 0.05, time)
    assert other.setting().accepted_wrong == 0.05
    dial.turn(administrator, 0.2)
    assert other.setting().accepted_wrong == 0.05
    time.now += 10
    assert other.setting().accepted_wrong == 0.2


def test_only_administrators_turn_it_and_only_so_far(
    dial: ConfidenceDial, administrator: Person, desk: Desk
) -> None:
    with pytest.raises(NotAllowed):
        dial.turn(add_person(desk.identity, "bo", "sales", Role.MANAGER), 0.2)
    with pytest.raises(BadInput, match="between"):
        dial.turn(administrator, 0.6)
    assert dial.setting().accepted_wrong == 0.05


def test_enough_decisions_change_what_a_score_is_worth(
    dial: ConfidenceDial, decisions: list[Judged], time: Time
) -> None:
    """Where reviewers keep rejecting what looked right, it is worth less."""
    before: DialSetting = dial.setting()
    decisions += [Judged(0.7, right=False)] * LEAST_DECISIONS
    time.now += 10
    doubtful = Signs(0.85, 0.0, 0.0, 0.0)
    assert dial.setting().model.probability(doubtful) < before.model.probability(doubtful)
