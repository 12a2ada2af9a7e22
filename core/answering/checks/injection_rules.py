"""The wording of instructions that are meant for the model, from `injection_rules.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from core.answering.checks.yaml_loader import LOADER

FILE = Path(__file__).with_suffix(".yaml")
_NAME = re.compile(r"<([a-z]+)>")


class Where(StrEnum):
    """Where a rule holds: people may well ask for what a document has no business to demand."""

    ANYWHERE = "anywhere"
    QUESTION = "question"
    PASSAGE = "passage"


@dataclass(frozen=True, slots=True)
class InjectionRule:
    """`sure` rules are acted upon; the others make somebody look.

    A text that holds none of `needs`, in small letters, fits no pattern: to look for them is quick.
    `found` is a text that must fit.
    """

    id: str
    patterns: tuple[re.Pattern[str], ...]
    needs: tuple[str, ...]
    where: Where
    sure: bool
    found: str

    def search(self, text: str, folded: str) -> re.Match[str] | None:
        """Where the first pattern that fits stands in the text; `folded` is the text after casefold."""
        if not any(need in folded for need in self.needs):
            return None
        return next(filter(None, (pattern.search(text) for pattern in self.patterns)), None)


def read_rules(path: Path = FILE) -> tuple[InjectionRule, ...]:
    """The rules of the file, compiled: a tenth of a second or two, so not done before the first question."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506 - a safe loader
    words = {name: f"(?:{_joined(listed)})" for name, listed in content.pop("words").items()}
    return tuple(_rules(chain.from_iterable(content.values()), words))


def _rules(entries: Iterable[Mapping[str, Any]], words: Mapping[str, str]) -> Iterator[InjectionRule]:
    for entry in entries:
        yield InjectionRule(
            entry["id"],
            tuple(_compiled(pattern, words) for pattern in entry["patterns"]),
            tuple(need.casefold() for need in entry["needs"]),
            Where(entry.get("where", Where.ANYWHERE)),
            entry.get("sure", True),
            entry["found"],
        )


def _compiled(pattern: str, words: Mapping[str, str]) -> re.Pattern[str]:
    whole = _NAME.sub(lambda name: words.get(name[1], name[0]), _joined(pattern))
    return re.compile(whole, re.IGNORECASE)


def _joined(lines: str) -> str:
    return "".join(lines.split("\n"))
