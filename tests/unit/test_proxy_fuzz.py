"""Requests made from the OpenAPI document, right ones and wrong ones: none of them is a 5xx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis

# Imported here and not when it is first asked for: CPython 3.11 loses count of its stack otherwise.
import schemathesis.specs.openapi.schemas
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from core.gateway.models import warm_up
from tests.proxy_house import EMBEDDING, RERANKING, House, entries_of, house_of
from tests.stand_in import stand_in

EXAMPLES = 60
MODELS = {"/v1/chat/completions": "gpt", "/v1/embeddings": EMBEDDING, "/v1/rerank": RERANKING}
RIGHT = {"messages": [{"role": "user", "content": "How many days?"}], "max_tokens": 50}
MENDED = ((), ("model",), ("model", "messages"), ("model", "messages", "max_tokens"))
EXPECTED = {200, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    # The first embedding would import LiteLLM within its time.
    warm_up()
    with stand_in() as provider, house_of(tmp_path_factory.mktemp("fuzz"), entries_of(provider)) as house:
        yield house


@pytest.fixture(scope="module")
def schema(house: House) -> Any:
    document = httpx.get(f"{house.url}/openapi.json").json()
    return schemathesis.openapi.from_dict(document)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("path", sorted(MODELS))
def test_whatever_is_sent_the_proxy_stands(
    house: House, schema: Any, path: str, mode: GenerationMode
) -> None:
    """Many are mended a little, so that they go all the way to the provider."""
    operation = schema[path]["POST"]
    statuses: set[int] = set()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(generation_mode=mode), mended=st.sampled_from(MENDED))
    def sends(case: Case, mended: tuple[str, ...]) -> None:
        if isinstance(case.body, dict):
            right = {"model": MODELS[path], **RIGHT}
            case.body = {**case.body, **{name: right[name] for name in mended if name in right}}
        answer = send(house, case)
        statuses.add(answer.status_code)
        assert answer.status_code in EXPECTED, (answer.status_code, answer.text, case.body)
        if answer.status_code != 200:
            assert answer.json()["error"]["message"]
        elif "text/event-stream" in answer.headers["content-type"]:
            assert "server_error" not in answer.text

    sends()
    assert statuses - {200} if mode is GenerationMode.NEGATIVE else 200 in statuses


def send(house: House, case: Case) -> httpx.Response:
    """The case over the wire, with the key, and with JSON that only Python knows where it has some."""
    with house.client() as client:
        content = json.dumps(case.body) if isinstance(case.body, dict | list | str | int | float) else "{}"
        headers = {"content-type": "application/json"}
        return client.post(case.operation.path.removeprefix("/v1"), content=content, headers=headers)
