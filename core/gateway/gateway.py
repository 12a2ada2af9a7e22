"""The only door to a model: limits, mask, hold, route with failover, settle, restore, on record."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

from core.errors import AllDeploymentsFailed, FailureKind, ModelUnavailable, NotCleared
from core.gateway.budgets import Budgets
from core.gateway.call import Call
from core.gateway.charges import Caller
from core.gateway.disguise import Disguise
from core.gateway.hanging_up import Line
from core.gateway.messages import Finish, Message, ModelRequest, Numbers, Piece, Restart
from core.gateway.privacy.masking import Finder
from core.gateway.rate_limits import RateLimits
from core.gateway.routing import Router
from core.journal.entries import Kind, Record
from core.journal.journal import Journal
from core.types import DataClass, Errand

Rows = tuple[tuple[float, ...], ...]


class Gateway:
    """Every call of a model goes through `stream`, `embed` or `rerank`, in one order.

    `router` has the chat models, `readers` the embedding and rerank models, which nothing stands in
    for but further deployments of the same name: vectors of two models must not be mixed.
    `analyser` finds what must be masked for deployments that are not cleared for it. `data_class` is
    how sensitive the text of a request is; no deployment of a lower class is sent any of it.

    All three raise BudgetExceeded or RateLimited with what is left and when to come back, NotCleared
    or MaskingFailed when the text may not leave (then nothing was sent), ModelRefused when the
    provider declines, PriceUnknown when no deployment has a price, AllDeploymentsFailed when nobody answers.
    """

    def __init__(
        self,
        router: Router,
        readers: Router,
        budgets: Budgets,
        rate_limits: RateLimits,
        journal: Journal,
        analyser: Finder,
    ) -> None:
        self.router = router
        self.readers = readers
        self.budgets = budgets
        self.rate_limits = rate_limits
        self._journal = journal
        self._analyser = analyser

    @property
    def finder(self) -> Finder:
        """What finds personal data in texts."""
        return self._analyser

    def stream(
        self, request: ModelRequest, caller: Caller, data_class: DataClass = DataClass.INTERNAL
    ) -> Iterator[Piece | Restart | Finish]:
        """The answer in pieces, closed by one Finish; a Restart makes the pieces before it void.

        Whoever leaves early is charged for what was used by then.
        """
        disguise = Disguise(self._analyser)
        with closing(self._events(self.router, request, caller, data_class, disguise)) as events:
            yield from disguise.restored(events, request.in_json)

    def embed(
        self, model: str, texts: Sequence[str], caller: Caller, data_class: DataClass = DataClass.INTERNAL
    ) -> Rows:
        """One vector for each text, in their order.

        For a deployment that is not cleared for personal data each text is masked by itself, so that
        equal texts have equal vectors in whatever company they come. What that means for search: such
        vectors know that a passage is about a person or an address, but not about which one. Names
        and numbers are then found by the keyword index, which stays in this house, and not by meaning.
        """
        return self.embedded(model, texts, caller, data_class)[0] if texts else ()

    def embedded(
        self,
        model: str,
        texts: Sequence[str],
        caller: Caller,
        data_class: DataClass = DataClass.INTERNAL,
        line: Line | None = None,
    ) -> tuple[Rows, Finish]:
        """As `embed`, with what it took; there must be a text."""
        messages = tuple(Message("user", text) for text in texts)
        request = ModelRequest(model, messages, max_tokens=0, line=line)
        return self._rows(request, caller, data_class, Disguise(self._analyser, together=False))

    def rerank(
        self,
        model: str,
        question: str,
        texts: Sequence[str],
        caller: Caller,
        data_class: DataClass = DataClass.INTERNAL,
    ) -> list[float]:
        """The relevance of each text to the question, in the order of the texts.

        Where they are masked, they are masked together: a name of the question has the same
        placeholder in the texts, so that it still counts.
        """
        return self.reranked(model, question, texts, caller, data_class)[0] if texts else []

    def reranked(
        self,
        model: str,
        question: str,
        texts: Sequence[str],
        caller: Caller,
        data_class: DataClass = DataClass.INTERNAL,
        line: Line | None = None,
    ) -> tuple[list[float], Finish]:
        """As `rerank`, with what it took; there must be a text."""
        messages = tuple(Message("user", text) for text in (question, *texts))
        request = ModelRequest(model, messages, max_tokens=0, line=line)
        rows, finish = self._rows(request, caller, data_class, Disguise(self._analyser))
        return [row[0] for row in rows], finish

    def test(self, deployment: str, caller: Caller) -> Finish:
        """Ask one deployment a few words now, on the caller's account; raises as `Router.test_now`."""
        chats = any(now.name == deployment for now in self.router.snapshot())
        router = self.router if chats else self.readers
        routes = {now.route for now in router.snapshot() if now.name == deployment}
        found = [d for route in routes for d in router.candidates(route) if d.name == deployment]
        disguise = Disguise(self._analyser)
        call = Call(caller, found, self.budgets, self.rate_limits, self._journal, disguise)
        try:
            return router.test_now(deployment, call)
        finally:
            call.settle()

    def _rows(
        self, request: ModelRequest, caller: Caller, data_class: DataClass, disguise: Disguise
    ) -> tuple[Rows, Finish]:
        rows: Rows = ()
        with closing(self._events(self.readers, request, caller, data_class, disguise)) as events:
            for event in events:
                if isinstance(event, Numbers):
                    rows = event.rows
                elif isinstance(event, Finish):
                    return rows, event
        raise ModelUnavailable("The model gave no end to its answer.", kind=FailureKind.PROTOCOL)

    def _events(
        self,
        router: Router,
        request: ModelRequest,
        caller: Caller,
        data_class: DataClass,
        disguise: Disguise,
    ) -> Generator[Piece | Restart | Finish, None, None]:
        """What the deployments answer, as they saw the request; charged and on record at the end."""
        cleared = [d for d in router.candidates(request.model) if d.data_class >= data_class]
        call = Call(caller, cleared, self.budgets, self.rate_limits, self._journal, disguise)
        events = router.stream(request, data_class, call)
        try:
            for event in events:
                if isinstance(event, Finish):
                    call.settle()  # whoever has read the end may rely on the charge
                else:
                    call.alive()
                yield event
        except AllDeploymentsFailed as exc:
            raise call.instead(exc) or exc from exc.__cause__
        except NotCleared:
            self._journal.append(_not_cleared(request.model, caller, data_class))
            raise
        finally:
            # First the attempt at hand learns that its caller has gone, then what it used is charged.
            events.close()
            call.settle()


def caller_of(errand: Errand, purpose: str) -> Caller:
    """The caller of an errand; one that belongs to no question gets a trace of its own."""
    return Caller(errand.department, errand.person_id, errand.trace_id or uuid.uuid4().hex, purpose)


def _not_cleared(model: str, caller: Caller, data_class: DataClass) -> Record:
    return Record(
        trace_id=caller.trace_id,
        kind=Kind.REFUSAL,
        department=caller.department,
        person_id=caller.person_id,
        model=model,
        outcome="not_cleared",
        data={"purpose": caller.purpose, "data_class": data_class.word},
    )
