"""The confidence dial as administrators see it: wrong answers against the work of reviewers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.answering.calibration import LEAST_DECISIONS, Drift, Notch, drift, threshold_for
from core.answering.dial import ConfidenceDial
from core.operations.acts import admit
from core.operations.recent import Recent
from core.review.lessons import Lesson
from core.types import Person

SHARES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12)
"""The accepted shares of wrong answers that the dial offers."""
LATEST = 200
"""So many of the newest decisions tell whether the confidence still fits."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A position of the dial: an accepted share of wrong answers, and what it brings.

    `reviewed` is the share of questions that go to a reviewer, of this company's own where `measured_here`,
    else of those that the confidence was fitted with; `reviews_a_day` is None while nobody asks.
    """

    accepted_wrong: float
    notch: Notch
    reviewed: float
    reviews_a_day: float | None
    measured_here: bool

    @property
    def kept(self) -> bool:
        """Whether the share could be kept where it was measured, with any answer given at once."""
        return self.notch.served > 0 and self.notch.wrong <= self.accepted_wrong


@dataclass(frozen=True, slots=True)
class ConfidenceView:
    """The dial: where it stands, where it could, and the curve behind it, by ascending threshold.

    `learned` counts the reviewers' decisions that take part in the confidence, `waiting` those that do not
    yet because they are too few. `drift` is None while there are too few recent ones to tell.
    """

    chosen: Choice
    choices: tuple[Choice, ...]
    curve: tuple[Notch, ...]
    outcomes: int
    learned: int
    waiting: int
    drift: Drift | None


class Confidence:
    """`lessons` gives decided drafts, newest first; `recent` the answers of late; `outcomes` counts those
    that the shipped confidence was fitted with. Every method raises NotAllowed for all but administrators.
    """

    def __init__(
        self,
        dial: ConfidenceDial,
        outcomes: int,
        lessons: Callable[[], Sequence[Lesson]],
        recent: Callable[[], Recent],
    ) -> None:
        self._dial = dial
        self._outcomes = outcomes
        self._lessons = lessons
        self._recent = recent

    def view(self, actor: Person) -> ConfidenceView:
        """Where the dial stands, and all that speaks for or against it."""
        admit(actor)
        setting, recent, lessons = self._dial.setting(), self._recent(), self._lessons()
        shares = sorted({*SHARES, setting.accepted_wrong})
        choices = tuple(_choice(share, setting.curve, recent) for share in shares)
        known = sum(lesson.signs is not None for lesson in lessons)
        enough = known >= LEAST_DECISIONS
        pairs = [(one.confidence, one.right) for one in lessons if one.confidence is not None]
        return ConfidenceView(
            chosen=next(one for one in choices if one.accepted_wrong == setting.accepted_wrong),
            choices=choices,
            curve=setting.curve,
            outcomes=self._outcomes,
            learned=known if enough else 0,
            waiting=0 if enough else known,
            drift=drift(pairs[:LATEST]),
        )

    def accept(self, actor: Person, wrong_share: float) -> None:
        """Accept another share of wrong answers, in every process; BadInput outside of [0, 0.5]."""
        admit(actor)
        self._dial.turn(actor, wrong_share)


def _choice(share: float, curve: Sequence[Notch], recent: Recent) -> Choice:
    notch = threshold_for(share, curve)
    here = recent.reviewed(notch.threshold)
    reviewed = notch.reviewed if here is None else here
    a_day = reviewed * recent.a_day if recent.a_day else None
    return Choice(share, notch, reviewed, a_day, here is not None)
