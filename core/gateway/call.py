"""One call on somebody's account: limits, mask, money and journal around each attempt at a deployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.errors import AllDeploymentsFailed, AnswerdeskError, BudgetExceeded, PriceUnknown, RateLimited
from core.gateway.attempts import AttemptOutcome, Ending, Skip
from core.gateway.budgets import Budgets
from core.gateway.charges import Caller, Spent
from core.gateway.deployments import Deployment
from core.gateway.disguise import Disguise
from core.gateway.holds import Hold
from core.gateway.messages import ModelRequest
from core.gateway.money import Scope
from core.gateway.rate_limits import RateLimits
from core.journal.entries import Kind, Record
from core.journal.journal import Journal

HOLD_S = 120
_BYTES_PER_TOKEN = 3
_TOKENS_PER_MESSAGE = 8
_UNPRICED = "This assistant is not set up completely. Tell an administrator: nobody knows what {model} costs."


class Call:
    """What the router tells of its attempts, for one request.

    `candidates` are the deployments that may serve it: the hold is as large as the dearest of them
    can cost. Settle it in the end, whatever happened.

    A call that goes well takes two commits: the hold with the intent, before the provider sees a byte,
    and the charge with the outcome, after its last one.
    """

    def __init__(
        self,
        caller: Caller,
        candidates: Sequence[Deployment],
        budgets: Budgets,
        rate_limits: RateLimits,
        journal: Journal,
        disguise: Disguise,
    ) -> None:
        self._caller = caller
        self._candidates = candidates
        self._budgets = budgets
        self._rate_limits = rate_limits
        self._journal = journal
        self._disguise = disguise
        self._not_called: list[RateLimited | BudgetExceeded | PriceUnknown] = []
        self._hold: Hold | None = None
        self._counted = False
        self._attempt = 0
        self._spent: list[Spent] = []
        self._unwritten: list[Record] = []

    def before(self, deployment: Deployment, request: ModelRequest) -> ModelRequest:
        """Count, mask, hold and write down the intent; Skip when this deployment is not to be called.

        The request is as this deployment may see it, under an id that names the intent's entry.
        """
        if deployment.prices is None:
            self._not_called.append(PriceUnknown(_UNPRICED.format(model=deployment.model)))
            raise Skip("nobody knows what it costs")
        self._count(deployment, request)
        request = self._disguised(deployment, request)
        self._set_aside(deployment, request)
        return replace(request, attempt_id=f"{self._caller.trace_id}-{self._attempt}")

    def after(self, deployment: Deployment, outcome: AttemptOutcome) -> None:
        """Write down what came of it, and keep what it cost."""
        usage = outcome.usage
        cost = 0
        if deployment.prices is not None:
            cost = deployment.prices.cost_microusd(usage.prompt_tokens, usage.completion_tokens)
        if usage.prompt_tokens or usage.completion_tokens:
            self._spent.append(
                Spent(
                    deployment.model,
                    deployment.provider,
                    deployment.name,
                    usage.prompt_tokens,
                    usage.completion_tokens,
                    cost,
                )
            )
        details = {
            "latency_ms": round(outcome.latency_s * 1000),
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "estimated": usage.estimated,
            "status": outcome.status,
            "failure": None if outcome.kind is None else outcome.kind.value,
        }
        self._unwritten.append(
            self._record(Kind.MODEL_OUTCOME, deployment, outcome.ending.value, cost, details)
        )
        if outcome.ending is Ending.FAILED:
            # Another attempt may be long in coming; every other ending is settled at once.
            self._write_down()

    def alive(self) -> None:
        """Keep the hold while the answer is being written; BudgetExceeded when it was lost meanwhile."""
        if self._hold is not None:
            self._hold = self._budgets.renew(self._hold)

    def instead(self, failed: AllDeploymentsFailed) -> AnswerdeskError | None:
        """What to say where no deployment was called at all: what passes first of all that is in the way.

        That is the limit with the shortest wait, else the budget that turns first, else a missing price.
        """
        if not self._not_called or len(self._not_called) < len(failed.attempts):
            return None
        return min(self._not_called, key=_how_long)

    def settle(self) -> None:
        """Charge what was used and give the rest back; there is nothing to do the second time."""
        if self._hold is not None:
            self._budgets.settle(self._hold, *self._spent, records=tuple(self._unwritten))
            self._hold = None
            self._unwritten.clear()
        self._write_down()

    def _count(self, deployment: Deployment, request: ModelRequest) -> None:
        tokens = prompt_tokens(request) + request.most_tokens
        caller = None if self._counted else self._caller
        try:
            self._rate_limits.take(caller, deployment.provider, deployment.name, tokens)
        except RateLimited as exc:
            self._refused(Kind.RATE_LIMIT, deployment, exc.scope)
            if exc.scope in ("provider", "deployment"):
                self._not_called.append(exc)
                raise Skip(str(exc)) from exc
            raise
        self._counted = True

    def _disguised(self, deployment: Deployment, request: ModelRequest) -> ModelRequest:
        masked, counts = self._disguise.of(request, deployment.masked)
        if counts is not None and deployment.masked:
            # Pairs, since the journal takes a key called SECRET for one.
            details = {"kinds": sorted(counts.items())}
            self._unwritten.append(self._record(Kind.REDACTION, deployment, details=details))
        return masked

    def _set_aside(self, deployment: Deployment, request: ModelRequest) -> None:
        """Hold the money; in the same transaction, what was not written yet and the intent."""
        records = (*self._unwritten, self._record(Kind.MODEL_ATTEMPT, deployment))
        department, provider = Scope.department(self._caller.department), Scope.provider(deployment.provider)
        worst = _worst(deployment, request)
        paid = sum(item.cost_microusd for item in self._spent)
        paid_here = sum(i.cost_microusd for i in self._spent if i.provider == deployment.provider)
        amounts = {department: paid + worst, provider: paid_here + worst}
        try:
            if self._hold is None:
                amounts[department] = max(_worst(d, request) for d in self._candidates if d.prices)
                self._hold = self._budgets.hold(amounts, HOLD_S, self._caller, *records)
            else:
                self._hold = self._budgets.top_up(self._hold, amounts, *records)
            self._attempt = self._hold.entry
            self._unwritten.clear()
        except BudgetExceeded as exc:
            self._refused(Kind.BUDGET, deployment, exc.scope)
            if exc.scope == "provider":
                self._not_called.append(exc)
                raise Skip(str(exc)) from exc
            raise

    def _refused(self, kind: Kind, deployment: Deployment, scope: str) -> None:
        self._unwritten.append(self._record(kind, deployment, "refused", details={"scope": scope}))
        self._write_down()

    def _write_down(self) -> None:
        self._journal.append_many(self._unwritten)
        self._unwritten.clear()

    def _record(
        self,
        kind: Kind,
        deployment: Deployment,
        outcome: str | None = None,
        cost_microusd: int | None = None,
        details: Mapping[str, object] | None = None,
    ) -> Record:
        return Record(
            trace_id=self._caller.trace_id,
            kind=kind,
            department=self._caller.department,
            person_id=self._caller.person_id,
            provider=deployment.provider,
            model=deployment.model,
            outcome=outcome,
            cost_microusd=cost_microusd,
            closes=self._attempt if kind is Kind.MODEL_OUTCOME else None,
            data={"deployment": deployment.name, "purpose": self._caller.purpose, **(details or {})},
        )


def _how_long(error: RateLimited | BudgetExceeded | PriceUnknown) -> tuple[int, float]:
    if isinstance(error, RateLimited):
        return 0, error.retry_after_s or float("inf")
    if isinstance(error, BudgetExceeded):
        return 1, error.turns_on.toordinal() if error.turns_on is not None and not error.passing else 0
    return 2, 0


def prompt_tokens(request: ModelRequest) -> int:
    """An upper estimate: what a provider really counts must not exceed what was held."""
    sizes = [len(message.text.encode()) for message in request.messages]
    beside = len(request.definitions.encode()) // _BYTES_PER_TOKEN
    return beside + sum(size // _BYTES_PER_TOKEN + _TOKENS_PER_MESSAGE for size in sizes)


def _worst(deployment: Deployment, request: ModelRequest) -> int:
    if deployment.prices is None:
        return 0
    return deployment.prices.cost_microusd(prompt_tokens(request), request.most_tokens)
