"""The theme: what the browser takes without a warning, and what can be read."""

from __future__ import annotations

import tomllib

import pytest

from core.settings import ROOT

THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
READABLE = 4.5
TINT = 0.1
"""How much of the colour a chosen segment has behind its words of the same colour."""


def channels(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def luminance(colour: list[float]) -> float:
    """As WCAG 2 has it."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: list[float], other: list[float]) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_weights_of_headings_are_steps_of_fifty() -> None:
    assert all(weight % 50 == 0 and 100 <= weight <= 900 for weight in THEME["headingFontWeights"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_chosen_segment_can_be_read(scheme: str) -> None:
    primary, behind = (channels(THEME[scheme][name]) for name in ("primaryColor", "backgroundColor"))
    tinted = [TINT * one + (1 - TINT) * other for one, other in zip(primary, behind, strict=True)]
    assert contrast(primary, tinted) >= READABLE


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("colour", ["textColor", "linkColor", "grayTextColor"])
def test_words_can_be_read_everywhere(scheme: str, colour: str) -> None:
    own = THEME[scheme]
    for place in (own, own["sidebar"]):
        for behind in ("backgroundColor", "secondaryBackgroundColor"):
            assert contrast(channels(own[colour]), channels(place[behind])) >= READABLE
