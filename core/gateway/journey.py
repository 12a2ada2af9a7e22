"""What one request has been through: where it may still go, what failed, what was shown."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import FailedAttempt, FailureKind, ModelError
from core.gateway.messages import DataClass, ModelRequest, Restart
from core.gateway.station import Station

_CAUSES = {
    FailureKind.RATE_LIMITED: "rate limited",
    FailureKind.AUTH: "its key or name is not accepted",
    FailureKind.CONTEXT_WINDOW: "the text is too long for it",
    FailureKind.CONTENT_POLICY: "declined the content",
    FailureKind.BAD_REQUEST: "declined the request",
    FailureKind.UNAVAILABLE: "out of order",
    FailureKind.TIMEOUT: "silent",
    FailureKind.PROTOCOL: "broke off its answer",
}


class Journey:
    """The state of one request; `models` are the names to try in their order, `began` in seconds."""

    def __init__(
        self, request: ModelRequest, models: Sequence[str], clearance: DataClass, began: float
    ) -> None:
        self.request = request
        self.clearance = clearance
        self.began = began
        self.models = list(models)
        self.tries_at: list[float] = []
        self.failures: list[FailedAttempt] = []
        self.errors: list[ModelError] = []
        self.shown = False
        self.waited = False
        self.again: tuple[Station, float] | None = None
        self._done: set[str] = set()

    def is_done(self, station: Station) -> bool:
        """Whether this station is not to be tried any more."""
        return station.deployment.name in self._done

    def done(self, station: Station) -> None:
        """Do not try this station any more."""
        self._done.add(station.deployment.name)

    def skip(self, station: Station, reason: str) -> None:
        """Pass it over without a call."""
        self.done(station)
        self.failures.append(FailedAttempt(station.deployment.name, reason))

    def fail(self, station: Station, error: ModelError) -> None:
        """Note a failed attempt."""
        cause = _CAUSES[error.kind] + (f" ({error.status})" if error.status else "")
        self.errors.append(error)
        self.failures.append(
            FailedAttempt(station.deployment.name, cause, str(error), error.kind, error.status)
        )

    def failures_of(self, station: Station) -> int:
        """How often this station failed."""
        return sum(f.deployment == station.deployment.name and f.kind is not None for f in self.failures)

    def failed_names(self) -> tuple[str, ...]:
        """The deployments that were tried or passed over, each once."""
        return tuple(dict.fromkeys(failed.deployment for failed in self.failures))

    def needs_larger_than(self, model: str, larger: Sequence[str]) -> None:
        """The text does not fit into this model: go on with those that have a larger window."""
        at = self.models.index(model)
        self.models[at : at + 1] = [name for name in larger if name not in self.models]

    def restart(self, station: Station) -> Restart | None:
        """The event that makes what was shown void; None where nothing was."""
        if not self.shown:
            return None
        return Restart(station.deployment.name, self.failures[-1].cause if self.failures else "")
