"""Each rule on the way out: what it stops, and what it lets through."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from core.answering.checks.findings import Action
from core.answering.checks.outgoing import Judged, SentenceChecker
from core.answering.checks.support import SupportChecker
from core.knowledge.terms import TermAnalyzer
from core.types import VerifiedText
from tests.bench.corruptions import Example, company_examples
from tests.fakes import ShapeFinder, passage

LEAVE = passage(
    "Employees have 26 days of paid leave per year. Requests go to the line manager at least 3 weeks before. "
    "The form is at https://intranet.fennwick.example/leave and questions go to leave@fennwick.example. "
    "Up to 5 days may be carried over until 31 March. Ilse Brandmoor approves exceptions. Leave must not be "
    "sold. The scanner FW-210 is lent for free.",
    title="Annual leave policy",
)
RATES = passage(
    "country: Denmark; full_day: EUR 61; hotel: EUR 190\ncountry: Norway; full_day: EUR 66; hotel: EUR 195",
    chunk_id=2,
    document_id=2,
    title="Travel allowances",
)
SOURCES = [LEAVE, RATES]


@dataclass(frozen=True)
class Span:
    start: int
    end: int


def find_births(text: str) -> Iterator[Span]:
    """Takes where somebody was born for personal data."""
    yield from (Span(*found.span()) for found in re.finditer(r"\bborn in \w+", text))


@pytest.fixture(scope="module")
def checker() -> SentenceChecker:
    return SentenceChecker(SupportChecker(TermAnalyzer()), ShapeFinder().find)


def rules(judged: Judged) -> set[str]:
    return {finding.rule for finding in judged.findings}


@pytest.mark.parametrize(
    "sentence",
    [
        "Employees have 26 days of paid leave per year. [1]",
        "Employees get twenty-six days of paid leave per year [1].",
        "Requests for leave go to the line manager at least three weeks before. [1]",
        "Up to 5 days may be carried over until March 31. [1]",
        "In Denmark the full day is EUR 61 [2].",
        "Leave must not be sold [1].",
        "The form is at https://intranet.fennwick.example/leave. [1]",
        "According to the policy, Ilse Brandmoor approves exceptions [1].",
        "Yes, leave must not be sold [1].",
        "Employees have 26 days of paid leave per year. [1][2]",
    ],
)
def test_a_faithful_sentence_passes(checker: SentenceChecker, sentence: str) -> None:
    """Word for word, or said otherwise."""
    judged = checker.judge(sentence, SOURCES)
    assert judged.passed
    assert not rules(judged)


@pytest.mark.parametrize(
    ("sentence", "rule"),
    [
        ("Employees have 28 days of paid leave per year. [1]", "number"),
        ("Up to 5 days may be carried over until 30 April. [1]", "date"),
        ("Marten Velden and Ilse Brandmoor approve exceptions. [1]", "name"),
        ("The scanner FW-230 is lent for free. [1]", "code"),
        ("Employees have 26 weeks of paid leave per year. [1]", "unit"),
        ("In Denmark the full day is EUR 66. [2]", "misplaced"),
        ("Leave must be sold. [1]", "changed"),
        ("Requests go to the line manager at least 3 weeks after. [1]", "changed"),
        ("Managers may refuse requests when the team is short of staff. [1]", "unsupported"),
        ("The form is at https://fennwick-leave.example/form. [1]", "link"),
        ("Questions go to boss@fennwick.example. [1]", "link"),
        ("Employees have 26 days of paid leave per year. [3]", "unknown-citation"),
        ("Employees have 26 days of paid leave per year. [0]", "unknown-citation"),
        ("The canteen serves lunch to visitors.", "uncited"),
        ("Employees have 26 days of paid leave per year. [2]", "number"),
    ],
)
def test_an_unfaithful_sentence_is_withheld(checker: SentenceChecker, sentence: str, rule: str) -> None:
    """By the rule that tells what is wrong with it."""
    judged = checker.judge(sentence, SOURCES)
    assert not judged.passed
    assert rule in rules(judged)


def test_personal_data_that_is_in_no_source_is_withheld() -> None:
    """What the person's own sources say may be repeated."""
    source = passage("The person approves exceptions. She was born in Oosterlede.")
    checker = SentenceChecker(SupportChecker(TermAnalyzer()), find_births, supported_from=0.0)
    judged = checker.judge("The person approves exceptions and was born in Aldermere. [1]", [source])
    assert "personal-data" in rules(judged)
    known = checker.judge("The person was born in Oosterlede and approves exceptions. [1]", [source])
    assert "personal-data" not in rules(known)


def test_a_name_that_ends_like_an_introduction_stays_whole(checker: SentenceChecker) -> None:
    """The "yes," in "Hayes, Brandmoor" introduces nothing."""
    source = passage(
        "The board is Rutherford Hayes, Ilse Brandmoor and Marten Velden, who meets the staff weekly."
    )
    assert checker.judge(
        "The board is Rutherford Hayes, Ilse Brandmoor and Marten Velden [1].", [source]
    ).passed


def test_a_supported_sentence_gets_the_citation_that_it_lacks(checker: SentenceChecker) -> None:
    """It passes, with a note, and cites the passage that supports it."""
    judged = checker.judge("In Norway the full day is EUR 66. ", SOURCES)
    assert judged.passed
    assert (judged.text, judged.cited) == ("In Norway the full day is EUR 66. [2] ", (2,))
    assert [(f.rule, f.action) for f in judged.findings] == [("citation-added", Action.NOTE)]


def test_an_uncited_sentence_with_a_wrong_number_names_no_source(checker: SentenceChecker) -> None:
    """No passage supports it, so none is put in."""
    assert rules(checker.judge("In Norway the full day is EUR 67.", SOURCES)) == {"uncited"}


def test_without_passages_nothing_passes(checker: SentenceChecker) -> None:
    """There is nothing that could support it."""
    assert not checker.judge("Employees have 26 days of paid leave.", []).passed


class Opinion:
    """An entailment model that always says the same, and counts how often it is asked."""

    def __init__(self, probability: float) -> None:
        self.asked = 0
        self._probability = probability

    def probability(self, text: str, sentence: str) -> float:
        self.asked += 1
        return self._probability


def test_an_entailment_model_decides_where_words_cannot() -> None:
    """It is asked for what is no quotation and has no wrong fact, and never overrules a wrong fact."""
    reworded = "Managers may refuse requests when the team is short of staff. [1]"
    for probability, passed in ((0.9, True), (0.1, False)):
        opinion = Opinion(probability)
        checker = SentenceChecker(SupportChecker(TermAnalyzer()), entailment=opinion)
        assert checker.judge(reworded, SOURCES).passed is passed
        assert opinion.asked == 1
        checker.judge("Leave must not be sold. [1]", SOURCES)
        assert not checker.judge("Employees have 28 days of paid leave per year. [1]", SOURCES).passed
        assert opinion.asked == 1


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return company_examples(seed=7, corrupted=50)


def test_quotations_and_rewordings_of_the_sample_company_pass(
    checker: SentenceChecker, examples: list[Example]
) -> None:
    """A false alarm would send a right answer to a person."""
    faithful = [e for e in examples if not e.corrupted]
    assert len(faithful) == 100
    assert [e.sentence for e in faithful if not checker.judge(f"{e.sentence} [1]", [e.passage]).passed] == []


def test_corrupted_sentences_of_the_sample_company_are_withheld(
    checker: SentenceChecker, examples: list[Example]
) -> None:
    """All but one of fifty at most, with each kind of change alike."""
    corrupted = [e for e in examples if e.corrupted]
    assert len(corrupted) == 50
    passed = [e.sentence for e in corrupted if checker.judge(f"{e.sentence} [1]", [e.passage]).passed]
    assert len(passed) <= 1, passed


def test_a_finding_says_where_it_was_seen(checker: SentenceChecker) -> None:
    """The span is that of the number in the sentence, and the explanation names it."""
    said = "Employees have 41 days of paid leave per year."
    finding = next(f for f in checker.judge(f"{said} [1]", SOURCES).findings if f.rule == "number")
    assert finding.span is not None
    assert said[slice(*finding.span)] == "41"
    assert "41" in finding.sentence


def test_what_a_person_answered_is_evidence_and_what_they_were_asked_is_not(checker: SentenceChecker) -> None:
    """The question says what the answer is about; a number that only it has is supported by nothing."""
    asked = passage("No, at most five days may be.", title="May 9 days of leave be carried over?")
    by = VerifiedText(1, "Vera", "2026-11-24T09:00:00+00:00", (LEAVE.chunk,))
    said = replace(asked, chunk=replace(asked.chunk, verified=by))
    assert checker.judge("At most 5 days of leave may be carried over [1].", [said]).passed
    assert not checker.judge("9 days of leave may be carried over [1].", [said]).passed
