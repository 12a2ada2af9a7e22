"""A passage, read once for all the sentences that are compared with it."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.answering.checks.agreement import negations, tokens
from core.answering.checks.facts import Analyse, Sheet
from core.answering.checks.numerals import in_figures
from core.knowledge.sentences import sentence_spans
from core.types import Passage

_FOLD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W_]+|[€$£%]|[-−](?=\d)")
MARKER = re.compile(r"\s*\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
"""The citations behind a statement, with the space before them."""


@dataclass(frozen=True, slots=True)
class SourceSentence:
    """A sentence or table row: its words, its index terms, the facts in it and how often it denies."""

    text: str
    tokens: tuple[str, ...]
    terms: frozenset[str]
    sheet: Sheet
    denials: int


@dataclass(frozen=True, slots=True)
class ReadSource:
    """A passage with what stands above it; `folded` are its words in one line, for quotations."""

    text: str
    folded: str
    sheet: Sheet
    terms: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    sentences: tuple[SourceSentence, ...]


class SourceReader:
    """Reads passages; the last `kept` ones are remembered. Any number of threads may share one."""

    def __init__(self, analyse: Analyse, kept: int = 500) -> None:
        self._analyse = analyse
        self._kept = kept
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str, str], ReadSource] = OrderedDict()

    def read(self, passage: Passage) -> ReadSource:
        """The passage's words, terms and facts; some 3 ms for one that is not remembered."""
        chunk = passage.chunk
        head = "\n".join([chunk.title, *chunk.heading_path])
        # What a person's answer was asked is what it is about, but only what it says is so.
        asserted = "" if chunk.verified else head
        key = (head, asserted, chunk.text)
        with self._lock:
            if known := self._known.get(key):
                self._known.move_to_end(key)
                return known
        source = self._read(head, chunk.text, asserted)
        with self._lock:
            self._known[key] = source
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
        return source

    def _read(self, head: str, text: str, asserted: str) -> ReadSource:
        terms = self._analyse(in_figures(f"{head}\n{text}"))
        sentences = [self._sentence(text[start:end]) for start, end in sentence_spans(text)]
        return ReadSource(
            text,
            folded(text),
            Sheet(f"{asserted}\n{text}", self._analyse),
            frozenset(terms),
            frozenset(pairwise(terms)),
            tuple(sentences),
        )

    def _sentence(self, text: str) -> SourceSentence:
        return SourceSentence(
            text,
            tuple(tokens(text)),
            frozenset(self._analyse(in_figures(text))),
            Sheet(text, self._analyse),
            negations(text),
        )


def plain_text(text: str) -> str:
    """An answer without its markers: their numbers are those of its own sources."""
    return MARKER.sub("", text)


def folded(text: str) -> str:
    """Words, figures and signs in lower case, one space around each, citations left out."""
    return f" {' '.join(_FOLD.findall(MARKER.sub('', text).casefold()))} "


def quotes(sentence: str, sources: Sequence[ReadSource]) -> bool:
    """Whether one of the sources holds the sentence word for word, punctuation and capitals aside."""
    said = folded(sentence)
    return bool(said.strip()) and any(said in source.folded for source in sources)
