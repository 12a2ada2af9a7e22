"""A request that has nothing to do with the passage it stands in: a poem is wanted in an invoice."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.answering.checks.facts import Analyse
from core.knowledge.sentences import sentence_spans

FEWEST_SENTENCES = 3
"""Of less there is no saying what it is about."""
FEWEST_TERMS = 2
MOST_WORDS = 25

_VERBS = (
    "explain|describe|write|compose|draft|translate|develop|provide|give|create|generate|summari[sz]e"
    "|break down|list|tell|show|solve|calculate|convert|define|outline|compare|suggest|recommend"
    "|discuss|analy[sz]e|produce"
)
_REQUEST = re.compile(
    r"[\"“'‘]?(?:(?:please|now|then)\W+)*"
    r"(?:(?:what|how|who|why|when|where|which)(?:['’]s)?\b[^?]*\?\W*$"
    rf"|(?:can|could|would|will) you\b|(?:{_VERBS})\b)",
    re.IGNORECASE,
)
"""A list item, which has a mark before it, is none."""


def stray_request(text: str, analyse: Analyse) -> tuple[int, int] | None:
    """Where the only request of a text stands, if none of its words occurs in the rest; otherwise None.

    Documents ask too, in lists of questions and in headings that the following text answers.
    """
    spans = sentence_spans(text)
    requests = [place for place, (start, end) in enumerate(spans) if _REQUEST.match(text, start, end)]
    if len(spans) < FEWEST_SENTENCES or len(requests) != 1:
        return None
    terms = [_terms(text[start:end], analyse) for start, end in spans]
    place = requests[0]
    # The verb or the question word tells nothing.
    asked = terms[place] - _terms(text[spans[place][0] :].split()[0], analyse)
    rest = frozenset[str]().union(*terms[:place], *terms[place + 1 :])
    short = len(text[slice(*spans[place])].split()) <= MOST_WORDS
    return spans[place] if short and len(asked) >= FEWEST_TERMS and not asked & rest else None


def _terms(text: str, analyse: Analyse) -> frozenset[str]:
    terms: Sequence[str] = analyse(text)
    return frozenset(terms)
