"""A document that says that another is in force in its place gives way, unless it is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.knowledge.superseded import Superseded, says_superseded
from core.types import Chunk, Passage

OLD = "Remote Work Policy 2024\n\nSuperseded. This version was replaced by that of 2026."


@pytest.mark.parametrize(
    "opening",
    [
        OLD,
        "Status: withdrawn",
        "Travel rules\n\nThis policy has been replaced by the Travel Policy 2026.",
        "Handbook. It is kept for reference only.",
        "These terms are no longer valid.",
    ],
)
def test_the_usual_words_are_known(opening: str) -> None:
    """At the beginning of a line, or said of the document itself."""
    assert says_superseded(opening)


@pytest.mark.parametrize(
    "opening",
    [
        "Remote Work Policy 2026\n\nThis policy replaces the policy of 2024.",
        "Pump manual\n\nThe seal is replaced by the user every year.",
        "A superseded drawing must be destroyed.",
        "If the post no longer exists, you return to one of the same grade.",
        "x" * 700 + "\nSuperseded.",
    ],
)
def test_what_is_in_force_stays(opening: str) -> None:
    """Also where it speaks of replacing something, or says it far below."""
    assert not says_superseded(opening)


def passage(number: int, version: int, title: str) -> Passage:
    chunk = Chunk(number, version, version, title, 1, "all", (), None, 0, 1, "x", "x")
    return Passage(chunk, 0.0, 0.0, 1.0)


IN_FORCE = [passage(n, 2, "Remote Work Policy 2026") for n in (2, 3)]
GONE = passage(1, 1, "Remote Work Policy 2024")


@pytest.fixture
def superseded() -> Superseded:
    return Superseded(lambda version_id: OLD if version_id == 1 else "In force.")


def test_it_gives_way_and_the_next_ones_move_up(superseded: Superseded) -> None:
    """The limit is filled with documents in force."""
    assert superseded.without([GONE, *IN_FORCE], ["remot", "day"], 2) == IN_FORCE


def test_it_is_there_for_who_names_its_year(superseded: Superseded) -> None:
    """A number of the title in the question."""
    assert superseded.without([GONE, *IN_FORCE], ["polici", "2024"], 2) == [GONE, IN_FORCE[0]]


def test_alone_it_is_better_than_nothing(superseded: Superseded) -> None:
    """Its text says of itself what it is."""
    assert superseded.without([GONE, replace(GONE)], ["remot"], 1) == [GONE]
