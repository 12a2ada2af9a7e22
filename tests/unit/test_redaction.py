"""Texts as the journal keeps them: masked, bounded, and left out when masking fails."""

from __future__ import annotations

import pytest

from core.errors import MaskingFailed
from core.gateway.privacy.analyser import Analyser
from core.gateway.privacy.redaction import Redactor
from tests.fakes import ShapeFinder

# Masking loads spaCy: one worker does.
pytestmark = pytest.mark.xdist_group("presidio")


class Broken:
    def find(self, text: str, kinds: object = None) -> list:  # type: ignore[type-arg]
        raise MaskingFailed("Personal data could not be masked.")


def test_names_addresses_and_keys_are_placeholders() -> None:
    """With the analyser that the program uses; what is nobody's stays readable."""
    person = "Rosalind Pike (rosalind.pike@fennwick.example)"
    text = f"May {person} carry over leave? The key is sk-proj-Ab12Cd34Ef56Gh78."
    kept = Redactor(Analyser())(text)
    assert kept.keys() == {"text"}
    assert not [word for word in ("Rosalind", "Pike", "fennwick", "Ab12") if word in kept["text"]]
    assert "carry over leave" in kept["text"]
    assert "<PERSON_1>" in kept["text"]


def test_a_value_has_no_name_that_lasts_from_one_entry_to_the_next() -> None:
    """Otherwise placeholders of many entries would lead back to one person."""
    redact = Redactor(ShapeFinder())
    first, second = redact("Ask a@fennwick.example."), redact("Ask b@fennwick.example.")
    assert first == second == {"text": "Ask <EMAIL_1>."}


def test_a_text_that_cannot_be_masked_is_left_out_and_the_entry_says_so() -> None:
    """No word of it is kept."""
    assert Redactor(Broken())("My salary is 4,000.") == {"text_left_out": "it could not be masked"}


@pytest.mark.parametrize("length", [101, 250, 5_000])
def test_a_long_text_is_cut_and_its_length_kept(length: int) -> None:
    """The entry says that the end is missing."""
    kept = Redactor(ShapeFinder(), max_chars=100)("x" * length)
    assert kept == {"text": "x" * 100, "text_cut_from": length}


@pytest.mark.parametrize("before", range(70, 100))
def test_a_value_at_the_cut_is_masked_whole(before: int) -> None:
    """Half an address is still somebody's."""
    text = "." * before + " rosalind.pike@fennwick.example and more " + "." * 200
    kept = Redactor(ShapeFinder(), max_chars=100)(text)
    assert "rosalind" not in kept["text"]
    assert len(kept["text"]) <= 100


def test_what_was_cut_only_by_reading_is_said_too() -> None:
    """Placeholders may be shorter than what they stand for, so that the kept part is not full."""
    text = "a-very-long-name-indeed@fennwick.example " * 30
    kept = Redactor(ShapeFinder(), max_chars=600)(text)
    assert kept["text_cut_from"] == len(text)
