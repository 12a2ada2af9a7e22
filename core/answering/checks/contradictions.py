"""Sources that say different things: shown with their dates, never averaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import product

from core.answering.checks.facts import Analyse, Fact, FactKind, facts
from core.answering.checks.findings import Action, Finding, Severity
from core.answering.checks.units import is_qualifier, is_unit
from core.knowledge.sentences import sentence_spans
from core.types import Chunk, Passage

ALIKE = 0.6
"""The share of words, numbers and units aside, that two sentences about the same thing have in common."""
FEWEST_WORDS = 4
FEWEST_WORDS_IN_EDITIONS = 3
REMEMBERED = 1_000
"""The statements of so many passages are kept."""

_PLURAL = frozenset({"second", "minute", "hour", "day", "night", "week", "month", "year"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence with its quantities (dates, and numbers with a unit), its names and its other words.

    A bare number is none: it is as often that of a section.
    """

    quantities: tuple[Fact, ...]
    names: frozenset[str]
    words: frozenset[str]


class ContradictionFinder:
    """Compares the sentences of passages of different documents or versions.

    `dated` gives the date of a document version by its id, None where it is not known.
    """

    def __init__(
        self, analyse: Analyse, dated: Callable[[int], date | None] = lambda version_id: None
    ) -> None:
        self._analyse = analyse
        self._dated = dated
        self._statements = lru_cache(REMEMBERED)(self._read)

    def find(self, answer: str, cited: Sequence[Passage], retrieved: Sequence[Passage]) -> list[Finding]:
        """A note for each retrieved passage with another value for what the answer says of a cited one."""
        said = _keys(fact for statement in self._read(answer) for fact in statement.quantities)
        if not said:
            return []
        notes = (
            self._says(a.chunk, b.chunk, ours, theirs)
            for a, b in _pairs(cited, retrieved)
            for ours, theirs in self._clashes(a.chunk, b.chunk)
            if _keys([ours]) & said
        )
        return [Finding("contradiction", Severity.MEDIUM, Action.NOTE, note) for note in dict.fromkeys(notes)]

    def _clashes(self, one: Chunk, other: Chunk) -> Iterator[tuple[Fact, Fact]]:
        editions = self._subject(one) == self._subject(other)
        for a, b in product(self._statements(one.text), self._statements(other.text)):
            if _same_matter(a, b, editions):
                yield from _unlike(a.quantities, b.quantities)

    def _subject(self, chunk: Chunk) -> frozenset[str]:
        """The title without its figures: policies of two years are editions of one document."""
        return frozenset(term for term in self._analyse(chunk.title) if term.isalpha())

    def _read(self, text: str) -> tuple[Statement, ...]:
        statements = (self._statement(text[start:end]) for start, end in sentence_spans(text))
        return tuple(statement for statement in statements if statement.quantities)

    def _statement(self, sentence: str) -> Statement:
        found = facts(sentence, self._analyse)
        quantities = tuple(f for f in found if f.kind is FactKind.DATE or f.unit is not None)
        names = (f for f in found if f.kind in (FactKind.NAME, FactKind.CODE))
        spoken = {word for f in quantities for word in f.shown.casefold().split()}
        words = {word.strip(".,;:()") for word in sentence.casefold().split()} - spoken
        words = {word for word in words if not is_unit(word) and not is_qualifier(word)}
        terms = frozenset(term for term in self._analyse(" ".join(sorted(words))) if term.isalpha())
        return Statement(quantities, _keys(names), terms)

    def _says(self, one: Chunk, other: Chunk, said: Fact, held: Fact) -> str:
        return (
            f"The sources differ: {self._name(one)} says {_shown(said)}, "
            f"{self._name(other)} says {_shown(held)}."
        )

    def _name(self, chunk: Chunk) -> str:
        day = self._dated(chunk.version_id)
        when = f"version {chunk.version}" + (f", {day.day} {day:%b %Y}" if day else "")
        return f"“{chunk.title}” ({when})"


def _pairs(cited: Sequence[Passage], retrieved: Sequence[Passage]) -> Iterator[tuple[Passage, Passage]]:
    """Each cited passage with each one of another document or version; no two twice."""
    seen: set[frozenset[int]] = set()
    for a, b in product(cited, [*cited, *retrieved]):
        two = frozenset({a.chunk.id, b.chunk.id})
        if a.chunk.version_id != b.chunk.version_id and two not in seen:
            seen.add(two)
            yield a, b


def _same_matter(a: Statement, b: Statement, editions: bool) -> bool:
    """Whether two sentences tell the same with other values; editions of a document may word it otherwise."""
    shared = len(a.words & b.words)
    if editions:
        named = a.names <= b.names or b.names <= a.names
        whole, fewest = min(len(a.words), len(b.words)), FEWEST_WORDS_IN_EDITIONS
    else:
        named = a.names == b.names
        whole, fewest = max(len(a.words), len(b.words)), FEWEST_WORDS
    return named and shared >= fewest and shared >= ALIKE * whole


def _unlike(ours: Sequence[Fact], theirs: Sequence[Fact]) -> Iterator[tuple[Fact, Fact]]:
    """The first quantities of a kind and unit that both sentences have, if not one value is the same.

    Where a sentence has as many of them as the other, each is compared with the one in its place.
    """
    for kind in dict.fromkeys((fact.kind, fact.unit) for fact in ours):
        mine = [fact for fact in ours if (fact.kind, fact.unit) == kind]
        yours = [fact for fact in theirs if (fact.kind, fact.unit) == kind]
        if len(mine) == len(yours):
            yield from ((a, b) for a, b in zip(mine, yours, strict=True) if not _agree(a, b))
        elif yours and not _keys(mine) & _keys(yours):
            yield mine[0], yours[0]


def _agree(a: Fact, b: Fact) -> bool:
    return all(x & y for x, y in zip(a.keys, b.keys, strict=False))


def _keys(found: Sequence[Fact] | Iterator[Fact]) -> frozenset[str]:
    return frozenset(key for fact in found for part in fact.keys for key in part)


def _shown(fact: Fact) -> str:
    if fact.unit is None or fact.unit in fact.shown:
        return fact.shown
    return f"{fact.shown} {fact.unit}" + (
        "s" if fact.unit in _PLURAL and fact.shown not in ("1", "one") else ""
    )
