from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.knowledge.terms import TermAnalyzer


@pytest.fixture
def analyse():
    return TermAnalyzer()


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The FW-210S form", "fw-210s"),
        ("The FW-210S form", "FW210S"),
        ("The FW-210S form", "210s"),
        ("Your 401(k) plan", "401k"),
        ("Your 401(k) plan", "401(k)"),
        ("Turn on 2FA today", "2fa"),
        ("Send an e-mail", "email"),
        ("Up to 1,500 euros", "1500"),
        ("Attach your résumé", "resume"),
        ("ask help@example.org", "example"),
        ("the company's policies", "policy company"),
        ("Überstunden", "überstunden"),
        ("STRASSE", "straße"),
        ("会社の規定", "規定"),
    ],
)
def test_a_word_is_found_however_it_is_spelled(analyse, text, query):
    """Every term of the question is a term of the text."""
    assert analyse(query)
    assert set(analyse(query)) <= set(analyse(text))


def test_function_words_are_left_out(analyse):
    """Words that say nothing about the subject are no terms."""
    assert analyse("What is the leave that you've got, and why don't they?") == analyse("leave got")


def test_words_that_may_be_the_subject_stay(analyse):
    """System, interest and name are words that people ask about."""
    assert len(analyse("system interest name")) == 3


def test_repeated_words_are_counted(analyse):
    """A text's terms keep their order and their repeats."""
    assert analyse("travel leave travel") == ["travel", "leav", "travel"]


def test_the_memo_forgets_but_the_terms_stay_the_same():
    """A memo that is too small changes nothing but the time it takes."""
    words = "running policies travels holidays paying"
    assert TermAnalyzer(memo_size=1)(words) == TermAnalyzer()(words)


def test_threads_may_share_an_analyzer():
    """Stems are the same from many threads as from one."""
    texts = [f"travelling policies number{i} holidays reimbursements" for i in range(200)]
    alone = [TermAnalyzer()(text) for text in texts]
    shared = TermAnalyzer(memo_size=7)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(shared, texts)) == alone


@given(st.text())
def test_any_text_has_terms_without_white_space(text):
    """Terms can be stored with a space between them."""
    assert all(term and not any(char.isspace() for char in term) for term in TermAnalyzer()(text))
