"""The tokens of a text, as the language model gives them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A token of the language model: `label` its entity or empty."""

    start: int
    end: int
    text: str
    label: str
