"""Who is a person and what only looks like one, with the real model."""

from __future__ import annotations

import pytest

from core.gateway.privacy.analyser import Analyser
from core.gateway.privacy.common_words import CommonWords
from core.gateway.privacy.kinds import Kind

pytestmark = pytest.mark.xdist_group("presidio")


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser()


def persons(analyser: Analyser, text: str) -> list[str]:
    return [text[span.start : span.end] for span in analyser.find(text) if span.kind is Kind.PERSON]


@pytest.mark.parametrize(
    "text",
    [
        "Group: Apprentices and interns; Days at home per week: 1",
        "article: CAL-1; name: Calibration of a pH probe; list_price: 120",
        "Approvals: 2; Who: one from Firmware, one from Sensor physics",
        "Backups are kept for 35 days and are encrypted.",
        "Allergens are listed on the yellow sheet.",
        "Timekeeping is monitored. Onboards and handbooks are in the library.",
        "Submit to Approver, then click Stamp.",
        "Date: 2026-03-17; Holiday: Saint Patrick's Day; Dublin: closed",
        "Christmas Eve: closed from 12:00",
        "Release notes are in English, Dutch and German, written for the person who operates it.",
        "From: 7 Dec 2026; To: 15 Jan 2027",
        "Take the train (BART) to work. BART fares are based on distance.",
        "The visitors' hall in Oosterlede is open. Oosterlede is closed on Sunday.",
        "Site: Oosterlede; Deliveries: 07:00 to 16:00",
        "Holiday: Whit Monday; Aldermere (IE): open; Oosterlede (NL): closed",
        "Fennwick Instruments is closed in August, except when Fennwick ended the contract.",
    ],
)
def test_plurals_labels_places_feasts_and_months_are_nobody(analyser: Analyser, text: str) -> None:
    assert persons(analyser, text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Group: Apprentices; Contact: Maria Lindqvist", "Maria Lindqvist"),
        ("Ask Diego Marchetti about Oosterlede, he works in Oosterlede.", "Diego Marchetti"),
        ("Lucian Varga said so. In Varga's office, ask again.", "Lucian Varga"),
        ("My name is Jan Bakker.", "Jan Bakker"),
        ("Saint Patrick's Day is organised by Patrick Doyle.", "Patrick Doyle"),
        ("Contact Bart Simmons (BART) for it.", "Bart Simmons"),
    ],
)
def test_persons_beside_them_are_still_found(analyser: Analyser, text: str, name: str) -> None:
    assert name in persons(analyser, text)


@pytest.mark.parametrize(
    ("word", "common"),
    [
        ("backups", True),
        ("replacements", True),
        ("calibrating", True),
        ("calibration", True),
        ("cyberbackup", True),
        ("checklists", True),
        ("lind", False),
        ("linds", False),
        ("Backups", False),
    ],
)
def test_a_word_is_common_as_it_was_met_or_made_of_such_a_word(word: str, common: bool) -> None:
    lemmas = {"noun": frozenset(["calibration", "lind"]), "verb": frozenset(["calibrate", "replace"])}
    words = CommonWords(frozenset(["backup", "check", "replacement"]), lemmas)
    assert (word in words) is common
