"""Routes of many deployments that look like one model: failover, retries, restarts, circuits."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from core.errors import (
    AllDeploymentsFailed,
    Busy,
    ConfigurationError,
    FailureKind,
    ModelError,
    ModelRefused,
    ModelUnavailable,
    NotCleared,
    NotFound,
)
from core.gateway.attempt import Attempt, tokens_in
from core.gateway.attempts import Attempts, Skip, Unobserved
from core.gateway.balancing import in_turn
from core.gateway.deployments import Deployment, Routes
from core.gateway.journey import Journey
from core.gateway.messages import DataClass, Finish, Message, ModelRequest, Piece, Restart
from core.gateway.retrying import RetryPolicy
from core.gateway.station import SEEN_S, DeploymentSnapshot, Station

__all__ = ["SEEN_S", "Router"]

log = logging.getLogger(__name__)

_NOTHING_ANSWERS = (
    "No language model is answering at the moment. Your question is kept: ask again in a few minutes."
)
_TEST = ModelRequest("", (Message("user", "Reply with the word OK."),), max_tokens=16)


class Router:
    """Answers from the deployments of the named model and those that may stand in for it.

    `clock` gives seconds that only grow, `sleep` waits so many seconds. All state is in this process
    and any number of threads may use it.
    """

    def __init__(
        self,
        stations: Sequence[Station],
        routes: Routes,
        policy: RetryPolicy,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        rng: random.Random,
    ) -> None:
        self._stations = {station.deployment.name: station for station in stations}
        self._by_route: dict[str, list[Station]] = {}
        for station in stations:
            self._by_route.setdefault(station.deployment.route, []).append(station)
        self._routes = routes
        self._policy = policy
        self._clock = clock
        self._sleep = sleep
        self._rng = rng

    def stream(
        self,
        request: ModelRequest,
        clearance: DataClass = DataClass.INTERNAL,
        attempts: Attempts | None = None,
    ) -> Generator[Piece | Restart | Finish, None, None]:
        """The answer in pieces, closed by one Finish; a Restart makes the pieces before it void.

        `clearance` is the class of the request's text: only deployments cleared for it are called.
        Raises ModelRefused when the provider declines the request, NotCleared when no deployment may
        see the text, AllDeploymentsFailed when none answers, ConfigurationError for an unknown model.
        """
        observer = attempts or Unobserved()
        journey = self._journey(request, clearance)
        while True:
            station = self._next(journey)
            try:
                sent = observer.before(station.deployment, request)
            except BaseException as exc:
                station.circuit.released()
                if not isinstance(exc, Skip):
                    raise
                journey.skip(station, exc.reason)
                continue
            try:
                yield from self._attempt(journey, station, sent, observer)
                return
            except ModelError as exc:
                self._learn(journey, station, exc)

    def complete(
        self,
        request: ModelRequest,
        clearance: DataClass = DataClass.INTERNAL,
        attempts: Attempts | None = None,
    ) -> tuple[str, Finish]:
        """The whole answer and its Finish, where nothing is shown before the end; raises as `stream`."""
        text: list[str] = []
        for event in self.stream(request, clearance, attempts):
            if isinstance(event, Finish):
                return "".join(text), event
            if isinstance(event, Restart):
                text.clear()
            else:
                text.append(event.text)
        raise ModelUnavailable(_NOTHING_ANSWERS)

    def candidates(self, model: str) -> list[Deployment]:
        """Every deployment that may serve a request for this model, stand-ins included."""
        own = self._routes.real(model)
        names = [own, *self._routes.after(own), *self._routes.larger_than(own)]
        return [s.deployment for name in dict.fromkeys(names) for s in self._by_route.get(name, [])]

    def deployments(self) -> list[Deployment]:
        """Every deployment in the order of the file."""
        return [station.deployment for station in self._stations.values()]

    def knows(self, model: str) -> bool:
        """Whether a model or an alias of this name is configured."""
        return self._routes.real(model) in self._by_route

    def snapshot(self) -> list[DeploymentSnapshot]:
        """Every deployment in the order of the file."""
        seen = {route: sum(len(s.recent()) for s in group) for route, group in self._by_route.items()}
        return [station.snapshot(seen[station.deployment.route]) for station in self._stations.values()]

    def switch_off(self, name: str) -> None:
        """Send nothing to this deployment until it is switched on; raises NotFound."""
        self._station(name).circuit.switch_off()

    def switch_on(self, name: str) -> None:
        """Use it again, whatever is known of it; raises NotFound."""
        self._station(name).circuit.switch_on()

    def test_now(self, name: str, attempts: Attempts | None = None) -> Finish:
        """Ask the deployment a few words now, and close its circuit when it answers.

        One that is switched off stays off. Raises NotFound, Busy when `attempts` does not admit it,
        or the ModelError that came instead of an answer.
        """
        station = self._station(name)
        observer = attempts or Unobserved()
        request = replace(_TEST, model=station.deployment.route)
        try:
            request = observer.before(station.deployment, request)
        except Skip as exc:
            raise Busy(exc.reason) from exc
        for event in Attempt(station, request, observer, self._clock).events():
            if isinstance(event, Finish):
                station.circuit.mend()
                return event
        raise ModelUnavailable(_NOTHING_ANSWERS)

    def _journey(self, request: ModelRequest, clearance: DataClass) -> Journey:
        model = self._routes.real(request.model)
        if model not in self._by_route:
            known = ", ".join(sorted(self._by_route))
            raise ConfigurationError(f"There is no model named {request.model}. Configured are: {known}.")
        models = [model, *self._routes.after(model)]
        if not any(self._cleared(name, clearance) for name in models):
            raise NotCleared(
                f"This needs {clearance.word} text, which no configured deployment of {request.model} may "
                "see, so nothing was sent. An administrator can clear one for it in the models file."
            )
        return Journey(request, models, clearance, self._clock())

    def _attempt(
        self, journey: Journey, station: Station, request: ModelRequest, observer: Attempts
    ) -> Iterator[Piece | Restart | Finish]:
        journey.tries_at.append(self._clock())
        attempt = Attempt(station, request, observer, self._clock)
        for event in attempt.events(journey.restart(station)):
            if isinstance(event, Finish):
                failed = journey.failed_names()
                yield replace(event, failed=failed) if failed else event
            else:
                journey.shown = isinstance(event, Piece)
                yield event

    def _next(self, journey: Journey) -> Station:
        """The station to try now, its circuit's permission taken; raises when there is none left."""
        candidates = self._candidates(journey)
        if self._clock() - journey.began < self._policy.deadline_s:
            found = self._retried(journey) or self._admitted(journey, candidates)
            if found is not None:
                return found
            if self._wait_for_a_cooldown(journey, candidates):
                return self._next(journey)
        raise self._nothing_left(journey, candidates)

    def _candidates(self, journey: Journey) -> list[Station]:
        """Those that are cleared and not done with, in the turn in which to try them."""
        groups = [self._cleared(name, journey.clearance) for name in journey.models]
        return [s for group in groups for s in in_turn(group, self._rng) if not journey.is_done(s)]

    def _cleared(self, model: str, clearance: DataClass) -> list[Station]:
        return [s for s in self._by_route.get(model, ()) if s.deployment.data_class >= clearance]

    def _retried(self, journey: Journey) -> Station | None:
        if journey.again is None:
            return None
        station, wait_s = journey.again
        journey.again = None
        self._sleep(wait_s)
        return station if station.circuit.admit(even_if_slow=True) else None

    def _admitted(self, journey: Journey, candidates: Sequence[Station]) -> Station | None:
        tokens = tokens_in(journey.request)
        roomy = [station for station in candidates if not station.full(tokens)]
        for even_if_slow in (False, True):
            for station in roomy:
                if station.circuit.admit(even_if_slow=even_if_slow):
                    return station
        return None

    def _wait_for_a_cooldown(self, journey: Journey, candidates: Sequence[Station]) -> bool:
        """Wait for the first circuit to let a probe through, once, when that is soon."""
        waits = [left for s in candidates if (left := s.circuit.cooldown_left_s()) > 0]
        if journey.waited or not waits or min(waits) > self._policy.longest_wait_s:
            return False
        journey.waited = True
        self._sleep(min(waits))
        return True

    def _learn(self, journey: Journey, station: Station, error: ModelError) -> None:
        """Decide what an attempt's failure means for the rest; raises what must reach the caller."""
        deployment = station.deployment
        log_it = log.error if error.kind == FailureKind.AUTH else log.warning
        log_it("%s: %s (%s)", deployment.name, error, error.kind, exc_info=error.__cause__)
        first = not journey.errors
        journey.fail(station, error)
        if error.kind == FailureKind.CONTENT_POLICY:
            raise error
        if error.kind == FailureKind.CONTEXT_WINDOW:
            larger = [
                name
                for name in self._routes.larger_than(deployment.route)
                if self._cleared(name, journey.clearance)
            ]
            journey.needs_larger_than(deployment.route, larger)
            if first and not larger:
                raise error
        elif isinstance(error, ModelRefused) and first:
            raise error
        elif not self._may_retry(journey, station, error):
            journey.done(station)

    def _may_retry(self, journey: Journey, station: Station, error: ModelError) -> bool:
        """Plan another try at the same deployment where that is worth it."""
        here, policy = journey.failures_of(station), self._policy
        others = any(self._is_ready(s) for s in self._candidates(journey) if s is not station)
        wait_s = policy.wait_s(here, error.retry_after_s, self._rng)
        if (
            here > (policy.retries if others else policy.last_retries)
            or not policy.allows(error.kind, here, journey.tries_at, self._clock())
            or wait_s > policy.longest_wait_s
            # Others need not wait, and half an answer from here is a reason to go elsewhere.
            or (others and (error.retry_after_s is not None or journey.shown))
        ):
            return False
        journey.again = (station, wait_s)
        return True

    def _is_ready(self, station: Station) -> bool:
        return station.circuit.looks_ready() and not station.full(0)

    def _nothing_left(self, journey: Journey, candidates: Sequence[Station]) -> ModelError:
        if journey.errors and all(e.kind == FailureKind.CONTEXT_WINDOW for e in journey.errors):
            return journey.errors[-1]
        for station in candidates:
            if station.deployment.name not in journey.failed_names():
                journey.skip(station, _why_not(station, tokens_in(journey.request)))
        tried = "; ".join(f"{failed.deployment}: {failed.cause}" for failed in journey.failures)
        error = AllDeploymentsFailed(f"{_NOTHING_ANSWERS} Tried were {tried}.", tuple(journey.failures))
        if journey.errors:
            error.__cause__ = ExceptionGroup("all deployments failed", journey.errors)
        return error

    def _station(self, name: str) -> Station:
        try:
            return self._stations[name]
        except KeyError as exc:
            raise NotFound(f"There is no deployment named {name}.") from exc


def _why_not(station: Station, tokens: int) -> str:
    limit = station.full(tokens)
    return station.circuit.why_not() or (f"at its limit of {limit}" if limit else "there was no time left")
