"""The door: every call to a model of the company goes through here."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from core.errors import ConfigurationError, ModelUnavailable
from core.gateway.messages import Finish, Model, ModelRequest, Piece

log = logging.getLogger(__name__)


class Gateway:
    """Answers requests from the deployments of the named model, in their order.

    A deployment that fails before its first piece is passed over for the next one. After the first
    piece a failure is an error: half an answer is never continued by another model.
    """

    def __init__(self, routes: Mapping[str, Sequence[Model]]) -> None:
        self._routes = routes

    def stream(self, request: ModelRequest) -> Iterator[Piece | Finish]:
        """The answer in pieces, closed by one Finish.

        Raises ModelRefused when the provider declines the request, ModelUnavailable when no
        deployment answers, ConfigurationError for a model that is not configured.
        """
        failed: list[str] = []
        for model in self._deployments(request.model):
            started = False
            try:
                for event in model.stream(request):
                    started = True
                    yield replace(event, failed=tuple(failed)) if isinstance(event, Finish) else event
                return
            except ModelUnavailable as exc:
                log.warning("%s", exc, exc_info=exc.__cause__)
                failed.append(str(exc))
                if started:
                    raise ModelUnavailable(
                        "The model broke off in the middle of its answer. Ask again in a moment."
                    ) from exc
        raise ModelUnavailable(
            "No language model is answering at the moment. Your question is kept: ask again in a few minutes."
        ) from ExceptionGroup("all deployments failed", [ModelUnavailable(reason) for reason in failed])

    def _deployments(self, name: str) -> Sequence[Model]:
        try:
            return self._routes[name]
        except KeyError as exc:
            known = ", ".join(sorted(self._routes))
            raise ConfigurationError(f"There is no model named {name}. Configured are: {known}.") from exc
