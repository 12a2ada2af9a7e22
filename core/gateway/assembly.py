"""Puts a router together: from the models file, or over models that are already there."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx

from core.gateway.catalogue import Catalogue
from core.gateway.deployments import (
    Deployment,
    Routes,
    deployments_of,
    reading_deployments_of,
    retry_policy_of,
    routes_of,
)
from core.gateway.embedded_reader import EmbeddedReader
from core.gateway.messages import Model
from core.gateway.models import Extractive, LiteLLMEmbedding, LiteLLMRerank
from core.gateway.price_book import Price, PriceBook
from core.gateway.retrying import RetryPolicy
from core.gateway.routing import Router
from core.gateway.station import Station
from core.gateway.transports import connect
from core.types import DataClass


@dataclass(frozen=True, slots=True)
class Nature:
    """Time and chance: seconds that only grow, a wait of so many seconds, and the dice."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    rng: random.Random


def router_of(
    catalogue: Catalogue,
    client: httpx.Client,
    embedded: Extractive,
    nature: Nature,
    book: PriceBook,
    environ: Mapping[str, str] | None = None,
) -> Router:
    """The router of a models file; raises ConfigurationError for what is wrong in it."""
    stations = [
        Station(
            deployment,
            connect(deployment, client, embedded, environ),
            nature.clock,
            counts_rates=False,
        )
        for deployment in deployments_of(catalogue, book, environ)
    ]
    return _router(stations, routes_of(catalogue), retry_policy_of(catalogue), nature)


def readers_of(
    catalogue: Catalogue,
    embedding: str,
    rerank: str,
    nature: Nature,
    book: PriceBook,
    environ: Mapping[str, str] | None = None,
    here: Mapping[str, EmbeddedReader] | None = None,
) -> Router:
    """The router of the embedding and the rerank model of these names, where the models file has them.

    `here` are the readers of this process by their names; a model of the file takes the place of one.
    Nothing but the deployments of a name answers for it, whatever the file's fallbacks are.
    """
    stations = [
        Station(
            deployment,
            transport(deployment.parameters, deployment.limits.total_s if deployment.limits else 0).events,
            nature.clock,
            counts_rates=False,
        )
        for model, transport in ((embedding, LiteLLMEmbedding), (rerank, LiteLLMRerank))
        for deployment in reading_deployments_of(catalogue, model, book, environ)
    ]
    taken = {station.deployment.route for station in stations}
    stations += [
        Station(_inside(name, name, reader.name), reader.events, nature.clock, counts_rates=False)
        for name, reader in (here or {}).items()
        if name not in taken
    ]
    return _router(stations, Routes(), retry_policy_of(catalogue), nature)


def router_over(routes: Mapping[str, Sequence[Model]], nature: Nature) -> Router:
    """A router over models that run in this process, each route in its order, cleared for everything."""
    stations = [
        Station(_inside(f"{name} {number}", name, name, number), model.stream, nature.clock)
        for name, models in routes.items()
        for number, model in enumerate(models, start=1)
    ]
    return _router(stations, Routes(), RetryPolicy(), nature)


def _router(stations: Sequence[Station], routes: Routes, policy: RetryPolicy, nature: Nature) -> Router:
    return Router(stations, routes, policy, clock=nature.clock, sleep=nature.sleep, rng=nature.rng)


def _inside(name: str, route: str, model: str, order: int = 1) -> Deployment:
    return Deployment(
        name,
        route,
        model,
        "embedded",
        order=order,
        data_class=DataClass.RESTRICTED,
        masked=frozenset(),
        prices=Price(0, 0, "deployment"),
        limits=None,
    )
