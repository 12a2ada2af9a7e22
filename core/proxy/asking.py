"""What kind of thing a question asks for: `who founded it` is not `when was it founded`."""

from __future__ import annotations

import re

_KINDS = {
    "when": r"when|(?:what|which) (?:year|month|day|date|time|century|decade)",
    "who": r"who|whom|whose",
    "where": r"where",
    "why": r"why|what for|how come",
    # `How many days do I get` may be asked as `what is my allowance`, and `how can I` as `can I`.
    "else": r"what|which|how",
}
_FIRST = re.compile("|".join(rf"(?P<{kind}>\b(?:{words})\b)" for kind, words in _KINDS.items()))


def asked_for(question: str) -> str:
    """A person, a time, a place or a reason, by the first question word; empty for everything else."""
    found = _FIRST.search(" ".join(question.casefold().split()))
    return "" if found is None or found.lastgroup == "else" else str(found.lastgroup)
