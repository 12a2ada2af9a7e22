"""The gateway over the deployments of the models file, or over given models."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.building.foundations import Foundations
from core.errors import ConfigurationError
from core.gateway.assembly import Nature, readers_of, router_of, router_over
from core.gateway.budgets import Budgets
from core.gateway.catalogue import ModelEntry, load_catalogue, named
from core.gateway.deployments import Deployment
from core.gateway.embedded_model import EmbeddedModel
from core.gateway.embedded_reader import EmbeddedReader
from core.gateway.gateway import Gateway
from core.gateway.limits_file import defaults_of, email_reader, load_rate_table
from core.gateway.messages import Model
from core.gateway.models import EMBEDDED
from core.gateway.price_book import PriceBook
from core.gateway.prices import PriceList
from core.gateway.privacy.masking import Finder
from core.gateway.rate_limits import RateLimits
from core.knowledge.sentence_ranking import SentenceRanker

log = logging.getLogger(__name__)


def build_gateway(
    on: Foundations,
    ranker: SentenceRanker,
    routes: dict[str, Sequence[Model]] | None,
    analyser: Finder,
    readers_here: Mapping[str, EmbeddedReader],
) -> Gateway:
    """Connect it; `routes` take the place of the models file. Frees what a killed process held.

    `readers_here` are the models of this process that applications may ask for numbers; `routes` are in
    their place, too.
    """
    settings = on.settings
    nature = Nature(on.timer, time.sleep, random.Random())  # noqa: S311 - jitter and balancing
    catalogue = load_catalogue(settings.models_file)
    book = PriceBook(settings.prices_file, PriceList().price_of)
    if routes is None:
        router = router_of(catalogue, on.client, EmbeddedModel(ranker), nature, book)
    else:
        router, readers_here = router_over(routes, nature), {}
    models = settings.embedding_model, settings.reranker
    readers = readers_of(catalogue, *models, nature, book, here=readers_here)
    budgets = Budgets(on.database, on.clock, on.journal.append_in)
    budgets.expire()
    deployments = [*router.deployments(), *readers.deployments()]
    _warn_of_missing_prices(deployments, settings.prices_file)
    table = load_rate_table(settings.limits_file, defaults_of(settings.rate_limits), deployments)
    rate_limits = RateLimits(on.limiter, table, email_of=email_reader(on.database))
    return Gateway(router, readers, budgets, rate_limits, on.journal, analyser)


def _warn_of_missing_prices(deployments: Sequence[Deployment], prices_file: Path) -> None:
    for model in dict.fromkeys(each.model for each in deployments if each.prices is None):
        log.warning(
            "nobody knows what the model %s costs, so it is never called: put its price into %s, or "
            "input_cost_per_token and output_cost_per_token into its entry in the models file",
            model,
            prices_file,
        )


def is_real(entries: Sequence[ModelEntry], name: str, setting: str = "ANSWERDESK_ANSWER_MODEL") -> bool:
    """Whether a model of this name can do more than quote; ConfigurationError where there is none."""
    found = named(entries, name)
    if not found:
        raise ConfigurationError(f"{setting}: {name!r} is not in the models file.")
    return any(entry.litellm_params.model != EMBEDDED for entry in found)
