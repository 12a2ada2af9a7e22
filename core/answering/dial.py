"""The confidence dial: how many of the answers given at once may be wrong, and what that means."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.adjustments import Adjustments
from core.answering.calibration import Judged, Notch, notches, threshold_for, with_decisions
from core.answering.confidence import ConfidenceModel, straightened
from core.errors import BadInput
from core.types import Person

ADJUSTMENT = "accepted wrong share"
MOST_ACCEPTED = 0.5


@dataclass(frozen=True, slots=True)
class DialSetting:
    """Where the dial stands: the accepted share of wrong answers, the model in force, and its notches.

    `notch` is the one that keeps to the accepted share; `curve` are all, by ascending threshold.
    """

    accepted_wrong: float
    model: ConfidenceModel
    notch: Notch
    curve: tuple[Notch, ...]

    @property
    def threshold(self) -> float:
        """From this confidence on an answer is given at once."""
        return self.notch.threshold


class ConfidenceDial:
    """Reads where the dial stands, at most every `keep_s` seconds of `timer`; safe for many threads.

    `shipped` are the outcomes that `model` was calibrated with; `decisions` gives those of reviewers,
    which take part as soon as there are enough. `default` holds until an administrator sets another
    share.
    """

    def __init__(
        self,
        model: ConfidenceModel,
        shipped: Sequence[Judged],
        decisions: Callable[[], Sequence[Judged]],
        adjustments: Adjustments,
        default: float,
        timer: Callable[[], float],
        keep_s: float = 10.0,
    ) -> None:
        self._model = model
        self._shipped = shipped
        self._decisions = decisions
        self._adjustments = adjustments
        self._default = default
        self._timer = timer
        self._keep_s = keep_s
        self._lock = threading.Lock()
        self._known: tuple[float, DialSetting] | None = None

    def setting(self) -> DialSetting:
        """Where it stands now."""
        with self._lock:
            now = self._timer()
            if self._known is None or now - self._known[0] >= self._keep_s:
                self._known = now, self._read()
            return self._known[1]

    def turn(self, actor: Person, accepted_wrong: float, reason: str = "") -> None:
        """Accept another share of wrong answers, in [0, 0.5]; NotAllowed for all but administrators."""
        if not 0 <= accepted_wrong <= MOST_ACCEPTED:
            raise BadInput(f"Choose a share between 0 and {MOST_ACCEPTED:.0%}.")
        self._adjustments.put(actor, ADJUSTMENT, accepted_wrong, reason)
        with self._lock:
            self._known = None

    def _read(self) -> DialSetting:
        adjusted = self._adjustments.get(ADJUSTMENT)
        accepted = self._default if adjusted is None else float(adjusted.value)
        model = with_decisions(self._model, self._shipped, self._decisions())
        chances = [straightened(one.score, model.knots) for one in self._shipped]
        curve = tuple(notches(chances, [one.right for one in self._shipped]))
        return DialSetting(accepted, model, threshold_for(accepted, curve), curve)
