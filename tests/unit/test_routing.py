"""Routes of deployments: the sixteen faults over loopback HTTP, and what is decided without a network."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from core.errors import (
    AllDeploymentsFailed,
    ConfigurationError,
    FailureKind,
    ModelRefused,
    ModelUnavailable,
    NotCleared,
    NotFound,
)
from core.gateway.assembly import router_over
from core.gateway.attempts import Ending, Skip
from core.gateway.deployments import Deployment, Routes
from core.gateway.messages import DataClass, Ended, Finish, ModelRequest, Piece, Restart
from core.gateway.price_book import Price
from core.gateway.retrying import RetryPolicy
from core.gateway.routing import Router
from core.gateway.station import Station
from core.gateway.transports import connect, shared_client
from tests.fakes import ScriptedModel
from tests.faults import FAULTS, NATURE, REQUEST, VARIANTS, Fault, Told, outage, play, scene, threads_reading
from tests.stand_in import Script, stand_in

SCALE = 0.1

Answer = Sequence[str | Exception]


class Time:
    """Seconds that pass only by waiting; `waits` holds each wait."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


class Scripted:
    """Answers with the next script, the last one for ever; an answer without an error ends well."""

    def __init__(self, *scripts: Answer) -> None:
        self.scripts = list(scripts)
        self.calls = 0

    def __call__(self, _: ModelRequest) -> Iterator[Piece | Ended | Finish]:
        self.calls += 1
        for part in self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]:
            if isinstance(part, Exception):
                raise part
            yield Piece(part)
        yield Finish("m", "p", 10, 5, 0)


class House:
    """A router over scripted deployments `a`, `b`, ... of the model `gpt`, in this order."""

    def __init__(self, *models: Scripted, routes: Routes | None = None, **changes: Deployment) -> None:
        self.time, self.told = Time(), Told()
        stations = []
        for name, model in zip("abcdefghij", models, strict=False):
            deployment = changes.get(name) or deployed(name)
            stations.append(Station(deployment, model, self.time.clock))
        self.router = Router(
            stations,
            routes or Routes(),
            RetryPolicy(),
            clock=self.time.clock,
            sleep=self.time.sleep,
            rng=random.Random(3),
        )

    def ask(self, clearance: DataClass = DataClass.INTERNAL) -> list[Piece | Restart | Finish]:
        return list(self.router.stream(REQUEST, clearance, self.told))


def deployed(name: str, route: str = "gpt", **more: object) -> Deployment:
    deployment = Deployment(
        name, route, "m", "p", order=ord(name), prices=Price(1_000_000, 2_000_000, "deployment"), limits=None
    )
    return replace(deployment, **more)  # type: ignore[arg-type]


def error(kind: FailureKind, status: int | None = None, retry_after_s: float | None = None) -> Exception:
    refusals = (FailureKind.BAD_REQUEST, FailureKind.CONTEXT_WINDOW, FailureKind.CONTENT_POLICY)
    family = ModelRefused if kind in refusals else ModelUnavailable
    return family(f"because of {kind}", kind=kind, status=status, retry_after_s=retry_after_s)


DOWN = Scripted([error(FailureKind.UNAVAILABLE, 503)])


@pytest.mark.parametrize("whole", [False, True], ids=["stream", "whole"])
@pytest.mark.parametrize("fault", [*FAULTS, *VARIANTS], ids=lambda f: f"{f.number}-{f.title}")
def test_a_fault_ends_as_it_should(fault: Fault, whole: bool) -> None:
    """As the table of faults says, for streams and for whole answers."""
    verdict, why = play(fault, SCALE, whole=whole)
    assert verdict == "pass", why


def test_a_primary_that_recovers_gets_its_traffic_back() -> None:
    """Fault 15: every request is served, the circuit opens, probes, and closes again."""
    verdict, why = outage(SCALE / 2)
    assert verdict == "pass", why


def test_what_was_shown_is_void_before_another_deployment_begins() -> None:
    """The caller can clear the screen, and the end names both."""
    house = House(Scripted(["half ", error(FailureKind.PROTOCOL)]), Scripted(["whole"]))
    assert house.ask() == [
        Piece("half "),
        Restart("b", "broke off its answer"),
        Piece("whole"),
        Finish("m", "p", 10, 5, 20, failed=("a",), deployment="b"),
    ]


def test_a_text_goes_only_where_it_is_cleared() -> None:
    """Failover passes over those that may not see it, however healthy they are."""
    a = deployed("a", data_class=DataClass.CONFIDENTIAL)
    down, open_house = Scripted([error(FailureKind.AUTH, 401)]), Scripted(["seen"])
    house = House(down, open_house, a=a)
    with pytest.raises(AllDeploymentsFailed):
        house.ask(DataClass.CONFIDENTIAL)
    with pytest.raises(NotCleared, match="restricted"):
        house.ask(DataClass.RESTRICTED)
    assert open_house.calls == 0
    assert house.ask()[0] == Piece("seen")


def test_a_larger_window_that_is_not_cleared_is_no_way_out() -> None:
    """The provider's refusal stands."""
    long = Scripted(["seen"])
    house = House(
        Scripted([error(FailureKind.CONTEXT_WINDOW, 400)]),
        long,
        routes=Routes(larger={"gpt": ("long",)}),
        a=deployed("a", data_class=DataClass.CONFIDENTIAL),
        b=deployed("b", "long"),
    )
    with pytest.raises(ModelRefused):
        house.ask(DataClass.CONFIDENTIAL)
    assert long.calls == 0
    assert house.ask()[0] == Piece("seen")


def test_when_all_are_down_the_error_names_each_attempt_and_its_cause() -> None:
    """Also those that were not called, and why."""
    house = House(DOWN, Scripted([error(FailureKind.AUTH, 401)]), Scripted(["never"]))
    house.router.switch_off("c")
    with pytest.raises(AllDeploymentsFailed) as caught:
        house.ask()
    said = str(caught.value)
    assert "a: out of order (503)" in said
    assert "b: its key or name is not accepted (401)" in said
    assert "c: switched off by an administrator" in said
    assert isinstance(caught.value.__cause__, ExceptionGroup)
    assert {attempt.deployment for attempt in caught.value.attempts} == {"a", "b", "c"}
    assert sum(wait for wait in house.time.waits) < 3


def test_a_wrong_key_is_remembered() -> None:
    """The second request does not call there any more."""
    wrong = Scripted([error(FailureKind.AUTH, 401)])
    house = House(wrong, Scripted(["fine"]))
    house.ask()
    house.ask()
    assert wrong.calls == 1
    assert house.router.snapshot()[0].reason == "auth"


def test_a_fallbacks_own_refusal_is_not_the_callers() -> None:
    """The first failure was the provider's: the error says that all failed."""
    house = House(DOWN, Scripted([error(FailureKind.BAD_REQUEST, 400)]))
    with pytest.raises(AllDeploymentsFailed):
        house.ask()


def test_a_fallbacks_content_policy_reaches_the_caller() -> None:
    """It is about the text, and nobody else is asked."""
    third = Scripted(["no"])
    with pytest.raises(ModelRefused, match="content_policy"):
        House(DOWN, Scripted([error(FailureKind.CONTENT_POLICY, 400)]), third).ask()
    assert third.calls == 0


def test_a_bad_request_is_not_tried_elsewhere() -> None:
    """It would hide a mistake of ours."""
    second = Scripted(["no"])
    with pytest.raises(ModelRefused):
        House(Scripted([error(FailureKind.BAD_REQUEST, 400)]), second).ask()
    assert second.calls == 0


def test_the_only_deployment_is_waited_for_as_long_as_it_asks() -> None:
    """A rate limit of two seconds is slept through, not looped through."""
    house = House(Scripted([error(FailureKind.RATE_LIMITED, 429, 2.0)], ["now"]))
    assert house.ask()[0] == Piece("now")
    assert 2 <= sum(house.time.waits) < 3


def test_a_rate_limit_that_lasts_is_not_waited_for() -> None:
    """The caller hears it at once."""
    house = House(Scripted([error(FailureKind.RATE_LIMITED, 429, 60.0)]))
    with pytest.raises(AllDeploymentsFailed, match="rate limited"):
        house.ask()
    assert house.time.waits == []


def test_fallbacks_are_further_models() -> None:
    """As LiteLLM's router_settings say it, aliases included."""
    routes = Routes(fallbacks={"gpt": ("other",)}, aliases={"best": "gpt"})
    house = House(DOWN, Scripted(["from there"]), routes=routes, b=deployed("b", "other"))
    request = replace(REQUEST, model="best")
    text, finish = house.router.complete(request)
    assert (text, finish.deployment) == ("from there", "b")
    with pytest.raises(ConfigurationError, match="Configured are: gpt, other"):
        house.router.complete(replace(REQUEST, model="nowhere"))


class Frugal(Told):
    def before(self, deployment: Deployment, request: ModelRequest) -> ModelRequest:
        if deployment.name == "b":
            raise Skip("costs more than the budget allows")
        return super().before(deployment, request)


def test_what_the_budget_does_not_admit_is_passed_over() -> None:
    """It is named as such, never called, and never reported as an attempt."""
    dear, told = Scripted(["dear"]), Frugal()
    house = House(DOWN, dear, Scripted(["cheap"]))
    *_, finish = house.router.stream(REQUEST, attempts=told)
    assert isinstance(finish, Finish)
    assert (finish.deployment, finish.failed) == ("c", ("a", "b"))
    assert dear.calls == 0
    assert {name for name, _ in told.outcomes} == {"a", "c"}


def test_every_attempt_is_reported_with_what_it_took() -> None:
    """Failures cost nothing when they wrote nothing; the answer has usage, cost and times."""
    house = House(DOWN, Scripted(["fine"]))
    house.ask()
    (_, failed), (_, retried), (name, answered) = house.told.outcomes
    assert (failed.ending, failed.kind, failed.status) == (Ending.FAILED, FailureKind.UNAVAILABLE, 503)
    assert failed.cost_microusd == retried.cost_microusd == 0
    assert (name, answered.ending, answered.cost_microusd) == ("b", Ending.ANSWERED, 20)


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_caller_who_goes_away_is_reported_with_what_was_used(pieces: int) -> None:
    """Never zero: the prompt was read, and some of the answer written."""
    house = House(Scripted(["a few words ", "and more ", "and more"]))
    events = house.router.stream(REQUEST, attempts=house.told)
    for _ in range(pieces):
        next(events)
    events.close()  # type: ignore[attr-defined]
    [(_, outcome)] = house.told.outcomes
    assert outcome.ending == Ending.ABANDONED
    assert outcome.usage.estimated
    assert outcome.usage.prompt_tokens > 0
    assert outcome.usage.completion_tokens >= pieces
    assert outcome.cost_microusd
    assert house.router.snapshot()[0].in_flight == 0


def test_a_caller_who_goes_away_at_a_restart_is_reported_too() -> None:
    """What `before` set aside is given back, though nothing was sent yet."""
    house = House(Scripted(["half ", error(FailureKind.PROTOCOL)]), Scripted(["whole"]))
    events = house.router.stream(REQUEST, attempts=house.told)
    assert [type(next(events)) for _ in range(2)] == [Piece, Restart]
    events.close()  # type: ignore[attr-defined]
    assert house.told.begun == [name for name, _ in house.told.outcomes] == ["a", "b"]
    assert house.told.outcomes[1][1].cost_microusd == 0


def test_an_end_without_usage_is_counted_from_the_text() -> None:
    """No answer is free because its provider forgot to count."""

    def uncounted(_: ModelRequest) -> Iterator[Piece | Finish]:
        yield Piece("twelve chars")
        yield Finish("m", "p", 0, 0, 0)

    *_, finish = House(uncounted).ask()  # type: ignore[arg-type]
    assert isinstance(finish, Finish)
    assert finish.estimated
    assert finish.completion_tokens == 3
    assert finish.cost_microusd > 0


def test_a_transports_own_mistake_does_not_stop_the_answer() -> None:
    """Whatever it raises is one more failed attempt."""
    house = House(Scripted([KeyError("choices")]), Scripted(["fine"]))
    assert house.ask()[0] == Piece("fine")


@pytest.mark.parametrize("limit", [{"rpm": 1}, {"tpm": 20}, {"max_parallel": 0}])
def test_a_deployments_own_limits_send_the_rest_elsewhere(limit: dict[str, int]) -> None:
    """Requests a minute, tokens a minute, answers at a time."""
    house = House(Scripted(["a"]), Scripted(["b"]), a=deployed("a", **limit))
    answers = [house.ask()[0] for _ in range(3)]
    assert answers[1:] == [Piece("b"), Piece("b")]
    house.time.sleep(61)
    assert house.ask()[0] == (Piece("b") if "max_parallel" in limit else Piece("a"))


def test_a_slow_deployment_is_better_than_none() -> None:
    """Its circuit is open, and it answers because nobody else does."""
    house = House(Scripted(["late"]), DOWN)
    for _ in range(5):
        house.router._stations["a"].circuit.succeeded(60)
    assert house.router.snapshot()[0].reason == "slow"
    assert house.ask()[-2] == Piece("late")


def test_an_administrator_switches_off_tests_and_switches_on() -> None:
    """All of it shows in the snapshot."""
    first = Scripted([error(FailureKind.AUTH, 401)], ["OK"])
    house = House(first, Scripted(["b"]))
    house.ask()
    assert house.router.test_now("a").deployment == "a"
    assert house.router.snapshot()[0].state == "closed"
    house.router.switch_off("a")
    house.router.test_now("a")
    assert house.router.snapshot()[0].state == "off"
    assert house.ask()[0] == Piece("b")
    house.router.switch_on("a")
    assert house.ask()[0] == Piece("OK")
    a, b = house.router.snapshot()
    assert (a.attempts, a.errors, b.attempts) == (4, 1, 2)
    assert (round(a.traffic_share, 2), a.last_error) == (0.67, "because of auth")
    with pytest.raises(NotFound):
        house.router.switch_off("nowhere")


def test_models_of_this_process_make_a_route_too() -> None:
    """In their order, without a models file."""
    models = [ScriptedModel([ModelRefused("no")]), ScriptedModel(["yes"])]
    router = router_over({"one": [models[0]], "two": [models[1]]}, NATURE)
    assert router.complete(replace(REQUEST, model="two"))[0] == "yes"
    assert (router.knows("one"), router.knows("three")) == (True, False)


def test_connections_are_used_again_and_no_thread_stays() -> None:
    """Five answers over one connection."""
    with stand_in() as provider, shared_client() as client:
        provider.script = lambda _: Script(keep_alive=True)
        parameters = {"model": "openai/m", "api_base": provider.url, "api_key": "k"}
        deployment = Deployment("d", "gpt", "openai/m", "openai", parameters)
        way = connect(deployment, client, None, {})  # type: ignore[arg-type]
        router = Router(
            [Station(deployment, way, time.monotonic)],
            Routes(),
            RetryPolicy(),
            clock=NATURE.clock,
            sleep=NATURE.sleep,
            rng=NATURE.rng,
        )
        for _ in range(5):
            router.complete(REQUEST)
            until_no_thread_reads()
        assert provider.connections == 1


def test_a_silent_provider_keeps_no_thread() -> None:
    """Neither one that never answers nor one that stalls in the middle."""
    with scene(0.02) as stage:
        for script in (Script(silent_s=9), Script(pieces=("a", "b"), stall_after=1, stall_s=9)):
            stage.primary.script = lambda _, script=script: script
            assert stage.ask().whole
            until_no_thread_reads()


def until_no_thread_reads() -> None:
    until = time.monotonic() + 3
    while threads_reading() and time.monotonic() < until:
        time.sleep(0.01)
    assert threads_reading() == 0
