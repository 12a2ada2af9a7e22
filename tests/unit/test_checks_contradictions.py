"""Sources that contradict each other are told, with their dates."""

from datetime import date

import pytest

from core.answering.checks.contradictions import ContradictionFinder
from core.answering.checks.findings import Action
from core.knowledge.terms import TermAnalyzer
from tests.fakes import passage

OLD = passage(
    "Core hours are 10:00 to 15:00 local time. An allowance of EUR 300 is paid once for desk and chair.",
    title="Remote work policy 2024",
)
NEW = passage(
    "Core hours are 10:00 to 14:30 local time. A home allowance of EUR 450 is paid for desk and chair.",
    chunk_id=2,
    document_id=2,
    title="Remote work policy 2026",
)
DATES = {1: date(2024, 3, 1), 2: date(2026, 1, 1)}
FINDER = ContradictionFinder(TermAnalyzer(), DATES.get)


def notes(answer: str, cited: str, other: str, titles: tuple[str, str] = ("Leave", "Handbook")) -> list[str]:
    a = passage(cited, title=titles[0])
    b = passage(other, title=titles[1], chunk_id=2, document_id=2)
    return [finding.sentence for finding in FINDER.find(answer, [a], [a, b])]


def test_both_values_are_told_with_the_dates_of_their_sources() -> None:
    """As a note: the answer is given, and nobody has to look first."""
    (finding,) = FINDER.find("Core hours are 10:00 to 14:30.", [NEW], [NEW, OLD])
    assert finding.action is Action.NOTE
    assert finding.sentence == (
        "The sources differ: “Remote work policy 2026” (version 1, 1 Jan 2026) says 14:30, "
        "“Remote work policy 2024” (version 1, 1 Mar 2024) says 15:00."
    )


def test_only_what_the_answer_says_is_compared() -> None:
    """The money differs as well, but nobody asked for it."""
    (finding,) = FINDER.find("It is EUR 450.", [NEW], [NEW, OLD])
    assert "says 450 euro" in finding.sentence
    assert "says 300 euro" in finding.sentence
    assert FINDER.find("Ask your manager.", [NEW], [NEW, OLD]) == []


def test_two_cited_sources_are_told_once() -> None:
    """Though each contradicts the other."""
    answer = "Core hours are 10:00 to 14:30, or 10:00 to 15:00."
    assert len(FINDER.find(answer, [NEW, OLD], [NEW, OLD])) == 1


def test_a_source_without_a_known_date_is_named_by_its_version() -> None:
    """Nothing is made up."""
    (finding,) = ContradictionFinder(TermAnalyzer()).find("It is EUR 450.", [NEW], [NEW, OLD])
    assert "“Remote work policy 2026” (version 1) says" in finding.sentence


@pytest.mark.parametrize(
    ("cited", "other"),
    [
        ("Parents get leave on full salary for 6 weeks.", "Parents get leave on full salary for 8 weeks."),
        ("The yearly sales report comes out on 3 March.", "The yearly sales report comes out on 4 March."),
        ("Visitors park in the north garage for EUR 4.", "Visitors park in the north garage for EUR 5."),
    ],
)  # fmt: skip
def test_the_same_sentence_with_another_value_is_a_contradiction(cited: str, other: str) -> None:
    """Whatever the documents are called."""
    assert len(notes(cited, cited, other)) == 1


@pytest.mark.parametrize(
    ("cited", "other"),
    [
        ("Parents get leave on full salary for 6 weeks.", "Parents get leave on full salary for six weeks."),
        ("All parents in Velden get full pay for 6 weeks.", "All parents in Haal get full pay for 8 weeks."),
        ("Your manager answers within 5 working days.", "A manager may postpone it by ten working days."),
        ("Version 5, in force since 1 February 2026.", "Version 6, in force since 1 August 2026."),
        ("Meals cost EUR 12 in the canteen today.", "Parking costs EUR 4 per hour in the garage."),
        ("It is paid for 6 weeks.", "It is paid for 8 weeks."),
    ],
)  # fmt: skip
def test_other_matters_and_other_ways_to_write_are_none(cited: str, other: str) -> None:
    """A false note would make people doubt a right answer."""
    assert notes(cited, cited, other) == []


def test_one_document_does_not_contradict_itself() -> None:
    """Its passages are parts of one text, such as the rows of a table."""
    first = passage("Parents receive leave with full salary for 6 weeks.")
    second = passage("Parents receive leave with full salary for 8 weeks.", chunk_id=2)
    assert FINDER.find("6 weeks", [first], [first, second]) == []
