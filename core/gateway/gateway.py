"""The only door to a model: limits, mask, hold, route with failover, settle, restore, on record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.gateway.budgets import Budgets
from core.gateway.call import Call
from core.gateway.charges import Caller
from core.gateway.deployments import Deployment
from core.gateway.messages import DataClass, Finish, ModelRequest, Piece, Restart
from core.gateway.privacy.masking import Finder, Mask
from core.gateway.rate_limits import RateLimits
from core.gateway.routing import Router
from core.journal.entries import Kind, Record
from core.journal.journal import Journal


class Gateway:
    """Every call of a model goes through `stream`, in one order.

    `analyser` finds what must be masked for deployments that are not cleared for personal data.
    """

    def __init__(
        self,
        router: Router,
        budgets: Budgets,
        rate_limits: RateLimits,
        journal: Journal,
        analyser: Finder,
    ) -> None:
        self.router = router
        self.budgets = budgets
        self._rate_limits = rate_limits
        self._journal = journal
        self._analyser = analyser

    def stream(self, request: ModelRequest, caller: Caller) -> Iterator[Piece | Restart | Finish]:
        """The answer in pieces, closed by one Finish; a Restart makes the pieces before it void.

        Raises BudgetExceeded or RateLimited with what is left and when to come back, MaskingFailed
        when the text could not be made safe (then nothing was sent), ModelRefused when the provider
        declines, AllDeploymentsFailed when nobody answers. Whoever leaves early is charged for what
        was used by then.
        """
        candidates = self.router.candidates(request.model)
        mask = Mask(self._analyser) if _needs_mask(candidates) else None
        if mask is not None:
            request = self._masked(request, mask, caller)
        call = Call(caller, candidates, self.budgets, self._rate_limits, self._journal)
        events = self.router.stream(request, DataClass.INTERNAL, call)
        try:
            for event in events if mask is None else _restored(events, mask):
                call.alive()
                yield event
        finally:
            # First the attempt at hand learns that its caller has gone, then what it used is charged.
            events.close()
            call.settle()

    def _masked(self, request: ModelRequest, mask: Mask, caller: Caller) -> ModelRequest:
        messages = tuple(replace(m, content=mask.mask(m.content)) for m in request.messages)
        record = Record(
            trace_id=caller.trace_id,
            kind=Kind.REDACTION,
            department=caller.department,
            person_id=caller.person_id,
            data={"kinds": mask.counts()},
        )
        self._journal.append(record)
        return replace(request, messages=messages)


def _needs_mask(candidates: Sequence[Deployment]) -> bool:
    return any(deployment.data_class < DataClass.RESTRICTED for deployment in candidates)


def _restored(events: Iterator[Piece | Restart | Finish], mask: Mask) -> Iterator[Piece | Restart | Finish]:
    """The events with values in place of placeholders, of which one may arrive in pieces."""
    restorer = mask.restorer()
    for event in events:
        if isinstance(event, Piece):
            if text := restorer.feed(event.text):
                yield Piece(text)
            continue
        if isinstance(event, Restart):
            restorer = mask.restorer()
        elif rest := restorer.finish():
            yield Piece(rest)
        yield event
