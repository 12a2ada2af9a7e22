"""A real desk with a few small documents, and browsers that need no browser: Streamlit's AppTest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import pages
from core.bootstrap import Desk
from core.gateway.fence import unfence
from core.gateway.messages import Finish, ModelRequest, Piece
from core.settings import Limits, Settings
from core.types import Person, Readership, Role
from pages.parts.session import TOKEN_KEY
from tests.conftest import MakeDesk, add_departments, add_person, text_source

ROOT = Path(__file__).resolve().parents[2]
LEAVE = """# Leave policy

## Carry-over

Up to five days of leave may be carried over. They must be used by 31 March. {filler}

## Sick leave

A doctor's note is needed from the third day of an illness. {filler}
""".format(filler="The head of each department tells the people about it every year in writing. " * 12)
PRICES = "# Price list\n\n## Discounts\n\nA discount above twelve percent needs the head of sales.\n"


class QuotingModel:
    """Quotes the first sentence of the best passage, or says whatever `says` holds."""

    def __init__(self) -> None:
        self.says: str | Exception | None = None
        self.failed: tuple[str, ...] = ()

    def stream(self, request: ModelRequest) -> Iterator[Piece | Finish]:
        if isinstance(self.says, Exception):
            raise self.says
        yield Piece(self.says or self._quote(request))
        yield Finish("scripted", "a provider", 10, 5, 42, self.failed)

    def _quote(self, request: ModelRequest) -> str:
        fenced = unfence(request.messages[-1].content)
        assert fenced is not None
        return fenced[0][0].text.split(". ")[0].splitlines()[-1] + ". [1]"


@pytest.fixture
def model() -> QuotingModel:
    return QuotingModel()


@pytest.fixture
def desk(make_desk: MakeDesk, tmp_path: Path, model: QuotingModel) -> Iterator[Desk]:
    """The desk that every page asks: one document for all, and one for the people of sales."""
    settings = Settings(data_dir=tmp_path / "runtime", reranker="none", limits=Limits(questions_per_min=5))
    desk = make_desk(settings=settings, routes={"embedded": [model]})
    add_departments(desk.identity)
    everyone, sales = Readership.everyone(), Readership.of(["sales"])
    sources = [
        text_source("people/leave.md", LEAVE, everyone),
        text_source("sales/prices.md", PRICES, sales, "sales"),
    ]
    assert all(report.reason == "" for report in desk.knowledge.ingestion.run(sources, "upload"))
    pages.use_desk(desk)
    yield desk
    pages.use_desk(None)


@pytest.fixture
def employee(desk: Desk) -> Person:
    return add_person(desk.identity, "jonas", "people", Role.EMPLOYEE)


@pytest.fixture
def owner(desk: Desk) -> Person:
    return add_person(desk.identity, "ilse", "people", Role.OWNER)


OpenApp = Callable[..., AppTest]


@pytest.fixture
def open_app(desk: Desk) -> OpenApp:
    """Opens the app in a browser where this person is signed in, or nobody."""

    def open_(person: Person | None, page: str = "", **parameters: object) -> AppTest:
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
        if person is not None:
            at.session_state[TOKEN_KEY] = desk.identity.redeem(desk.identity.open_session(person))
        at.run()
        if page:
            at.switch_page(page)
        for name, value in parameters.items():
            at.query_params[name] = str(value)
        if page or parameters:
            at.run()
        assert not at.exception
        return at

    return open_


def all_text(at: AppTest) -> str:
    """Every word of the page that is not in a widget."""
    kinds = ("title", "subheader", "markdown", "caption", "text", "info", "warning", "error", "success")
    return "\n".join(str(element.value) for kind in kinds for element in getattr(at, kind)).replace("\\", "")


def component_data(at: AppTest, name: str) -> list[Any]:
    """What the page gave to its own components of this name."""
    found = [element.proto for element in at.get("bidi_component")]
    return [json.loads(proto.json) for proto in found if proto.component_name.endswith(name)]
