"""The figures of the queue: times are drawn in the unit that the table names."""

from __future__ import annotations

import pytest

from pages.parts.review_figures import unit


@pytest.mark.parametrize(
    ("longest_s", "said"),
    [
        (0.0, ("minutes", 60)),
        (90.0, ("minutes", 60)),
        (7_199.0, ("minutes", 60)),
        (7_200.0, ("hours", 3_600)),
        (47 * 3_600.0, ("hours", 3_600)),
        (48 * 3_600.0, ("days", 86_400)),
        (400 * 86_400.0, ("days", 86_400)),
    ],
)
def test_the_unit_goes_by_the_longest_median(longest_s: float, said: tuple[str, int]) -> None:
    assert unit(longest_s) == said
