"""Cited sources that say different things: shown with their dates, never averaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import combinations

from core.answering.checks.facts import Analyse, Fact, FactKind, facts
from core.answering.checks.findings import Action, Finding, Severity
from core.answering.checks.sources import ReadSource, SourceReader, SourceSentence
from core.types import Chunk, Passage

ALIKE = 0.6
"""The share of words, numbers aside, that two sentences have in common when they are about the same thing."""
FEWEST_WORDS = 3


class ContradictionFinder:
    """Compares the sentences of cited passages of different documents or versions.

    `dated` gives the date of a document version by its id, None where it is not known.
    """

    def __init__(
        self,
        analyse: Analyse,
        dated: Callable[[int], date | None] = lambda version_id: None,
        reader: SourceReader | None = None,
    ) -> None:
        self._analyse = analyse
        self._dated = dated
        self._reader = reader or SourceReader(analyse)

    def find(self, cited: Sequence[Passage]) -> list[Finding]:
        """A note for each two passages that give different quantities for the same thing."""
        return [
            Finding("contradiction", Severity.MEDIUM, Action.NOTE, self._says(a.chunk, b.chunk, *clash))
            for a, b in combinations(cited, 2)
            if a.chunk.version_id != b.chunk.version_id
            and (clash := self._clash(self._reader.read(a), self._reader.read(b))) is not None
        ]

    def _clash(self, one: ReadSource, other: ReadSource) -> tuple[str, str] | None:
        for a in one.sentences:
            for b in other.sentences:
                # Most pairs have too few words in common to be read more closely.
                if len(a.terms & b.terms) >= FEWEST_WORDS and (found := self._differing(a, b)):
                    return found
        return None

    def _differing(self, a: SourceSentence, b: SourceSentence) -> tuple[str, str] | None:
        ours, theirs = facts(a.text, self._analyse), facts(b.text, self._analyse)
        if _words(a, ours) and _alike(_words(a, ours), _words(b, theirs)) and _named(ours) == _named(theirs):
            return next(_unlike(_quantities(ours), _quantities(theirs)), None)
        return None

    def _says(self, one: Chunk, other: Chunk, said: str, held: str) -> str:
        return f"The sources differ: {self._name(one)} says {said}, {self._name(other)} says {held}."

    def _name(self, chunk: Chunk) -> str:
        day = self._dated(chunk.version_id)
        when = f"version {chunk.version}" + (f", {day.day} {day:%b %Y}" if day else "")
        return f"“{chunk.title}” ({when})"


def _unlike(ours: Sequence[Fact], theirs: Sequence[Fact]) -> Iterator[tuple[str, str]]:
    """Quantities of the same kind and unit in the same place of both sentences, with other values."""
    if [(f.kind, f.unit) for f in ours] != [(f.kind, f.unit) for f in theirs]:
        return
    for a, b in zip(ours, theirs, strict=True):
        if not all(x & y for x, y in zip(a.keys, b.keys, strict=False)):
            yield _shown(a), _shown(b)


def _shown(fact: Fact) -> str:
    if fact.unit is None or fact.unit in fact.shown:
        return fact.shown
    return f"{fact.shown} {fact.unit}" + ("s" if fact.unit in _PLURAL else "")


_PLURAL = frozenset({"second", "minute", "hour", "day", "night", "week", "month", "year"})


def _quantities(found: Sequence[Fact]) -> list[Fact]:
    """Numbers with a unit, and dates; a bare number is as often that of a section."""
    return [fact for fact in found if fact.kind is FactKind.DATE or fact.unit is not None]


def _named(found: Sequence[Fact]) -> frozenset[frozenset[str]]:
    return frozenset(
        key for fact in found if fact.kind in (FactKind.NAME, FactKind.CODE) for key in fact.keys
    )


def _words(sentence: SourceSentence, found: Sequence[Fact]) -> frozenset[str]:
    spoken = {word.casefold() for fact in _quantities(found) for word in fact.shown.split()}
    return frozenset(term for term in sentence.terms - spoken if not any(char.isdigit() for char in term))


def _alike(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    shared = len(ours & theirs)
    return shared >= FEWEST_WORDS and shared >= ALIKE * max(len(ours), len(theirs))
