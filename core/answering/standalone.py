"""A follow-up becomes a question of its own, so that it can be searched for."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Words that point back to something said. "There is" and "those who" do not; "this" and "that" only
# where they stand for a thing and do not introduce a clause.
_POINTING = re.compile(
    r"\b(it|its|they|them|theirs?|he|she|him|her|his|the same|ones?|former|latter|above|instead)\b"
    r"|\b(?:this|that|those|these)(?=\s*(?:\?|$|is\b|are\b|was\b|apply\b|applies\b|count|mean|also\b|too\b|cost))"
    r"|\bthere\s*\?",
    re.IGNORECASE,
)
_CONTINUING = re.compile(
    r"^\s*(?:and|but|or|so|also|then|what about|how about|what if|for|in|with|without|from)\b"
    r"|^\s*(?:why|how so|since when|until when|who else|where)\s*\?*\s*$",
    re.IGNORECASE,
)


def leans_on_conversation(question: str) -> bool:
    """Whether a question seems to need what was said before it."""
    return (
        len(question.split()) == 1
        or _CONTINUING.match(question) is not None
        or _POINTING.search(question) is not None
    )


def joined(previous: Sequence[str], question: str) -> str:
    """The question together with the one it continues; no model is needed for it.

    `previous` holds the stand-alone forms of earlier questions, oldest first.
    """
    if not previous or not leans_on_conversation(question):
        return question
    return f"{previous[-1].rstrip()} {question}"
