"""Replaces personal data for one question or conversation, and puts it back into the answer."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from typing import Any, NoReturn, Protocol

from core.gateway.privacy.kinds import DEFAULT_MASKED, Kind
from core.gateway.privacy.placeholders import LITERAL, PLACEHOLDER, placeholder
from core.gateway.privacy.restoring import StreamRestorer
from core.gateway.privacy.spans import Span

Json = Any  # str, int, float, bool, None, and lists and mappings of them


class Finder(Protocol):
    """What finds the spans to mask; `Analyser` is one."""

    def find(self, text: str, kinds: Set[Kind] = DEFAULT_MASKED) -> list[Span]:
        """Spans in order, without overlap; raises MaskingFailed."""
        ...


class Mask:
    """The map of one question or conversation: let it go when that is over.

    Safe for many threads. The same value always gets the same placeholder, and once a value is
    known it is masked wherever it stands as a whole word, recognised there or not. The map is in
    no repr, cannot be copied or pickled, and is never logged.
    """

    def __init__(self, analyser: Finder, kinds: Set[Kind] = DEFAULT_MASKED) -> None:
        self._analyser = analyser
        self._kinds = frozenset(kinds)
        self._lock = threading.Lock()
        self._placeholders: dict[tuple[type, object], str] = {}
        self._values: dict[str, object] = {}
        self._beginnings: set[str] = set()
        self._counts: Counter[str] = Counter()

    def mask(self, text: str, kinds: Set[Kind] | None = None) -> str:
        """The text with a placeholder for every value; raises MaskingFailed, then nothing may be sent.

        `kinds` takes the place of the mask's own for this text: values of other kinds stay in it.
        """
        kinds = self._kinds if kinds is None else kinds
        spans = self._analyser.find(text, kinds) if kinds else []
        with self._lock:
            for span in spans:
                self._placeholder(span.kind.value, text[span.start : span.end])
            return self._replaced(text, spans, {LITERAL, *(kind.value for kind in kinds)})

    def restore(self, text: str) -> str:
        """The text with the values back in place of our placeholders; others stay as they are."""
        return PLACEHOLDER.sub(lambda match: str(self._values.get(match[0], match[0])), text)

    def counts(self) -> dict[str, int]:
        """How many different values of each kind were masked."""
        with self._lock:
            return dict(self._counts)

    def restorer(self, in_json: bool = False) -> StreamRestorer:
        """The same for one answer in pieces; `in_json` where values must not end a string of JSON."""
        restore = self._restore_in_json if in_json else self.restore
        return StreamRestorer(restore, lambda: self._beginnings)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been masked."""
        return not self._values

    def mask_json(self, value: Json, kinds: Set[Kind] | None = None) -> Json:
        """A copy of a JSON value with its strings, keys and telling numbers masked.

        A value is read together with its key, so `{"phone": 5550100}` is known for what it is.
        `kinds` as for `mask`. Raises MaskingFailed.
        """
        return self._masked_json(value, "", self._kinds if kinds is None else kinds)

    def restore_json(self, value: Json) -> Json:
        """A copy with the values back; a string that is one placeholder becomes what it stood for."""
        if isinstance(value, str):
            return self._values[value] if value in self._values else self.restore(value)
        if isinstance(value, Mapping):
            return {self.restore(key): self.restore_json(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.restore_json(item) for item in value]
        return value

    def _restore_in_json(self, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            found = self._values.get(match[0], match[0])
            return json.dumps(str(found), ensure_ascii=False)[1:-1]

        return PLACEHOLDER.sub(value, text)

    def _masked_json(self, value: Json, key: str, kinds: Set[Kind]) -> Json:
        if isinstance(value, Mapping):
            return {
                self.mask(str(name), kinds): self._masked_json(item, str(name), kinds)
                for name, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._masked_json(item, key, kinds) for item in value]
        if isinstance(value, str):
            return self._masked_field(key, value, kinds)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._masked_number(key, value, kinds)
        return value

    def _masked_field(self, key: str, value: str, kinds: Set[Kind]) -> str:
        """A string under a key: what its words and what the key before them give away."""
        lead = _lead(key)
        spans = self._analyser.find(lead + value, kinds) if lead and kinds else []
        with self._lock:
            for span in spans:
                if span.end > len(lead):
                    start = max(0, span.start - len(lead))
                    self._placeholder(span.kind.value, value[start : span.end - len(lead)])
        return self.mask(value, kinds)

    def _masked_number(self, key: str, value: float, kinds: Set[Kind]) -> Json:
        lead, digits = _lead(key), str(value)
        spans = self._analyser.find(lead + digits, kinds) if kinds else []
        kind = next((span.kind for span in spans if span.end > len(lead)), None)
        with self._lock:
            known = self._placeholders.get((str, digits))
            if kind is None and known is None:
                return value
            return self._placeholder(kind.value if kind else LITERAL, value)

    def _placeholder(self, word: str, value: object) -> str:
        """The placeholder of this very value, a new one where it is new."""
        key = (type(value), value)
        if key not in self._placeholders:
            self._counts[word] += 1
            made = placeholder(word, self._counts[word])
            self._placeholders[key] = made
            self._values[made] = value
            self._beginnings.update(made[:length] for length in range(1, len(made)))
        return self._placeholders[key]

    def _replaced(self, text: str, spans: list[Span], words: Set[str]) -> str:
        pieces, position = [], 0
        ranges = [*self._look_alikes(text), *self._known(text, words), *_ranges(spans)]
        for start, end, word in _joined(ranges):
            pieces += [text[position:start], self._placeholder(word, text[start:end])]
            position = end
        return "".join([*pieces, text[position:]])

    def _look_alikes(self, text: str) -> Iterator[tuple[int, int, str]]:
        """What looks like a placeholder is masked itself, so that restoring cannot take it for ours."""
        return ((match.start(), match.end(), LITERAL) for match in PLACEHOLDER.finditer(text))

    def _known(self, text: str, words: Set[str]) -> Iterator[tuple[int, int, str]]:
        """Whole-word occurrences of values that were masked before, of the kinds with these words."""
        for (_, value), made in list(self._placeholders.items()):
            known = str(value)
            if known and known in text:
                word = made[1:].rpartition("_")[0]
                for match in re.finditer(_whole(known), text) if word in words else ():
                    yield match.start(), match.end(), word

    def __repr__(self) -> str:
        return f"Mask({len(self._values)} values)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Mask is neither copied nor pickled: its values stay where they are.")


def _lead(key: str) -> str:
    """The words before a value that its key stands for: `employeeNumber` as `employee number: `."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]+", " ", key).strip().lower()
    return f"{words}: " if words else ""


def _whole(value: str) -> str:
    """The pattern of a value that is no part of a longer word or number."""
    before = r"(?<!\w)" if value[0].isalnum() else ""
    after = r"(?!\w)" if value[-1].isalnum() else ""
    return before + re.escape(value) + after


def _ranges(spans: list[Span]) -> Iterator[tuple[int, int, str]]:
    return ((span.start, span.end, span.kind.value) for span in spans)


def _joined(ranges: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The ranges in order, those that overlap joined under the word of the longest."""
    result: list[tuple[int, int, str]] = []
    longest = 0
    for start, end, word in sorted(ranges, key=lambda item: (item[0], -item[1])):
        if result and start < result[-1][1]:
            first, last, kept = result[-1]
            if end - start > longest:
                longest, kept = end - start, word
            result[-1] = (first, max(last, end), kept)
        else:
            result.append((start, end, word))
            longest = end - start
    return result
