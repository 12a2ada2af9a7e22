"""What stands for a masked value: `<PERSON_1>`."""

from __future__ import annotations

import re

PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]{0,30}_[1-9][0-9]{0,8}>")
"""Ours, and what looks like ours in a text of others."""

LITERAL = "TEXT"
"""The word for what is masked only because it looks like a placeholder already."""


def placeholder(word: str, number: int) -> str:
    """The placeholder of the word (a kind or LITERAL), counted from 1."""
    return f"<{word}_{number}>"
