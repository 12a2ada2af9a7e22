"""Budgets and limits as they are in force, and what each deployment may see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.gateway.budget_status import BudgetStatus
from core.gateway.deployments import Deployment
from core.gateway.gateway import Gateway
from core.gateway.rate_limits import RateLimit, RateTable
from core.gateway.routing import Router
from core.gateway.shared_counters import SharedCounters
from core.operations.acts import admit
from core.types import Person

COUNTS_HERE = (
    "Redis does not answer. Each process counts rate limits for itself until it does: "
    "together they may admit several times as much."
)
REFUSES = "Redis does not answer. Questions and sign-ins are refused until it does, as the settings say."


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so much a minute for `whom`; None is no limit."""

    whom: str
    requests_per_min: int | None
    tokens_per_min: int | None


@dataclass(frozen=True, slots=True)
class Clearance:
    """What a deployment may be sent, and how much at once; None is no limit of its own."""

    deployment: str
    provider: str
    region: str
    data_class: str
    requests_per_min: int | None
    tokens_per_min: int | None
    at_a_time: int | None


class LimitsReport:
    """Reads only: budgets are set on the spend screen, limits in the settings and the models file.

    `counters` is where rate limits are counted.
    """

    def __init__(self, gateway: Gateway, counters: object = None) -> None:
        self._gateway = gateway
        self._counters = counters

    def trouble(self, actor: Person) -> str | None:
        """What is wrong with counting rate limits right now, in a sentence; None when nothing is."""
        admit(actor)
        counters = self._counters
        if not isinstance(counters, SharedCounters) or not counters.is_down:
            return None
        return REFUSES if counters.refuses else COUNTS_HERE

    def budgets(self, actor: Person) -> list[BudgetStatus]:
        """Each scope that has a budget, or has spent or held anything this month."""
        admit(actor)
        return self._gateway.budgets.statuses()

    def rates(self, actor: Person) -> list[Rate]:
        """The limits that are set; empty when there are none."""
        admit(actor)
        return list(_rates(self._gateway.rate_limits.table))

    def clearances(self, actor: Person) -> list[Clearance]:
        """Every deployment in the order of the models file."""
        admit(actor)
        routers = (self._gateway.router, self._gateway.readers)
        # One that embeds or reranks may be in the list of those that write too.
        found = {deployment.name: deployment for router in routers for deployment in _deployments(router)}
        return [_clearance(deployment) for deployment in found.values()]


def _deployments(router: Router) -> list[Deployment]:
    """In the order of the file; a route's candidates are its own and those that stand in for them."""
    now = router.snapshot()
    found = {d.name: d for route in {n.route for n in now} for d in router.candidates(route)}
    return [found[n.name] for n in now]


def _rates(table: RateTable) -> Iterator[Rate]:
    every = (
        ("Each person", table.person),
        ("Each department", table.department),
        ("Each provider", table.provider),
        ("Each deployment", table.deployment),
    )
    own = (
        *table.people.items(),
        *((f"The department {name}", limit) for name, limit in sorted(table.departments.items())),
        *((f"The provider {name}", limit) for name, limit in sorted(table.providers.items())),
        *((f"The deployment {name}", limit) for name, limit in sorted(table.deployments.items())),
    )
    for whom, limit in every:
        if limit != RateLimit():
            yield Rate(whom, limit.requests_per_min, limit.tokens_per_min)
    for whom, limit in own:
        yield Rate(whom, limit.requests_per_min, limit.tokens_per_min)


def _clearance(deployment: Deployment) -> Clearance:
    return Clearance(
        deployment.name,
        deployment.provider,
        deployment.region,
        deployment.data_class.name.lower(),
        deployment.rpm,
        deployment.tpm,
        deployment.max_parallel,
    )
