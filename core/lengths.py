"""How long a text may be: who pasted too much is told, and nothing is cut off in silence."""

from __future__ import annotations

from core.errors import BadInput


def at_most(chars: int, text: str, what: str) -> str:
    """The text without the space around it; raises BadInput when it is longer. `what` begins a sentence."""
    text = text.strip()
    if len(text) > chars:
        raise BadInput(f"{what} may have {chars:,} characters at most; yours has {len(text):,}. Shorten it.")
    return text
