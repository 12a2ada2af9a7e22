"""What speaks for a sentence as the answer to a question, and how much each sign of it counts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

from core.knowledge.answer_types import expected
from core.knowledge.quantities import amounts, identifiers, shape, within
from core.table_rows import begins_as_row

LONG_PIECES = 30
"""From so many word pieces on a question counts as long."""
LATE_PASSAGES = 3
"""From this index on passages count as equally late."""

_NAME = re.compile(r"(?<=[\w,] )[A-Z][a-z]\w+")


@dataclass(frozen=True, slots=True)
class Likeness:
    """The signs that a sentence answers.

    `match` is the late interaction with the question, in [-1, 1]; `overlap` the share of the question's
    terms, weighted by their rarity, that the sentence and its headings hold, in [0, 1]. `kind` is 1 when it
    holds the kind of thing that was asked for, -1 when it does not, 0 when any kind would do; `amount` the
    same for ranges and the amounts in the question. `row` is 1 for a table row, `rival` 1 for a sentence
    about another code than the asked one, or a row beside the asked one. `late` rises with the index of
    the passage, from 0 to 1. The rest is the same for all sentences: `length` of the question, up to 1;
    `unknown` is 1 when a code in the question, `unnamed` 1 when a name in it is in no passage.
    """

    match: float
    overlap: float
    kind: float
    amount: float
    row: float
    rival: float
    late: float
    length: float
    unknown: float
    unnamed: float


WEIGHTS = Likeness(10.3, 5.11, 0.63, 3.01, 1.0, -5.07, -2.4, 4.41, -3.47, -0.33)
INTERCEPT = -8.89
"""Of a logistic function, fitted by `python -m tests.bench fit_evidence --data ../shared/datasets`."""


def probability(likeness: Likeness) -> float:
    """That a sentence with these signs answers, in [0, 1]."""
    signs = zip(astuple(WEIGHTS), astuple(likeness), strict=True)
    return 1 / (1 + math.exp(-sum(weight * sign for weight, sign in signs) - INTERCEPT))


def names(question: str) -> list[str]:
    """Capitalised words within a sentence of the question."""
    return _NAME.findall(question)


class Wording:
    """What the words of a question demand of a sentence, read once for a question and its passages.

    `pieces` is the number of the question's word pieces, `known` the terms of all passages.
    """

    def __init__(
        self,
        question: str,
        pieces: int,
        passages: Sequence[str],
        known: frozenset[str],
        analyse: Callable[[str], Sequence[str]],
    ) -> None:
        self._expected = expected(question)
        self._amounts = amounts(question)
        self._codes = identifiers(question)
        self._shapes = {shape(code) for code in self._codes}
        held = identifiers("\n".join(passages)) if self._codes else frozenset[str]()
        self._rivals_count = bool(self._codes & held)
        self._length = min(pieces, LONG_PIECES) / LONG_PIECES
        self._unknown = float(not self._codes <= held)
        self._unnamed = float(any(term not in known for name in names(question) for term in analyse(name)))

    def likeness(self, match: float, overlap: float, text: str, index: int) -> Likeness:
        """All signs of a sentence of the passage at this index."""
        return Likeness(
            match=match,
            overlap=overlap,
            kind=self._kind(text),
            amount=within(self._amounts, text),
            row=float(begins_as_row(text)),
            rival=float(self._is_rival(text)),
            late=min(index, LATE_PASSAGES) / LATE_PASSAGES,
            length=self._length,
            unknown=self._unknown,
            unnamed=self._unnamed,
        )

    def _kind(self, text: str) -> float:
        if self._expected is None:
            return 0.0
        return 1.0 if self._expected.search(text) else -1.0

    def _is_rival(self, text: str) -> bool:
        """Whether it is about other codes of the same shape, while the asked one is at hand."""
        if not self._rivals_count:
            return False
        codes = identifiers(text)
        return not codes & self._codes and any(shape(code) in self._shapes for code in codes)
