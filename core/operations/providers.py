"""The deployments as administrators see them: how they are, switched off, switched on, tested.

A switch is an adjustment in the database: so it outlasts a restart, and `follow` brings the switches
that were turned in other processes here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.adjustments import Adjustment, Adjustments
from core.errors import NotFound
from core.gateway.charges import Caller
from core.gateway.circuit import State
from core.gateway.gateway import Gateway
from core.gateway.messages import Finish
from core.gateway.routing import Router
from core.gateway.station import DeploymentSnapshot
from core.journal.journal import Journal
from core.operations.acts import Act, admit, record
from core.types import Person

OFF = "off:"
"""Before the name of the deployment, in the adjustment that says why it is off."""


class OffReason(StrEnum):
    """Why a deployment is switched off: a choice, because free text might name somebody."""

    FAULTS = "it fails too often"
    SLOW = "it is too slow"
    ANSWERS = "its answers are wrong or poor"
    COST = "it costs too much"
    DATA = "data protection"
    MAINTENANCE = "maintenance"
    OTHER = "another reason"


class Health(StrEnum):
    """How a deployment is, in a word or two."""

    HEALTHY = "healthy"
    UNUSED = "not used lately"
    SHAKY = "some errors"
    SLOW = "slow"
    RESTING = "left alone"
    PROBED = "being tried"
    OFF = "switched off"
    UNPRICED = "has no price"


@dataclass(frozen=True, slots=True)
class Switch:
    """A deployment was switched off by this person, then, for this reason."""

    by: str
    at: datetime
    reason: OffReason


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """A deployment of now; `off` is None unless an administrator switched it off.

    `stand_ins` counts the others that answer for its route and are not switched off.
    """

    now: DeploymentSnapshot
    health: Health
    off: Switch | None
    stand_ins: int


@dataclass(frozen=True, slots=True)
class Trial:
    """A test that went well, and the seconds it took."""

    finish: Finish
    seconds: float


class Providers:
    """`name_of` gives the name of a person's id, `timer` seconds that only grow."""

    def __init__(
        self,
        gateway: Gateway,
        journal: Journal,
        adjustments: Adjustments,
        name_of: Callable[[int], str],
        new_trace_id: Callable[[], str],
        timer: Callable[[], float],
    ) -> None:
        self._gateway = gateway
        self._routers = (gateway.router, gateway.readers)
        self._journal = journal
        self._adjustments = adjustments
        self._name_of = name_of
        self._new_trace_id = new_trace_id
        self._timer = timer
        self._lock = threading.Lock()
        self._off: dict[str, Adjustment] = {}

    def all(self, actor: Person) -> list[ProviderStatus]:
        """Every deployment in the order of the models file."""
        admit(actor)
        # One that embeds or reranks may be in the list of those that write too: what it does counts.
        found = {now.name: (router, now) for router in self._routers for now in router.snapshot()}
        return [
            ProviderStatus(now, health_of(now), self._switch(now.name), self._stand_ins(router, now))
            for router, now in found.values()
        ]

    def switch_off(self, actor: Person, name: str, reason: OffReason) -> None:
        """Send nothing to this deployment, in any process, until it is switched on; raises NotFound."""
        self._known(actor, name)
        said = {"act": Act.DEPLOYMENT_OFF.value, "deployment": name, "reason": reason.name}
        self._adjustments.put(actor, OFF + name, reason.name, said=said)
        self.follow()

    def switch_on(self, actor: Person, name: str) -> None:
        """Use it again, in every process, whatever is known of it; raises NotFound."""
        self._known(actor, name)
        said = {"act": Act.DEPLOYMENT_ON.value, "deployment": name}
        self._adjustments.remove(actor, OFF + name, said=said)
        self.follow()

    def test(self, actor: Person, name: str) -> Trial:
        """Ask it a few words now, on the actor's account; one that answers is used again at once.

        One that is switched off stays off. Raises NotFound, or what came instead of an answer:
        ModelError, or Busy where a limit or a budget left no room.
        """
        self._known(actor, name)
        trace_id = self._new_trace_id()
        self._journal.append(record(actor, Act.DEPLOYMENT_TEST, trace_id, deployment=name))
        began = self._timer()
        finish = self._gateway.test(name, Caller(actor.department, actor.id, trace_id, "test"))
        return Trial(finish, self._timer() - began)

    def follow(self) -> None:
        """Put into effect here what is switched off and on in the database."""
        with self._lock:
            found = {one.name.removeprefix(OFF): one for one in self._adjustments.starting_with(OFF)}
            before, self._off = self._off, found
            for router in self._routers:
                for name in found.keys() ^ before.keys():
                    # Each has its own deployments, and the models file may have lost one since.
                    with suppress(NotFound):
                        router.switch_off(name) if name in found else router.switch_on(name)

    def _known(self, actor: Person, name: str) -> None:
        admit(actor)
        if not any(now.name == name for now in self._snapshot()):
            raise NotFound(f"There is no deployment named {name}.")

    def _stand_ins(self, router: Router, now: DeploymentSnapshot) -> int:
        others = {deployment.name for deployment in router.candidates(now.route)} - {now.name}
        return len(others - self._off.keys())

    def _snapshot(self) -> list[DeploymentSnapshot]:
        return [now for router in self._routers for now in router.snapshot()]

    def _switch(self, name: str) -> Switch | None:
        found = self._off.get(name)
        if found is None:
            return None
        by = "somebody" if found.set_by is None else self._name_of(found.set_by)
        reason = OffReason.__members__.get(str(found.value), OffReason.OTHER)
        return Switch(by, found.set_at, reason)


def health_of(now: DeploymentSnapshot) -> Health:
    """The circuit's state first, then what was seen lately."""
    if now.state == State.OFF:
        return Health.OFF
    if not now.priced:
        return Health.UNPRICED
    if now.state == State.HALF_OPEN:
        return Health.PROBED
    if now.state == State.OPEN:
        return Health.SLOW if now.reason == "slow" else Health.RESTING
    if not now.attempts:
        return Health.UNUSED
    return Health.SHAKY if now.errors else Health.HEALTHY
