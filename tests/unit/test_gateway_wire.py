"""Nothing that has a fixed form leaves the house: the bytes on the wire are searched, and all we keep.

Over labelled public data where it is at hand, otherwise over a smaller set made here.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from core.bootstrap import Desk
from core.gateway.charges import Caller
from core.gateway.messages import Message, ModelRequest, Piece
from core.settings import ROOT
from tests.conftest import MakeDesk
from tests.model_files import entry, settings_of
from tests.stand_in import Script, StandIn, stand_in
from tests.unit.test_privacy_secrets import secret_cases

# Masking loads spaCy: one worker does.
pytestmark = pytest.mark.xdist_group("presidio")

LABELLED = ROOT.parent / "shared" / "datasets" / "pii_presidio_synth" / "generated_large.jsonl"
STRUCTURED = {
    "EMAIL_ADDRESS", "IBAN_CODE", "US_SSN", "CREDIT_CARD", "IP_ADDRESS", "DOMAIN_NAME", "URL", "PHONE_NUMBER",
}  # fmt: skip
QUESTIONS = 500
SECRETS = 60


class Question(NamedTuple):
    text: str
    values: tuple[str, ...]


def labelled() -> list[Question]:
    rows = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    found = [
        Question(row["text"], tuple(s["text"] for s in row["spans"] if s["type"] in STRUCTURED))
        for row in rows
    ]
    seeded = [question for question in found if question.values]
    return random.Random(3).sample([*seeded, *(q for q in found if not q.values)][:QUESTIONS], QUESTIONS)


def made() -> list[Question]:
    """Two dozen ways to say it, each with values of every kind."""
    rng = random.Random(3)
    frames = (
        "Please update my record: {}.", "I was told to use {} for this, is that right?", "{} does not work.",
        "Who can I ask about {} ?", "Our customer gave us {} yesterday; what do I do with it?",
    )  # fmt: skip
    return [
        Question(frame.format(f"{word} {value}"), (value,))
        for word, make in MAKERS.items()
        for frame in frames
        for value in [make(rng) for _ in range(4)]
    ]


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def _card(rng: random.Random) -> str:
    begun = "4" + _digits(rng, 14)
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(begun))
    return begun + str(-total % 10)


def _iban(rng: random.Random) -> str:
    account = _digits(rng, 18)
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "the address": lambda rng: (
        f"{rng.choice(['mia', 'j.tan', 'ops+eu'])}{_digits(rng, 3)}@mail.fennwick.example"
    ),
    "the IBAN": _iban,
    "the SSN": lambda rng: f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}",
    "the card": _card,
    "the host": lambda rng: ".".join(str(rng.randint(11, 199)) for _ in range(4)),
    "the page": lambda rng: f"https://files.fennwick.example/{_digits(rng, 6)}/plan",
    "the number": lambda rng: f"+44 20 7946 {rng.randint(1000, 9999)}",
}


def with_secrets(questions: list[Question]) -> list[Question]:
    cases = random.Random(5).sample(list(secret_cases()), SECRETS)
    return [*questions, *(Question(text, (secret,)) for text, secret in cases)]


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, make_desk: MakeDesk, provider: StandIn) -> Desk:
    entries = [entry(name, provider.url, order=order) for order, name in enumerate(("first", "second"), 1)]
    return make_desk(settings=settings_of(tmp_path, entries))


def echo(body: dict[str, object]) -> Script:
    """Sends back what it was asked, in pieces that cut placeholders apart."""
    said = str(body["messages"][-1]["content"])  # type: ignore[index]
    return Script(pieces=tuple(said[at : at + 7] for at in range(0, len(said), 7)), keep_alive=True)


def sometimes_failing(every: int) -> Callable[[dict[str, object]], Script]:
    """Each so-manieth call fails, with an error that quotes the prompt, as some providers' do."""
    calls = iter(range(1, 1_000_000))

    def script(body: dict[str, object]) -> Script:
        if next(calls) % every:
            return echo(body)
        return Script(status=503, error=f"cannot read {body['messages'][-1]['content']}")  # type: ignore[index]

    return script


@pytest.mark.parametrize("source", [labelled, made])
def test_no_structured_value_leaves_or_is_kept(
    desk: Desk,
    provider: StandIn,
    caplog: pytest.LogCaptureFixture,
    source: Callable[[], list[Question]],
) -> None:
    """Not on the wire, nor in the journal, the logs or the database's bytes; and each answer is whole."""
    if source is labelled and not LABELLED.exists():
        pytest.skip("the labelled set pii_presidio_synth is not here; the one made here is tested")
    caplog.set_level(logging.DEBUG)
    provider.script = sometimes_failing(every=9)
    questions = with_secrets(source())
    for number, question in enumerate(questions):
        assert asked(desk, question.text, f"{number:032x}") == question.text
    desk.database.close()
    places = {
        "wire": b"\n".join(provider.raw),
        "log": caplog.text.encode(),
        "database": b"\n".join(
            file.read_bytes() for file in sorted(desk.settings.data_dir.glob("*.sqlite*"))
        ),
    }
    assert len(provider.raw) > len(questions)
    assert len(places["database"]) > 1_000 * len(questions), "the database holds what was asked"
    assert leaks(questions, places) == []


def asked(desk: Desk, text: str, trace: str) -> str:
    request = ModelRequest("gpt", (Message("system", "Answer from the passages."), Message("user", text)))
    events = desk.gateway.stream(request, Caller("sales", None, trace, "answer"))
    return "".join(event.text for event in events if isinstance(event, Piece))


def leaks(questions: list[Question], places: dict[str, bytes]) -> list[tuple[str, str, str]]:
    """Each value found in a place, as it is or as JSON writes it: (place, value, text)."""
    return [
        (place, value, question.text)
        for place, content in places.items()
        for question in questions
        for value in question.values
        if value.encode() in content or json.dumps(value)[1:-1].encode() in content
    ]


def test_the_search_would_find_a_leak() -> None:
    """In whichever form a value is written."""
    question = Question("Ünal's page", ("Ünal",))
    assert leaks([question], {"wire": '{"a": "Ünal"}'.encode()}) == [("wire", "Ünal", "Ünal's page")]
    assert leaks([question], {"wire": b'{"a": "\\u00dcnal"}'})
    assert leaks([question], {"wire": b"<PERSON_1>"}) == []
