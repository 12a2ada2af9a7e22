"""Chunking: a document's sections to stretches that an embedder reads whole and a person can cite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.knowledge.sentences import sentence_spans
from core.types import ChunkSpan, LoadedDocument, Section

TARGET_TOKENS = 200
"""The length that chunks aim at: about 150 English words."""

_SPECIAL_TOKENS = 2
_LEAST_MAX_TOKENS = 16
_HEAD_SHARE = 4
"""Title and headings get at most one part in this many of an indexed text."""
_TINY_TOKENS = 40
_HEADING_TOKENS = 24
_SPAN = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or a part of one that is too long: its span and its word pieces."""

    start: int
    end: int
    tokens: int


@dataclass(frozen=True, slots=True)
class _Passage:
    """Neighbouring sections that are cut as one, because their headings are the same or they are tiny."""

    heading_path: tuple[str, ...]
    page: int | None
    units: tuple[_Unit, ...]

    @property
    def tokens(self) -> int:
        """The word pieces of the passage's text."""
        return sum(unit.tokens for unit in self.units)


class Chunker:
    """Cuts documents along headings and sentences.

    `count_tokens` gives the word pieces of each text by the embedder's tokenizer, as one batch; it
    may count the two special ones or not. `max_tokens` is what the embedder reads, those included.
    """

    def __init__(self, count_tokens: Callable[[Sequence[str]], Sequence[int]], max_tokens: int = 256) -> None:
        if max_tokens < _LEAST_MAX_TOKENS:
            raise ValueError(f"max_tokens is {max_tokens}, but text needs room for {_LEAST_MAX_TOKENS}")
        self._count = count_tokens
        self._max_tokens = max_tokens

    def split(self, document: LoadedDocument) -> list[ChunkSpan]:
        """The chunks of a document in order; together they hold every word of its sections.

        A chunk stays below one heading path, or joins tiny sections below the headings they share.
        A sentence is cut only where it alone is too long. `indexed_text` is title, heading path and
        text, each on a line of its own, and never longer than `max_tokens`; a heading that opens the
        text is not repeated above it, and very long titles and headings are shortened.
        """
        return _Split(document, self._count, self._max_tokens).chunks()


class _Split:
    """The work on one document."""

    def __init__(
        self, document: LoadedDocument, count: Callable[[Sequence[str]], Sequence[int]], max_tokens: int
    ) -> None:
        self._document = document
        self._text = document.text
        self._counted = count
        # Counts are of word pieces alone from here on, whether or not the counter adds special ones.
        self._overhead = count([""])[0]
        self._room = max_tokens - max(self._overhead, _SPECIAL_TOKENS)
        self._head_room = self._room // _HEAD_SHARE

    def chunks(self) -> list[ChunkSpan]:
        """The chunks in order."""
        passages = _merged(self._passages())
        paths = [passage.heading_path for passage in passages]
        heads = self._heads(paths + [path[:-1] for path in paths])
        found: list[ChunkSpan] = []
        for passage in passages:
            path = passage.heading_path
            head, tokens = heads[path]
            for units in self._packed(passage, self._room - tokens):
                start, end = units[0].start, units[-1].end
                # A heading that opens the text is not said twice: retrieval measures better so.
                opens = bool(path) and self._text.startswith(path[-1], start)
                found.append(self._chunk(path, heads[path[:-1]][0] if opens else head, start, end))
        return self._fitted(found)

    def _count(self, texts: Sequence[str]) -> list[int]:
        return [max(tokens - self._overhead, 0) for tokens in self._counted(texts)] if texts else []

    def _passages(self) -> list[_Passage]:
        """A passage for each run of sections with the same headings, whatever pages it runs over."""
        runs: list[list[Section]] = []
        for section in self._document.sections:
            before = runs[-1][-1] if runs else None
            joins = before is not None and before.heading_path == section.heading_path
            if joins and before is not None and not self._text[before.end : section.start].strip():
                runs[-1].append(section)
            else:
                runs.append([section])
        spans = [self._sentences(run[0].start, run[-1].end) for run in runs]
        counts = iter(self._count([self._text[a:b] for run in spans for a, b in run]))
        passages = []
        for run, sentences in zip(runs, spans, strict=True):
            units = tuple(unit for span in sentences for unit in self._units(span, next(counts)))
            if units:
                passages.append(_Passage(run[0].heading_path, self._page(units[0].start), units))
        return passages

    def _sentences(self, start: int, end: int) -> list[_SPAN]:
        return [(start + a, start + b) for a, b in sentence_spans(self._text[start:end])]

    def _page(self, position: int) -> int | None:
        for section in self._document.sections:
            if section.start <= position < section.end:
                return section.page
        return None

    def _units(self, span: _SPAN, tokens: int) -> Iterator[_Unit]:
        """The sentence itself, or its parts where it alone would not fit below the longest head."""
        limit = self._room - self._head_room
        if tokens <= limit:
            yield _Unit(*span, tokens)
            return
        start, end = span
        words = self._words(start, end)
        counts = self._count([self._text[a:b] for a, b in words])
        begin, total, last = start, 0, start
        for (a, b), count in zip(words, counts, strict=True):
            if total and total + count > limit:
                yield _Unit(begin, last, total)
                begin, total = a, 0
            total += count
            last = b
        yield _Unit(begin, last, total)

    def _words(self, start: int, end: int) -> list[_SPAN]:
        """The words of a span; what has no spaces for very long is cut anywhere."""
        words: list[_SPAN] = []
        longest = self._room
        position = start
        for word in self._text[start:end].split():
            position = self._text.index(word, position)
            cuts = range(position, position + len(word), longest)
            words.extend((cut, min(cut + longest, position + len(word))) for cut in cuts)
            position += len(word)
        return words

    def _packed(self, passage: _Passage, limit: int) -> Iterator[list[_Unit]]:
        """Runs of units of about equal length, that end with a paragraph where one ends near by."""
        pieces = max(1, round(passage.tokens / TARGET_TOKENS), -(-passage.tokens // limit))
        aim = passage.tokens / pieces
        run: list[_Unit] = []
        size, left = 0, passage.tokens
        for unit in passage.units:
            if run and (
                size + unit.tokens > limit or self._is_good_end(run[-1], unit, size, left, aim, limit)
            ):
                yield run
                run, size = [], 0
            run.append(unit)
            size += unit.tokens
            left -= unit.tokens
        yield run

    def _is_good_end(
        self, last: _Unit, following: _Unit, size: int, left: int, aim: float, limit: int
    ) -> bool:
        if size + left <= min(limit, 1.25 * TARGET_TOKENS) or self._text[last.end - 1] == ":":
            return False
        between = self._text[last.end : following.start]
        enough = 0.7 if between.count("\n") > 1 else 0.85 if "\n" in between else 1.0
        return size >= enough * aim and left > 0.3 * aim

    def _heads(self, paths: list[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[str, int]]:
        """For each heading path the lines that go above its texts, with their word pieces."""
        unique = list(dict.fromkeys(paths))
        heads = [self._head((self._document.title, *path)) for path in unique]
        counts = self._count(heads)
        shortened = [
            head if count <= self._head_room else self._short_head((self._document.title, *path))
            for path, head, count in zip(unique, heads, counts, strict=True)
        ]
        return dict(zip(unique, zip(shortened, self._count(shortened), strict=True), strict=True))

    def _head(self, names: Sequence[str]) -> str:
        title, *path = names
        return f"{title}\n{' > '.join(path)}\n" if path else f"{title}\n"

    def _short_head(self, names: Sequence[str]) -> str:
        """Title and the two innermost headings, each cut after the words that fit in its share."""
        kept = [names[0], *names[1:][-2:]]
        share = self._head_room // len(kept) - 1
        return self._head([self._shortened(name, share) for name in kept])

    def _shortened(self, name: str, limit: int) -> str:
        words = name.split()
        counts = self._count(words)
        total = kept = 0
        for count in counts:
            if total + count > limit:
                break
            total += count
            kept += 1
        return " ".join(words[:kept]) or name[:limit]

    def _chunk(self, path: tuple[str, ...], head: str, start: int, end: int) -> ChunkSpan:
        text = self._text[start:end]
        return ChunkSpan(path, self._page(start), start, end, text, head + text)

    def _fitted(self, chunks: list[ChunkSpan]) -> list[ChunkSpan]:
        """The chunks, with those cut further whose indexed text is longer than its parts add up to."""
        fitted = []
        for chunk, tokens in zip(chunks, self._count([c.indexed_text for c in chunks]), strict=True):
            if tokens <= self._room:
                fitted.append(chunk)
            elif len(chunk.text) < 2:
                fitted.append(replace(chunk, indexed_text=chunk.text))
            else:
                fitted += self._fitted(self._halves(chunk))
        return fitted

    def _halves(self, chunk: ChunkSpan) -> list[ChunkSpan]:
        """The chunk in two, at the sentence end nearest to its middle, else at a space, else anywhere."""
        spans = self._sentences(chunk.start, chunk.end)
        if len(spans) < 2:
            spans = self._words(chunk.start, chunk.end)
        middle = (chunk.start + chunk.end) // 2
        if len(spans) < 2:
            spans = [(chunk.start, middle), (middle, chunk.end)]
        cut = min(range(1, len(spans)), key=lambda i: abs(spans[i][0] - middle))
        head = chunk.indexed_text[: len(chunk.indexed_text) - len(chunk.text)]
        bounds = ((spans[0][0], spans[cut - 1][1]), (spans[cut][0], spans[-1][1]))
        return [self._chunk(chunk.heading_path, head, a, b) for a, b in bounds]


def _merged(passages: list[_Passage]) -> list[_Passage]:
    """The passages with tiny ones joined to what follows: a heading without text to its first
    subsection, and neighbours that are tiny to one another."""
    merged: list[_Passage] = []
    for passage in passages:
        last = merged[-1] if merged else None
        path = _shared_path(last, passage) if last else None
        if last is not None and path is not None:
            merged[-1] = _Passage(path, last.page, last.units + passage.units)
        else:
            merged.append(passage)
    return merged


def _shared_path(last: _Passage, passage: _Passage) -> tuple[str, ...] | None:
    """The heading path of two passages joined, or None where they are better apart."""
    if last.page != passage.page or last.tokens >= _TINY_TOKENS:
        return None
    below = passage.heading_path[: len(last.heading_path)] == last.heading_path
    if last.tokens < _HEADING_TOKENS and below:
        return passage.heading_path
    if passage.tokens >= _TINY_TOKENS:
        return None
    common = [a for a, b in zip(last.heading_path, passage.heading_path, strict=False) if a == b]
    return last.heading_path[: len(common)]
