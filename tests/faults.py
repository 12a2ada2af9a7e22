"""The sixteen faults of a primary deployment, and what a correct gateway makes of each.

`scale` shortens every time of a fault and of the router alike: 1 is real time.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import AllDeploymentsFailed, FailureKind, ModelError, ModelRefused
from core.gateway.assembly import Nature
from core.gateway.attempts import AttemptOutcome, Ending
from core.gateway.circuit import CircuitLimits
from core.gateway.deployments import Deployment, Routes
from core.gateway.messages import Connect, Finish, Message, ModelRequest, Piece, Restart
from core.gateway.models import LiteLLMModel
from core.gateway.price_book import Price
from core.gateway.reader_threads import READING
from core.gateway.retrying import RetryPolicy
from core.gateway.routing import Router
from core.gateway.station import Station
from core.gateway.stream_watch import StreamLimits
from core.gateway.transports import connect, shared_client
from tests.stand_in import Script, StandIn, stand_in

ANSWER = tuple(f"primary{number} " for number in range(12))
BACKUP = tuple(f"backup{number} " for number in range(12))
LARGE = tuple(f"large{number} " for number in range(12))
WHOLE = {"".join(pieces) for pieces in (ANSWER, BACKUP, LARGE)}
REQUEST = ModelRequest("gpt", (Message("system", "Be brief."), Message("user", "How many days?")))
NATURE = Nature(time.monotonic, time.sleep, random.Random(7))
MARGIN_S = 1.5
"""What a loaded machine may add to any time, in seconds."""


@dataclass
class Told:
    """Observes attempts: `outcomes` are those that were reported."""

    outcomes: list[tuple[str, AttemptOutcome]] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)

    def before(self, deployment: Deployment, request: ModelRequest) -> ModelRequest:
        assert request.messages[-1].role == "user"
        self.begun.append(deployment.name)
        return request

    def after(self, deployment: Deployment, outcome: AttemptOutcome) -> None:
        self.outcomes.append((deployment.name, outcome))


@dataclass
class Result:
    """What a caller saw: the text after every Restart, and the end or the error; seconds."""

    text: str = ""
    finish: Finish | None = None
    error: ModelError | None = None
    took_s: float = 0.0
    restarts: int = 0

    @property
    def whole(self) -> bool:
        return self.finish is not None and self.text in WHOLE


@dataclass
class Scene:
    """One primary, one fallback, one model with a larger window, and a router over them."""

    primary: StandIn
    fallback: StandIn
    large: StandIn
    router: Router
    scale: float
    told: Told = field(default_factory=Told)

    def ask(self, whole: bool = False) -> Result:
        result, began = Result(), time.monotonic()
        try:
            if whole:
                result.text, result.finish = self.router.complete(REQUEST, attempts=self.told)
            else:
                self._stream(result)
        except ModelError as exc:
            result.error = exc
        result.took_s = time.monotonic() - began
        return result

    def _stream(self, result: Result) -> None:
        for event in self.router.stream(REQUEST, attempts=self.told):
            if isinstance(event, Piece):
                result.text += event.text
            elif isinstance(event, Restart):
                result.text = ""
                result.restarts += 1
            else:
                result.finish = event


@contextmanager
def scene(scale: float, transport: str = "http", larger: bool = False) -> Iterator[Scene]:
    """`transport` is http or litellm; `larger` configures the larger window."""
    limits, circuit, policy = StreamLimits(), CircuitLimits(), RetryPolicy()
    limits = StreamLimits(*(scale * value for value in
        (limits.first_token_s, limits.inter_token_s, limits.total_s, limits.usage_grace_s)))  # fmt: skip
    circuit = replace(
        circuit, window_s=scale * circuit.window_s, cooldown_s=scale * circuit.cooldown_s,
        slow_s=max(1.0, scale * circuit.slow_s),
    )  # fmt: skip
    policy = replace(
        policy, window_s=scale * policy.window_s, base_s=scale * policy.base_s, cap_s=scale * policy.cap_s,
        longest_wait_s=scale * policy.longest_wait_s,
    )  # fmt: skip
    with stand_in() as primary, stand_in() as fallback, stand_in() as large, shared_client() as client:
        primary.script = lambda _: Script(pieces=ANSWER)
        fallback.script = lambda _: Script(pieces=BACKUP)
        large.script = lambda _: Script(pieces=LARGE)
        stations = []
        for number, (name, at) in enumerate((("primary", primary), ("fallback", fallback), ("large", large))):
            deployment = Deployment(
                name,
                "gpt-large" if name == "large" else "gpt",
                f"openai/{name}",
                "openai",
                {"model": f"openai/{name}", "api_base": at.url, "api_key": "sk-test"},
                order=number,
                prices=Price(1_000_000, 2_000_000, "deployment"),
                limits=limits,
                circuit=circuit,
            )
            way: Connect = connect(deployment, client, _NotEmbedded(), {})
            if transport == "litellm":
                way = LiteLLMModel(deployment.parameters, timeout_s=limits.first_token_s).events
            stations.append(Station(deployment, way, NATURE.clock))
        routes = Routes(larger={"gpt": ("gpt-large",)} if larger else {})
        router = Router(
            stations, routes, policy, clock=NATURE.clock, sleep=NATURE.sleep, rng=random.Random(7)
        )
        yield Scene(primary, fallback, large, router, scale)


class _NotEmbedded:
    def answer(self, prompt: str) -> Iterator[str]:
        raise AssertionError(prompt)


Check = Callable[[Scene, Result], str]
"""What is wrong with what the caller saw; empty when it is right."""


@dataclass(frozen=True)
class Fault:
    """`first` is the primary's script for its first requests in turn, `then` for all further ones."""

    number: int
    title: str
    first: Callable[[float], list[Script]]
    then: Callable[[float], Script]
    check: Check
    larger: bool = False


def well(_: float = 1.0) -> Script:
    return Script(pieces=ANSWER)


def answered(scene: Scene, result: Result) -> str:
    return "" if result.whole else f"no whole answer: {result.error or result.text!r}"


def within(limit_s: float, inner: Check = answered) -> Check:
    def check(scene: Scene, result: Result) -> str:
        limit = limit_s * scene.scale + MARGIN_S
        return inner(scene, result) or (
            "" if result.took_s <= limit else f"late: {result.took_s:.1f} of {limit:.1f} s"
        )

    return check


def few_tries(scene: Scene, result: Result) -> str:
    at = scene.primary.seen_at
    quick = max((sum(t <= u < t + 3 * scene.scale for u in at) for t in at), default=0)
    few = len(at) <= 6 and quick <= 4
    return within(8)(scene, result) or ("" if few else f"{len(at)} tries, {quick} in 3 s")


def waited_or_failed_over(scene: Scene, result: Result) -> str:
    at = scene.primary.seen_at
    loop = len(at) > 1 and at[1] - at[0] < 2 * scene.scale
    return within(6)(scene, result) or ("tried again too early" if loop else "")


def retried_in_place(scene: Scene, result: Result) -> str:
    there = result.text == "".join(ANSWER) and len(scene.primary.seen_at) == 2
    return within(3)(scene, result) or ("" if there else "no single retry there")


def one_try(limit_s: float) -> Check:
    def check(scene: Scene, result: Result) -> str:
        tries = len(scene.primary.seen_at)
        return within(limit_s)(scene, result) or ("" if tries == 1 else f"{tries} tries at a silent route")

    return check


def usage_reported(scene: Scene, result: Result) -> str:
    finish = result.finish
    return within(2)(scene, result) or ("" if finish and finish.prompt_tokens == 120 else "no usage")


def too_long(scene: Scene, result: Result) -> str:
    if len(scene.primary.seen_at) != 1 or scene.fallback.requests:
        return "tried more than once on that model"
    refused = isinstance(result.error, ModelRefused) and result.error.kind == FailureKind.CONTEXT_WINDOW
    return "" if refused else f"unclear: {result.error!r}"


def into_the_larger(scene: Scene, result: Result) -> str:
    if len(scene.primary.seen_at) != 1 or scene.fallback.requests:
        return "tried more than once on that model"
    return "" if result.text == "".join(LARGE) else f"not the larger window: {result.error!r}"


def refused_once(scene: Scene, result: Result) -> str:
    if scene.fallback.requests or len(scene.primary.seen_at) != 1:
        return "routed around"
    told = isinstance(result.error, ModelRefused) and "content management policy" in str(result.error)
    return "" if told else f"the reason is lost: {result.error!r}"


def restarted(scene: Scene, result: Result) -> str:
    sent = [m["role"] for body in scene.fallback.requests for m in body["messages"]]
    return within(3)(scene, result) or ("an assistant prefill was sent" if "assistant" in sent else "")


def charged_to_the_fallback(scene: Scene, result: Result) -> str:
    finish = result.finish
    if answered(scene, result) or finish is None or finish.deployment != "fallback":
        return f"the end does not name the fallback: {finish} {result.error}"
    if (finish.prompt_tokens, finish.cost_microusd) != (120, 120 + 2 * 30):
        return "usage or charge is not the fallback's"
    failed = [o for name, o in scene.told.outcomes if o.ending == Ending.FAILED]
    return "" if failed and not any(o.cost_microusd for o in failed) else "failed attempts lost or billed"


def _silent(scale: float) -> Script:
    return Script(pieces=ANSWER, silent_s=60 * scale)


def _error(status: int, message: str = "out of order", code: str | None = None, **more: Any) -> Script:
    return Script(status=status, error=message, code=code, **more)


FAULTS = (
    Fault(1, "429, Retry-After 2, once", lambda s: [_error(429, headers={"Retry-After": f"{2 * s:g}"})], well,
          waited_or_failed_over),
    Fault(2, "429 for ever", lambda _: [], lambda _: _error(429), few_tries),
    Fault(3, "500 once", lambda _: [_error(500)], well, retried_in_place),
    Fault(4, "503 for ever", lambda _: [], lambda _: _error(503), few_tries),
    Fault(5, "reset before headers, once", lambda _: [Script(reset=True)], well, within(3)),
    Fault(6, "accepts, never answers", lambda _: [], _silent, one_try(15)),
    Fault(7, "headers, first token after 20 s", lambda _: [],
          lambda s: Script(pieces=ANSWER, first_after_s=20 * s), one_try(15)),
    Fault(8, "dies two thirds through", lambda _: [],
          lambda _: Script(pieces=ANSWER[:8], cut=True), within(3)),
    Fault(9, "stalls 30 s after a third", lambda _: [],
          lambda s: Script(pieces=ANSWER, stall_after=4, stall_s=30 * s), within(15)),
    Fault(10, "one event is invalid JSON", lambda _: [],
          lambda _: Script(pieces=ANSWER, junk="{this is not json"), within(3)),
    Fault(11, "complete, no [DONE]", lambda _: [],
          lambda s: Script(pieces=ANSWER, done=False, linger_s=30 * s), usage_reported),
    Fault(12, "400 context length", lambda _: [],
          lambda _: _error(400, "The maximum context length is 8192 tokens.", "context_length_exceeded"),
          too_long),
    Fault(13, "400 content policy", lambda _: [],
          lambda _: _error(400, "The prompt triggered our content management policy.", "content_filter"),
          refused_once),
    Fault(14, "dies; fallback refuses prefill", lambda _: [],
          lambda _: Script(pieces=ANSWER[:8], cut=True), restarted),
    Fault(16, "primary 503, fallback answers", lambda _: [], lambda _: _error(503), charged_to_the_fallback),
)  # fmt: skip

VARIANTS = (
    replace(FAULTS[9], title="an event with text is invalid JSON",
            then=lambda _: Script(pieces=ANSWER, junk='{"choices":[{"delta":{"content":"pri')),
    replace(FAULTS[10], title="complete, no [DONE], no usage, open for 30 s", check=within(3),
            then=lambda s: Script(pieces=ANSWER, done=False, usage=False, linger_s=30 * s)),
    replace(FAULTS[11], title="400 context length, larger window", check=into_the_larger, larger=True),
    replace(FAULTS[7], title="an error within the stream", then=lambda _: Script(
        pieces=ANSWER, error_event={"message": "overloaded", "code": 503}, cut=True)),
    replace(FAULTS[5], title="comments for 30 s, no token",
            then=lambda s: Script(pieces=ANSWER, comments_s=30 * s)),
)  # fmt: skip


def play(fault: Fault, scale: float, transport: str = "http", whole: bool = False) -> tuple[str, str]:
    """`pass`, `partial` (answered, but not as it should), `safe` (a clear error) or `fail`; and why."""
    with scene(scale, transport, fault.larger) as stage:
        scripts = fault.first(scale)
        stage.primary.script = lambda _: scripts.pop(0) if scripts else fault.then(scale)
        if fault.number == 14:
            stage.fallback.script = _refuses_prefill
        result = stage.ask(whole)
        wrong = fault.check(stage, result)
        return _verdict(result, wrong), wrong or f"{result.took_s:.2f} s"


def _refuses_prefill(body: dict[str, Any]) -> Script:
    if body["messages"][-1]["role"] == "assistant":
        return _error(400, "Assistant prefill is not supported.")
    return Script(pieces=BACKUP)


def _verdict(result: Result, wrong: str) -> str:
    if not wrong:
        return "pass"
    if result.whole:
        return "partial"
    return "safe" if isinstance(result.error, AllDeploymentsFailed | ModelRefused) else "fail"


def outage(scale: float, transport: str = "http") -> tuple[str, str]:
    """Fault 15: the primary is down for 60 s, a request comes every 4 s; verdict and why."""
    with scene(scale, transport) as stage:
        began = time.monotonic()
        up_at = began + 60 * scale
        stage.primary.script = lambda _: _error(503) if time.monotonic() < up_at else well()
        unserved, back_s, opened = 0, None, False
        while time.monotonic() < up_at + 34 * scale and back_s is None:
            asked = time.monotonic()
            result = stage.ask()
            unserved += not result.whole
            opened = opened or stage.router.snapshot()[0].state != "closed"
            if result.finish and result.finish.deployment == "primary" and asked >= up_at:
                back_s = time.monotonic() - up_at
            time.sleep(max(0.0, asked + 4 * scale - time.monotonic()))
        tries = len(stage.primary.seen_at)
    if unserved:
        return "fail", f"{unserved} requests were not served"
    late = back_s is None or back_s > 30 * scale + MARGIN_S
    if late or not opened:
        return "partial", f"back after {back_s}, opened: {opened}"
    return "pass", f"back after {back_s:.1f} s, {tries} tries at the primary"


def threads_reading() -> int:
    """How many threads are reading a provider's stream now."""
    return sum(thread.name == READING for thread in threading.enumerate())
