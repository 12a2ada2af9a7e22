"""Sentences of the sample company's documents with one thing changed, made by a seeded generator.

A number is changed to a neighbouring one or to another of the same passage, which is the harder case; a
name to another person, place or product of the same document where there is one; a date to another day or
month; a unit to another of its kind; a negation is put in or taken out. The generator knows nothing of the
checker's word lists but the plainest units.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.knowledge.chunking import Chunker
from core.knowledge.loading import load
from core.knowledge.sentences import sentence_spans
from core.settings import ROOT
from core.types import Chunk, Passage

SEED = 20261124
CORRUPTED = 200
KINDS = ("number", "name", "date", "negation", "unit")

_NUMBER = re.compile(r"(?<![\w.,:-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w:-]|\.\d)")
_SPELLED = [
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "twelve",
    "fifteen",
    "twenty",
]
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DATE = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(_MONTHS)})\b")
_NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*")
_UNITS = (
    ("days", "weeks"),
    ("weeks", "months"),
    ("months", "years"),
    ("hours", "minutes"),
    ("minutes", "hours"),
    ("years", "months"),
    ("EUR", "USD"),
    ("percent", "euro"),
    ("day", "week"),
    ("hour", "day"),
    ("week", "month"),
    ("month", "week"),
    ("year", "month"),
    ("mm", "cm"),
    ("kg", "g"),
    ("GB", "MB"),
    ("km", "miles"),
)
_VERB = re.compile(r"\b(may|must|can|is|are|will|should|was|were|has|have)\b(?! not)")
_NOT = re.compile(r"\b(not|never|no) ")


@dataclass(frozen=True)
class Example:
    """A sentence said of a passage; `kind` says what was changed, or how it was worded."""

    kind: str
    sentence: str
    passage: Passage

    @property
    def corrupted(self) -> bool:
        return self.kind in KINDS


def company_examples(seed: int = SEED, corrupted: int = CORRUPTED) -> list[Example]:
    """`corrupted` examples of all kinds alike, and as many untouched and as many reworded ones."""
    rng = random.Random(seed)
    pool = list(_sentences(ROOT / "data" / "company" / "files"))
    rng.shuffle(pool)
    examples: list[Example] = []
    for kind in KINDS:
        changed = (_changed(kind, text, passage, rng) for text, passage in pool)
        found = [Example(kind, text, p) for (_, p), text in zip(pool, changed, strict=True) if text]
        examples.extend(found[: corrupted // len(KINDS)])
    examples.extend(Example("untouched", text, passage) for text, passage in pool[:corrupted])
    reworded = ((_reworded(text, rng), passage) for text, passage in pool)
    examples.extend([Example("reworded", text, p) for text, p in reworded if text][:corrupted])
    return examples


def passage_of(text: str, title: str = "", heading_path: tuple[str, ...] = (), document: int = 1) -> Passage:
    chunk = Chunk(document, document, document, title, 1, "*", heading_path, None, 0, len(text), text, text)
    return Passage(chunk, bm25=1.0, cosine=0.5, score=1.0)


def _sentences(folder: Path) -> Iterator[tuple[str, Passage]]:
    chunker = Chunker(lambda texts: [len(text) // 4 + 2 for text in texts])
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        document = load(path.name, path.read_bytes())
        for span in chunker.split(document):
            passage = passage_of(span.text, document.title, span.heading_path)
            for start, end in sentence_spans(span.text):
                if len(span.text[start:end].split()) >= 6:
                    yield span.text[start:end], passage


def _changed(kind: str, text: str, passage: Passage, rng: random.Random) -> str | None:
    changes: dict[str, Callable[[], str | None]] = {
        "number": lambda: _number(text, passage.chunk.text, rng),
        "name": lambda: _name(text, passage.chunk.text, rng),
        "date": lambda: _date(text, rng),
        "negation": lambda: _negation(text),
        "unit": lambda: _unit(text, rng),
    }
    changed = changes[kind]()
    return changed if changed is not None and _plain(changed) not in _plain(passage.chunk.text) else None


def _number(text: str, whole: str, rng: random.Random) -> str | None:
    places = list(_NUMBER.finditer(_DATE.sub(lambda d: "x" * len(d[0]), text)))
    if not places:
        return None
    place = rng.choice(places)
    others = sorted({m[0] for m in _NUMBER.finditer(whole)} - {place[0]})
    value = rng.choice(others) if others and rng.random() < 0.5 else _neighbour(place[0], rng)
    return text[: place.start()] + value + text[place.end() :]


def _neighbour(number: str, rng: random.Random) -> str:
    value = float(number.replace(",", ""))
    step = max(1.0, value * rng.choice((0.1, 0.5, 1.0)))
    changed = value + step
    return f"{changed:,.0f}" if "," in number else f"{changed:.1f}" if "." in number else f"{changed:.0f}"


def _name(text: str, whole: str, rng: random.Random) -> str | None:
    places = list(_NAME.finditer(text))
    if not places:
        return None
    place = rng.choice(places)
    others = sorted({m[0] for m in _NAME.finditer(whole)} - {m[0] for m in places})
    others = [o for o in others if not set(o.split()) & set(place[0].split())]
    value = (
        rng.choice(others) if others and rng.random() < 0.5 else rng.choice(("Velden", "Corsica", "Haldane"))
    )
    return text[: place.start()] + value + text[place.end() :]


def _date(text: str, rng: random.Random) -> str | None:
    if not (place := _DATE.search(text)):
        return None
    day, month = int(place[1]), place[2]
    if rng.random() < 0.5:
        day = day % 28 + 1
    else:
        month = rng.choice([m for m in _MONTHS if m != month])
    return f"{text[: place.start()]}{day} {month}{text[place.end() :]}"


def _negation(text: str) -> str | None:
    if found := _NOT.search(text):
        return text[: found.start()] + text[found.end() :]
    if found := _VERB.search(text):
        return f"{text[: found.end()]} not{text[found.end() :]}"
    return None


def _unit(text: str, rng: random.Random) -> str | None:
    counted = [
        (m, new)
        for old, new in _UNITS
        for m in re.finditer(rf"(?<=\d )\b{old}\b|\b{old}\b(?= \d)|(?<=two )\b{old}\b", text)
    ]
    if not counted:
        return None
    place, new = rng.choice(counted)
    return text[: place.start()] + new + text[place.end() :]


def _reworded(text: str, rng: random.Random) -> str | None:
    """The same said otherwise: other forms of numbers and dates, less said, words of introduction."""
    said = _DATE.sub(lambda m: f"{m[2]} {m[1]}", text)
    said = re.sub(r"\bEUR (?=\d[\d,.]* million)", "€", said)
    said = re.sub(r"\bEUR (\d[\d,.]*\d|\d)", r"\1 €", said)
    said = re.sub(r"(\d) percent", r"\1%", said)
    for value, word in ((2, "two"), (3, "three"), (4, "four"), (5, "five"), (10, "ten"), (12, "twelve")):
        said = re.sub(rf"\b{word}\b", str(value), said, flags=re.IGNORECASE)
    if ": " in said and "; " in said:
        cells = said.rstrip(".").split("; ")
        said = ", ".join(
            f"the {c.split(': ', 1)[0]} is {c.split(': ', 1)[1]}" if ": " in c else c for c in cells
        )
    elif ", " in said and rng.random() < 0.5:
        said = said.rsplit(", ", 1)[0] + "."
    lead = rng.choice(("According to the document, ", "In short: ", "Yes, ", ""))
    said = lead + (said[:1].lower() + said[1:] if lead and not said[1:2].isupper() else said)
    return said if _plain(said) != _plain(text) and len(said.split()) >= len(lead.split()) + 5 else None


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
