"""Whether two answers say the same: the judge of doubtful reuse, off the hot path."""

from __future__ import annotations

import re

from core.answering.answer import Answer, Outcome

_MARKER = re.compile(r"\[[\d\s,;]+\]")
_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_NUMBER = re.compile(r"\d")
_TURNING = frozenset(["not", "no", "never", "none", "cannot", "without", "unless", "except", "only", "nor"])
_SHARED = 0.8


def same_answer(stored: Answer, fresh: Answer) -> bool:
    """Whether both rest on the same chunks, name the same numbers, and share nearly all words."""
    if fresh.outcome is not Outcome.ANSWERED or _cited(stored) != _cited(fresh):
        return False
    one, other = _words(stored.text), _words(fresh.text)
    if any(word in _TURNING or _NUMBER.search(word) for word in one ^ other):
        return False
    return len(one & other) >= _SHARED * len(one | other)


def could_agree(stored: Answer, fresh: Answer) -> bool:
    """Whether a judge is worth asking: both rest on a chunk in common, and no number is only in one."""
    if fresh.outcome is not Outcome.ANSWERED or not _cited(stored) & _cited(fresh):
        return False
    return not any(_NUMBER.search(word) for word in _words(stored.text) ^ _words(fresh.text))


def _cited(answer: Answer) -> frozenset[int]:
    return frozenset(citation.chunk_id for citation in answer.citations)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_MARKER.sub(" ", text).casefold()))
