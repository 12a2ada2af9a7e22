"""The circuit breaker, on a clock that only moves when it is told to."""

from __future__ import annotations

import pytest

from core.errors import FailureKind
from core.gateway.circuit import Circuit, CircuitLimits, State

LIMITS = CircuitLimits(allowed_fails=2, cooldown_s=10, auth_cooldown_s=300, slow_s=2, slow_samples=5)


class Ticks:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Ticks:
    return Ticks()


@pytest.fixture
def circuit(clock: Ticks) -> Circuit:
    return Circuit(LIMITS, clock)


def fail(circuit: Circuit, times: int, kind: FailureKind = FailureKind.UNAVAILABLE) -> None:
    for _ in range(times):
        circuit.failed(kind)


def test_it_opens_after_more_failures_than_allowed(circuit: Circuit) -> None:
    """Two are forgiven, the third is not."""
    fail(circuit, 2)
    assert circuit.admit()
    fail(circuit, 1)
    assert (circuit.state, circuit.admit()) == (State.OPEN, False)
    assert circuit.cooldown_left_s() == 10


def test_a_few_failures_among_many_answers_are_normal(circuit: Circuit) -> None:
    """What mostly works stays in use."""
    for _ in range(6):
        circuit.succeeded(0.1)
    fail(circuit, 5)
    assert circuit.state == State.CLOSED


def test_old_failures_are_forgotten(circuit: Circuit, clock: Ticks) -> None:
    """Only those within the window count."""
    fail(circuit, 2)
    clock.now += LIMITS.window_s + 1
    fail(circuit, 1)
    assert circuit.state == State.CLOSED


def test_one_request_at_a_time_is_the_probe(circuit: Circuit, clock: Ticks) -> None:
    """After the cooldown one goes through, and its success closes the circuit."""
    fail(circuit, 3)
    clock.now += 10
    assert circuit.looks_ready()
    assert [circuit.admit(), circuit.admit()] == [True, False]
    assert circuit.state == State.HALF_OPEN
    circuit.succeeded(0.1)
    assert circuit.state == State.CLOSED


def test_a_failed_probe_opens_it_again(circuit: Circuit, clock: Ticks) -> None:
    """One failure is enough then."""
    fail(circuit, 3)
    clock.now += 10
    circuit.admit()
    fail(circuit, 1)
    assert (circuit.state, circuit.cooldown_left_s()) == (State.OPEN, 10)


def test_a_probe_whose_caller_went_away_frees_its_place(circuit: Circuit, clock: Ticks) -> None:
    """The next request may be the probe."""
    fail(circuit, 3)
    clock.now += 10
    circuit.admit()
    circuit.released()
    assert circuit.admit()


def test_a_wrong_key_opens_it_at_once_and_for_long(circuit: Circuit) -> None:
    """Only an administrator can mend that."""
    fail(circuit, 1, FailureKind.AUTH)
    assert (circuit.state, circuit.reason, circuit.cooldown_left_s()) == (State.OPEN, "auth", 300)


def test_a_rate_limit_keeps_it_open_for_as_long_as_it_says(circuit: Circuit, clock: Ticks) -> None:
    """Retry-After is kept to."""
    circuit.failed(FailureKind.RATE_LIMITED, retry_after_s=2)
    clock.now += 1.9
    assert not circuit.admit()
    clock.now += 0.2
    assert circuit.admit()


def test_a_silent_deployment_is_left_alone_for_longer(circuit: Circuit) -> None:
    """Its probe makes somebody wait."""
    fail(circuit, 3, FailureKind.TIMEOUT)
    assert circuit.cooldown_left_s() == 20


@pytest.mark.parametrize(
    "kind", [FailureKind.BAD_REQUEST, FailureKind.CONTEXT_WINDOW, FailureKind.CONTENT_POLICY]
)
def test_what_the_request_did_wrong_is_not_its_fault(
    circuit: Circuit, clock: Ticks, kind: FailureKind
) -> None:
    """A refusal shows that somebody is at home: it never opens the circuit, and closes it as a probe."""
    fail(circuit, 9, kind)
    assert circuit.state == State.CLOSED
    fail(circuit, 3)
    clock.now += 10
    circuit.admit()
    circuit.failed(kind)
    assert circuit.state == State.CLOSED


def test_slow_counts_as_sick(circuit: Circuit, clock: Ticks) -> None:
    """By the median of the first tokens; it may still be used when there is nothing better."""
    for first_token_s in (0.1, 3, 3, 3):
        circuit.succeeded(first_token_s)
    assert circuit.state == State.CLOSED
    circuit.succeeded(3)
    assert (circuit.state, circuit.reason) == (State.OPEN, "slow")
    assert not circuit.admit()
    assert circuit.admit(even_if_slow=True)
    clock.now += 10
    assert circuit.admit()
    circuit.succeeded(3)
    assert (circuit.state, circuit.slow) == (State.OPEN, True)
    clock.now += 10
    circuit.admit()
    circuit.succeeded(0.5)
    assert circuit.state == State.CLOSED


def test_an_administrator_has_the_last_word(circuit: Circuit, clock: Ticks) -> None:
    """Off stays off whatever happens; on forgets everything."""
    circuit.switch_off()
    clock.now += 1_000
    circuit.succeeded(0.1)
    fail(circuit, 1, FailureKind.AUTH)
    circuit.mend()
    assert (circuit.state, circuit.admit(even_if_slow=True)) == (State.OFF, False)
    assert "administrator" in circuit.why_not()
    circuit.switch_on()
    fail(circuit, 2)
    assert circuit.admit()


def test_a_late_success_does_not_close_an_open_circuit(circuit: Circuit) -> None:
    """It began before the trouble did."""
    fail(circuit, 3)
    circuit.succeeded(0.1)
    assert circuit.state == State.OPEN
