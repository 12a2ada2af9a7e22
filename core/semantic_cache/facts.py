"""The facts of a question: what must be equal before two questions can be the same.

Numbers, amounts, dates and periods, codes and addresses, negation, direction and who is meant, each in
one canonical form, so that neither spelling nor order matters, other than that of `from` and `to`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from core.semantic_cache.audiences import audiences
from core.semantic_cache.numerals import ordinals, quantities
from core.semantic_cache.periods import periods

Facts = frozenset[str]

_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|unable|ineligible|invalid|"
    r"(?:ca|do|does|did|is|are|was|were|wo|would|should|could|has|have|had|must)nt)\b|n't\b|\bnon[- ]"
)
_NUMBER_SIGN = re.compile(r"\b(?:no|nr)\.? ?(?=\d)|#")
_ADDRESS = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]+\b|\bhttps?://\S+")
_CODE = re.compile(
    r"(?<![\w@.])(?=[\w./-]*\d)(?=[\w./-]*[a-z])[a-z0-9]+(?:[-/._][a-z0-9]+)*(?:\([a-z0-9]\))?(?!\w)"
)
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
_VERSION = re.compile(r"\bv(?=\d)")
_POUNDS = re.compile(r"\bpounds?\b")
_TWO_FACTOR = re.compile(r"\b2 ?fa\b")
_PLACE = r"(?:the |my |our |an? |your )?([a-z0-9][\w+#-]*)"
_FROM_TO = re.compile(rf"\bfrom {_PLACE}(?: \w+)?? (?:in)?to {_PLACE}")
_TO_FROM = re.compile(rf"\bto {_PLACE}(?: \w+)?? from {_PLACE}")
_NO_PLACE = frozenset(["get", "be", "do", "go", "have", "make", "use", "it", "here", "there", "this", "that"])


def facts(question: str) -> Facts:
    """All facts of an English question, such as `number 2 year`, `quarter 3`, `not` or `from a to b`."""
    text, found = periods(question.replace("’", "'"))
    text = _NUMBER_SIGN.sub(" ", text)
    addresses = [f"address {match[0].rstrip('.,?')}" for match in _ADDRESS.finditer(text)]
    text = _ADDRESS.sub(" ", text)
    text = _TWO_FACTOR.sub("2 factor", _VERSION.sub("version ", _POUNDS.sub("gbp", text)))
    return frozenset([*found, *addresses, *_figures(text), *_qualifiers(text), *_directions(text)])


def signature(found: Facts) -> str:
    """A digest of the facts, 32 hex digits; empty when there are none."""
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:32] if found else ""


def _figures(text: str) -> Iterator[str]:
    taken = []
    for span, quantity in quantities(text):
        taken.append(span)
        yield f"number {quantity}"
    for span, number in ordinals(text):
        taken.append(span)
        yield f"ordinal {number}"
    for match in _CODE.finditer(text):
        free = not any(start < match.end() and match.start() < end for start, end in taken)
        if free and not _ORDINAL.fullmatch(match[0]):
            yield "code " + re.sub(r"[-/._]", "", match[0])


def _qualifiers(text: str) -> Iterator[str]:
    if _NEGATION.search(text):
        yield "not"
    for name in audiences(text):
        yield f"for {name}"


def _directions(text: str) -> Iterator[str]:
    for match in _FROM_TO.finditer(text):
        if match[1] not in _NO_PLACE:
            yield f"from {match[1]} to {match[2]}"
    for match in _TO_FROM.finditer(text):
        if match[1] not in _NO_PLACE:
            yield f"from {match[2]} to {match[1]}"
