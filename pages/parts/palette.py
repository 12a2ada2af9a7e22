"""Colours that mean the same on every screen."""

from __future__ import annotations

from collections.abc import Iterable

OKABE_ITO = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
"""Told apart with every kind of colour vision; the theme's own chart colours are the same."""
CACHED = "#0d9488"
"""For what the cache answered, beside NEUTRAL for the rest; seen well on light and on dark."""
NEUTRAL = "#7b8790"
"""For what stands for no department: models, providers, limits. Seen well on light and on dark."""


def department_colours(ids: Iterable[str]) -> dict[str, str]:
    """A colour for each department, by its place among all departments in the order of their ids.

    Give all departments of the company, not those of one chart, so that a colour stays with its
    department. From the ninth on colours come again: a chart names its departments, too.
    """
    return {name: OKABE_ITO[place % len(OKABE_ITO)] for place, name in enumerate(sorted(set(ids)))}
