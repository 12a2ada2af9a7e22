"""Citations: `[n]` in a model's words becomes a link into a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from core.types import Chunk, Passage

_MARKER = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_OPEN = re.compile(r"\s*\[[\d\s,;]*$")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class VerifiedBy:
    """Who stands for a cited answer of a person: its id, the name, when (ISO).

    `rests_on` are the chunks of documents behind it, each of which has a citation of its own.
    """

    id: int
    by: str
    at: str
    rests_on: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """A source of an answer: which stretch of which version of which document.

    `quotes` are the character spans, in the version's text, that the answer repeats word for
    word; where it repeats none, the whole passage from `start` to `end` stands for it.

    A person's answer (`verified`) is titled by its question, and its spans count in its own text; it
    is bound to documents by the citations that follow it, not by its own.
    """

    number: int
    chunk_id: int
    document_id: int
    version_id: int
    version: int
    title: str
    heading_path: tuple[str, ...]
    page: int | None
    start: int
    end: int
    quotes: tuple[tuple[int, int], ...] = ()
    verified: VerifiedBy | None = None

    def to_json(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Citation:
        """The inverse of `to_json`."""
        quotes = tuple((int(start), int(end)) for start, end in data["quotes"])
        by = data.get("verified")
        verified = None if by is None else VerifiedBy(**{**by, "rests_on": tuple(by["rests_on"])})
        own = {"heading_path": tuple(data["heading_path"]), "quotes": quotes, "verified": verified}
        return cls(**{**data, **own})


@dataclass(slots=True)
class CitationWriter:
    """Renumbers markers in the order of their first use while an answer is being written.

    Markers that name no passage are dropped. A marker may arrive in pieces: text that may still
    become one is held back, a few characters at most.
    """

    passages: Sequence[Passage]
    text: str = ""
    _held: str = ""
    _numbers: dict[int, int] = field(default_factory=dict)

    def feed(self, piece: str) -> str:
        """The text that can be shown now."""
        pending = self._held + piece
        opened = _OPEN.search(pending)
        cut = opened.start() if opened else len(pending)
        self._held = pending[cut:]
        return self._emit(pending[:cut])

    def finish(self) -> str:
        """What was still held back, when the answer is at its end."""
        rest, self._held = self._held, ""
        return self._emit(rest)

    def citations(self) -> tuple[Citation, ...]:
        """The sources in the order of their numbers, and behind them what cited answers of people rest on."""
        statements = dict(_statements(self.text))
        cited = tuple(
            _citation(number, self.passages[index - 1].chunk, statements.get(number, ()))
            for index, number in self._numbers.items()
        )
        return (*cited, *self._behind(cited))

    def _behind(self, cited: Sequence[Citation]) -> Iterator[Citation]:
        """A person's answer is evidence, its documents are the sources: they are cited with it."""
        chunks = (self.passages[index - 1].chunk for index in self._numbers)
        sources = {
            source.id: source for chunk in chunks if chunk.verified for source in chunk.verified.sources
        }
        for citation in cited:
            sources.pop(citation.chunk_id, None)
        for number, source in enumerate(sources.values(), start=len(cited) + 1):
            yield _citation(number, source, ())

    def _emit(self, text: str) -> str:
        shown = _MARKER.sub(lambda match: self._renumbered(match[1]), text)
        self.text += shown
        return shown

    def _renumbered(self, listed: str) -> str:
        known = [int(n) for n in re.split(r"[,;]", listed) if 1 <= int(n) <= len(self.passages)]
        return "".join(
            f"[{self._numbers.setdefault(n, len(self._numbers) + 1)}]" for n in dict.fromkeys(known)
        )


def _statements(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """For each citation number the stretches of text that stand right before its markers."""
    found: dict[int, list[str]] = {}
    start, statement = 0, ""
    for match in _MARKER.finditer(text):
        statement = text[start : match.start()].strip() or statement
        start = match.end()
        found.setdefault(int(match[1]), []).append(statement)
    for number, statements in found.items():
        yield number, tuple(statements)


def _citation(number: int, chunk: Chunk, statements: Sequence[str]) -> Citation:
    text = chunk.verified
    spans = (_find(statement, chunk.text) for statement in statements)
    return Citation(
        number=number,
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        version_id=chunk.version_id,
        version=chunk.version,
        title=chunk.title,
        heading_path=chunk.heading_path,
        page=chunk.page,
        start=chunk.start,
        end=chunk.end,
        quotes=tuple((chunk.start + start, chunk.start + end) for start, end in filter(None, spans)),
        verified=None if text is None else VerifiedBy(text.id, text.by, text.at, _ids(text.sources)),
    )


def _ids(chunks: Iterable[Chunk]) -> tuple[int, ...]:
    return tuple(chunk.id for chunk in chunks)


def _find(statement: str, text: str) -> tuple[int, int] | None:
    """Where the statement stands in the text, white space aside."""
    words = _SPACE.split(statement.strip())
    if not any(words):
        return None
    match = re.search(r"\s+".join(map(re.escape, words)), text)
    return None if match is None else match.span()
