"""What an entry of the journal says, in a line of plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.journal.lines import Line
from pages.parts import audit_kinds

SUMMARY_CHARS = 300


def summary(line: Line, departments: Mapping[str, str]) -> str:
    """What an entry says, on one line: its masked text, or its first facts."""
    text = line.data.get("text")
    if isinstance(text, str) and text.strip():
        return " ".join(text.split())[:SUMMARY_CHARS]
    return sentence(facts(line, line.data, departments))[:SUMMARY_CHARS]


def sentence(words: str) -> str:
    """The words with a capital letter."""
    return words[:1].upper() + words[1:]


def facts(line: Line, data: Mapping[str, Any], departments: Mapping[str, str]) -> str:
    """The short values of an entry's data, as in `8 passages found, 98 % likely to answer it`.

    Its text is left out; `departments` are their names by their ids.
    """
    return ", ".join(filter(None, audit_kinds.said(line, data, departments)))
