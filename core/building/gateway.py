"""The gateway over the deployments of the models file, or over given models."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from core.building.foundations import Foundations
from core.errors import ConfigurationError
from core.gateway.assembly import Nature, readers_of, router_of, router_over
from core.gateway.budgets import Budgets
from core.gateway.catalogue import ModelEntry, load_catalogue, named
from core.gateway.embedded_model import EmbeddedModel
from core.gateway.gateway import Gateway
from core.gateway.limits_file import defaults_of, email_reader, load_rate_table
from core.gateway.messages import Model
from core.gateway.models import EMBEDDED
from core.gateway.price_book import PriceBook
from core.gateway.prices import PriceList
from core.gateway.privacy.masking import Finder
from core.gateway.rate_limits import RateLimits
from core.knowledge.sentence_ranking import SentenceRanker


def build_gateway(
    on: Foundations,
    ranker: SentenceRanker,
    routes: dict[str, Sequence[Model]] | None,
    analyser: Finder,
) -> Gateway:
    """Connect it; `routes` take the place of the models file. Frees what a killed process held."""
    settings = on.settings
    nature = Nature(on.timer, time.sleep, random.Random())  # noqa: S311 - jitter and balancing
    catalogue = load_catalogue(settings.models_file)
    book = PriceBook(settings.prices_file, PriceList().price_of)
    if routes is None:
        router = router_of(catalogue, on.client, EmbeddedModel(ranker), nature, book)
    else:
        router = router_over(routes, nature)
    readers = readers_of(catalogue, settings.embedding_model, settings.reranker, nature, book)
    budgets = Budgets(on.database, on.clock, on.journal.append_in)
    budgets.expire()
    deployments = [*router.deployments(), *readers.deployments()]
    table = load_rate_table(settings.limits_file, defaults_of(settings.rate_limits), deployments)
    rate_limits = RateLimits(on.limiter, table, email_of=email_reader(on.database))
    return Gateway(router, readers, budgets, rate_limits, on.journal, analyser)


def is_real(entries: Sequence[ModelEntry], name: str, setting: str = "ANSWERDESK_ANSWER_MODEL") -> bool:
    """Whether a model of this name can do more than quote; ConfigurationError where there is none."""
    found = named(entries, name)
    if not found:
        raise ConfigurationError(f"{setting}: {name!r} is not in the models file.")
    return any(entry.litellm_params.model != EMBEDDED for entry in found)
