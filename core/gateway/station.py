"""A deployment at work: its circuit, its load, and what was seen of it lately."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.gateway.circuit import Circuit
from core.gateway.deployments import Deployment
from core.gateway.messages import Connect
from core.gateway.reader_threads import ReaderThreads

MINUTE_S = 60.0
SEEN_S = 300.0
"""How far back the traffic on the operations page reaches, in seconds."""
_MOST_SEEN = 2_000


@dataclass(frozen=True, slots=True)
class Seen:
    """An attempt that is over; seconds on the router's clock."""

    at: float
    well: bool
    latency_s: float
    tokens: int


@dataclass(frozen=True, slots=True)
class DeploymentSnapshot:
    """What the operations page shows of a deployment; figures are of the last SEEN_S seconds.

    `state` is one of the circuit's states, `traffic_share` the part of its route's attempts in
    [0, 1]; latencies are those of whole answers and None while there are none. One that is not `priced`
    is never called.
    """

    name: str
    route: str
    model: str
    provider: str
    region: str
    data_class: str
    state: str
    reason: str
    cooldown_left_s: float
    in_flight: int
    attempts: int
    errors: int
    latency_p50_s: float | None
    latency_p95_s: float | None
    traffic_share: float
    last_error: str
    priced: bool


class Station:
    """Thread safe. `connect` opens a stream to the deployment, `clock` gives seconds that only grow.

    `counts_rates` is false where the rate limits count requests and tokens for all processes.
    """

    def __init__(
        self,
        deployment: Deployment,
        connect: Connect,
        clock: Callable[[], float],
        counts_rates: bool = True,
    ) -> None:
        self.deployment = deployment
        self.connect = connect
        self.circuit = Circuit(deployment.circuit, clock)
        self.readers = ReaderThreads()
        self.last_error = ""
        self._clock = clock
        self._counts_rates = counts_rates
        self._lock = threading.Lock()
        self._in_flight = 0
        most = max(_MOST_SEEN, deployment.rpm or 0)
        self._started: deque[float] = deque(maxlen=most)
        self._seen: deque[Seen] = deque(maxlen=most)

    @property
    def order(self) -> int:
        """The deployment's order."""
        return self.deployment.order

    @property
    def weight(self) -> float:
        """The deployment's weight."""
        return self.deployment.weight

    @property
    def in_flight(self) -> int:
        """How many answers are being written at this moment."""
        return self._in_flight

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Counts one answer as being written while the context is open."""
        with self._lock:
            self._in_flight += 1
            self._started.append(self._clock())
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1

    def saw(self, well: bool, latency_s: float, tokens: int, error: str = "") -> None:
        """Keep what came of an attempt."""
        with self._lock:
            self._seen.append(Seen(self._clock(), well, latency_s, tokens))
        if error:
            self.last_error = error

    def full(self, tokens: int) -> str:
        """The limit that a request of so many tokens would break; empty when there is room."""
        deployment = self.deployment
        if deployment.max_parallel is not None and self._in_flight >= deployment.max_parallel:
            return f"{deployment.max_parallel} answers at a time"
        if not self._counts_rates:
            return ""
        if deployment.rpm is not None and self._started_lately() >= deployment.rpm:
            return f"{deployment.rpm} requests a minute"
        if deployment.tpm is not None and self._tokens_lately() + tokens > deployment.tpm:
            return f"{deployment.tpm} tokens a minute"
        return ""

    def _started_lately(self) -> int:
        since = self._clock() - MINUTE_S
        with self._lock:
            return sum(at > since for at in self._started)

    def _tokens_lately(self) -> int:
        since = self._clock() - MINUTE_S
        with self._lock:
            return sum(seen.tokens for seen in self._seen if seen.at > since)

    def recent(self) -> list[Seen]:
        """The attempts that ended within SEEN_S."""
        since = self._clock() - SEEN_S
        with self._lock:
            return [seen for seen in self._seen if seen.at > since]

    def snapshot(self, attempts_of_route: int) -> DeploymentSnapshot:
        """The state of now; `attempts_of_route` are all recent ones of the route."""
        recent, deployment, circuit = self.recent(), self.deployment, self.circuit
        latencies = sorted(seen.latency_s for seen in recent if seen.well)
        return DeploymentSnapshot(
            deployment.name,
            deployment.route,
            deployment.model,
            deployment.provider,
            deployment.region,
            deployment.data_class.name.lower(),
            str(circuit.state),
            circuit.reason,
            circuit.cooldown_left_s(),
            self._in_flight,
            len(recent),
            sum(not seen.well for seen in recent),
            _quantile(latencies, 0.5),
            _quantile(latencies, 0.95),
            len(recent) / attempts_of_route if attempts_of_route else 0.0,
            self.last_error,
            deployment.prices is not None,
        )


def _quantile(ascending: list[float], share: float) -> float | None:
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))] if ascending else None
