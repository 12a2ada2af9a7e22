"""The gateway for applications in the app's own process."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.bootstrap import Desk
from core.keys import NewKey
from core.types import Role
from pages.parts.server import routes
from tests.conftest import add_person


def test_the_app_serves_applications_beside_its_pages(desk: Desk) -> None:
    """Whole addresses and what is below /v1, with a key."""
    administrator = add_person(desk.identity, "sanne", "people", Role.ADMINISTRATOR)
    _, token = desk.keys.make(administrator, NewKey("Portal", "people", reads_documents=True))
    client = TestClient(Starlette(routes=routes()))

    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200
    assert client.get("/v1/models").status_code == 401
    headers = {"authorization": f"Bearer {token}"}
    models = client.get("/v1/models", headers=headers).json()["data"]
    assert [model["id"] for model in models] == ["answerdesk", "embedded"]
