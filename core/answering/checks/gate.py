"""Streaming by sentence: a sentence is let through when it has passed, so nothing is taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from core.answering.checks.findings import Finding
from core.answering.checks.outgoing import Judged, SentenceChecker
from core.answering.checks.sources import MARKER
from core.knowledge.sentences import sentence_spans
from core.types import Passage

_WHOLE_WORD = re.compile(r"[^\s\[]\S*\s")
MOST_HELD = 4_000
"""Text without any end of a sentence is judged as it stands when it is longer than this."""


@dataclass(frozen=True, slots=True)
class Spotted:
    """A finding as reviewers see it: `sentence` is the part of the answer that it is about.

    `says` is what is wrong with it, in words.
    """

    rule: str
    severity: str
    action: str
    sentence: str
    says: str


@dataclass(slots=True)
class SentenceGate:
    """Fed with the pieces of one answer, gives back whole sentences, judged; make one for each answer.

    The pieces hold the passages' own numbers as `[n]`, which may come before or after the full stop.
    A sentence is whole when the next one has begun with a whole word. `flagged` says by their numbers
    which passages a person must look at; so must one at every sentence that cites them.
    """

    checker: SentenceChecker
    passages: Sequence[Passage]
    flagged: Mapping[int, Finding] = field(default_factory=dict)
    judged: list[Judged] = field(default_factory=list)
    _held: str = ""

    def feed(self, piece: str) -> list[Judged]:
        """The sentences that are whole now, in their order, each passed or not."""
        self._held += piece
        pieces = _split(self._held)
        whole = [p for p in pieces[:-1] if p]
        rest = pieces[-1] if pieces else ""
        if whole and not _WHOLE_WORD.match(rest.lstrip()):
            # The first word of what follows may still turn out to continue the sentence.
            rest = whole.pop() + rest
        if len(rest) > MOST_HELD:
            whole, rest = [*whole, rest], ""
        self._held = rest
        return self._judge(whole)

    def finish(self) -> list[Judged]:
        """What was still held when the answer is at its end."""
        rest, self._held = self._held, ""
        return self._judge([piece for piece in _split(rest) if piece.strip()])

    @property
    def passed(self) -> bool:
        """Whether there was at least one sentence and every one passed."""
        return bool(self.judged) and all(sentence.passed for sentence in self.judged)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those of all sentences, in their order."""
        return tuple(finding for sentence in self.judged for finding in sentence.findings)

    @property
    def spotted(self) -> list[Spotted]:
        """The findings with the sentences that they are about."""
        return [
            Spotted(
                found.rule, found.severity.value, found.action.value, sentence.text.strip(), found.sentence
            )
            for sentence in self.judged
            for found in sentence.findings
        ]

    @property
    def support(self) -> float:
        """That of the weakest sentence, in [0, 1]; 0 before there is one."""
        return min((sentence.score for sentence in self.judged), default=0.0)

    def _judge(self, sentences: Sequence[str]) -> list[Judged]:
        judged = [self._with_flags(self.checker.judge(sentence, self.passages)) for sentence in sentences]
        self.judged.extend(judged)
        return judged

    def _with_flags(self, judged: Judged) -> Judged:
        flags = tuple(self.flagged[number] for number in judged.cited if number in self.flagged)
        return replace(judged, findings=(*judged.findings, *flags)) if flags else judged


def _split(text: str) -> list[str]:
    """The text cut before each sentence but the first; citations stay with the sentence before them."""
    plain = MARKER.sub(lambda match: " " * len(match[0]), text)
    starts = [start for start, _ in sentence_spans(plain)]
    return list(_cut(text, [0, *starts[1:], len(text)]))


def _cut(text: str, places: Sequence[int]) -> Iterator[str]:
    for start, end in pairwise(places):
        yield text[start:end]
