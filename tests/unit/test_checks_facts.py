"""Numbers, dates, units, names and codes are read however they are written, and found again in a source."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.checks.dates import moments
from core.answering.checks.facts import FactKind, Sheet, facts
from core.answering.checks.numerals import numerals
from core.knowledge.terms import TermAnalyzer

ANALYSE = TermAnalyzer()
ONES_TEXT = "zero one two three four five six seven eight nine ten eleven twelve"
ONES = ONES_TEXT.split()
DAYS = st.integers(0, 36_000).map(lambda n: date(1950, 1, 1) + timedelta(days=n))


def values(text: str) -> list[set[float]]:
    return [set(numeral.values) for numeral in numerals(text)]


def parts(text: str) -> set[str]:
    return {key for moment in moments(text) for part in moment.parts for key in part}


def held(sentence: str, source: str) -> bool:
    sheet = Sheet(source, ANALYSE)
    return all(sheet.holds(fact) and not sheet.wrong_unit(fact) for fact in facts(sentence, ANALYSE))


@given(st.integers(0, 10**9), st.sampled_from(["{:,}", "{}"]))
def test_a_whole_number_is_read_with_and_without_its_commas(number: int, form: str) -> None:
    """Among the readings there is always the number itself."""
    assert number in values(f"It costs {form.format(number)} in all.")[0]


@given(st.integers(0, 10**7), st.integers(1, 99))
def test_continental_and_english_money_are_the_same_number(whole: int, cents: int) -> None:
    """1.234,50 and 1,234.50 have a reading in common."""
    english = f"{whole:,}.{cents:02}"
    continental = english.translate(str.maketrans(",.", ".,"))
    value = float(f"{whole}.{cents:02}")
    assert value in values(f"EUR {english}")[0]
    assert value in values(f"{continental} EUR")[0]


@given(st.integers(0, 12))
def test_figures_and_words_are_the_same_number(number: int) -> None:
    """As are twelve and 12."""
    assert values(f"within {ONES[number]} days") == values(f"within {number} days")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("twenty-one days", 21), ("one hundred and five days", 105), ("two thousand", 2000),
        ("EUR 3 million", 3_000_000), ("EUR 4.2m", 4_200_000), ("a dozen", 12), ("the 3rd floor", 3),
        ("the fifteenth", 15), ("-4 degrees", -4),
    ],
)  # fmt: skip
def test_numbers_in_words_and_with_scales(text: str, value: float) -> None:
    """Also ordinals, and what is below nought."""
    assert any(value in found for found in values(text))


@pytest.mark.parametrize("text", ["FW-210S", "MH20", "room B12", "ISO9001"])
def test_the_figures_of_a_code_are_no_number(text: str) -> None:
    """They belong to the code, which is compared as a whole."""
    assert values(text) == []


@given(DAYS)
def test_a_date_is_the_same_however_it_is_written(day: date) -> None:
    """Day first, month first, in figures, as computers write it."""
    forms = [f"{day.day} {day:%B} {day.year}", f"{day:%B} {day.day}, {day.year}", day.isoformat()]
    known = [parts(f"It ends on {form}.") for form in forms]
    assert known[0] == known[1] == known[2]
    assert known[0] <= parts(f"It ends on {day.day:02}.{day.month:02}.{day.year}.")


@given(DAYS, DAYS)
def test_two_days_are_never_taken_for_one(one: date, other: date) -> None:
    """A source that names another day does not hold the date."""
    said, source = (f"It ends on {d.day} {d:%B} {d.year}." for d in (one, other))
    assert held(said, source) == (one == other)


@given(st.integers(0, 23), st.integers(0, 59))
def test_a_time_is_the_same_on_both_clocks(hour: int, minute: int) -> None:
    """14:05 is 2:05 pm."""
    half = f"{(hour - 1) % 12 + 1}:{minute:02} {'am' if hour < 12 else 'pm'}"
    assert parts(f"at {hour}:{minute:02}") == parts(f"at {half}")


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("Leave is 26 days.", "There are twenty-six days of leave."),
        ("It costs €1,200.", "The price is EUR 1.200."),
        ("Call within 2 h.", "Call within 2 hours."),
        ("Ask within ten working days.", "Ask within 10 days."),
        ("The FW 210 is cheaper than the MH-20.", "MH-20 and FW-210 are on the list."),
        ("The 210S is cheaper.", "The FW-210S is cheap."),
        ("It began in March 2026.", "It began on 1 March 2026."),
        ("Ilse Brandmoor decides.", "The head is Ilse Brandmoor."),
        ("One of them is enough.", "Any is enough."),
    ],
)  # fmt: skip
def test_what_a_source_says_otherwise_is_held(sentence: str, source: str) -> None:
    """The form does not matter, and "one of them" is no number."""
    assert held(sentence, source)


@pytest.mark.parametrize(
    ("sentence", "source", "kind"),
    [
        ("Leave is 27 days.", "Leave is 26 days.", FactKind.NUMBER),
        ("Leave is 26 weeks.", "Leave is 26 days.", FactKind.NUMBER),
        ("It costs USD 40.", "It costs EUR 40.", FactKind.NUMBER),
        ("It ends on 2 May.", "It ends on 1 May.", FactKind.DATE),
        ("It opens at 9:30.", "It opens at 8:30.", FactKind.DATE),
        ("Then Marten Velden decides.", "Ilse Brandmoor decides.", FactKind.NAME),
        ("Take the FW-220.", "Take the FW-210.", FactKind.CODE),
        ("It stands in GS 12.", "It stands in GS 11.", FactKind.CODE),
    ],
)  # fmt: skip
def test_what_a_source_does_not_say_is_not_held(sentence: str, source: str, kind: FactKind) -> None:
    """Neither another value nor another unit."""
    assert not held(sentence, source)
    assert kind in {fact.kind for fact in facts(sentence, ANALYSE)}
