"""The data sets of the semantic cache: streams (query, group) and pairs (q1, q2, label)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.knowledge.embedding import Embedder
from tests.bench.cache_streams import Question


@dataclass(frozen=True)
class StreamSet:
    """Questions in the order in which they are asked."""

    name: str
    questions: list[Question]


@dataclass(frozen=True)
class PairSet:
    """Stored question, new question, and whether the answer of one is that of the other."""

    name: str
    pairs: list[tuple[Question, Question, bool]]


def sets_in(data: Path, embedder: Embedder) -> Iterator[StreamSet | PairSet]:
    """Every file of every `cache_*` folder, by the fields of its rows."""
    paths = sorted(data.glob("cache_*/*.jsonl"))
    folders = [path.parent for path in paths]
    for path in paths:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        alone = folders.count(path.parent) == 1
        name = path.parent.name if alone else f"{path.parent.name}/{path.stem}"
        if rows and {"query", "group"} <= rows[0].keys():
            yield _stream(name, rows, embedder)
        elif rows and {"q1", "q2", "label"} <= rows[0].keys():
            yield _pairs(name, rows, embedder)


def _stream(name: str, rows: list[dict[str, Any]], embedder: Embedder) -> StreamSet:
    vectors = embedder.embed_texts([row["query"] for row in rows])
    return StreamSet(
        name,
        [
            Question.of(row["query"], row["group"], template_of(row["group"]), vector)
            for row, vector in zip(rows, vectors, strict=True)
        ],
    )


def _pairs(name: str, rows: list[dict[str, Any]], embedder: Embedder) -> PairSet:
    texts = sorted({text for row in rows for text in (row["q1"], row["q2"])})
    vectors = dict(zip(texts, embedder.embed_texts(texts), strict=True))
    known = {text: Question.of(text, "", "", vectors[text]) for text in texts}
    return PairSet(name, [(known[row["q1"]], known[row["q2"]], bool(row["label"])) for row in rows])


def template_of(group: str) -> str:
    """Groups that differ in one slot only, such as `number-0-1` and `number-0-2`, belong together."""
    parts = group.rsplit("-", 1)
    return parts[0] if len(parts) == 2 and parts[1].isdigit() else group
