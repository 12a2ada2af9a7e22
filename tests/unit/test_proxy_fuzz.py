"""Requests made from the OpenAPI document, right and wrong ones: none of them is a 5xx."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CheckContext  # noqa: F401 - a clear error where schemathesis has changed
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.proxy_house import EMBEDDING, RERANKING, House, entries_of, house_of
from tests.stand_in import stand_in

EXAMPLES = 60
MODELS = {"/v1/chat/completions": "gpt", "/v1/embeddings": EMBEDDING, "/v1/rerank": RERANKING}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with stand_in() as provider, house_of(tmp_path_factory.mktemp("fuzz"), entries_of(provider)) as house:
        yield house
