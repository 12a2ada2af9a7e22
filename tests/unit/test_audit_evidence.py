"""Ids and scores of an entry, whatever stands in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.audit.evidence import Scored, cited, retrieved

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


def test_the_passages_of_a_search_are_read_in_their_order() -> None:
    data = {"passages": [[30, 236, 2.3815, 0.597], [12, -4, 2, 1]]}
    assert retrieved(data) == (Scored(236, 30, 2.3815, 0.597), Scored(-4, 12, 2.0, 1.0))
    assert cited({"cited": [237, -4, 236]}) == (237, -4, 236)
    assert retrieved({}) == cited({}) == ()


def test_what_is_no_passage_is_left_out() -> None:
    odd = [[1, 2], [1, "2", 3.0, 0.1], [True, 2, 3.0, 0.1], None, [1, 2**40, 3.0, 0.1], [1, 7, 3.0, 0.5]]
    assert [found.chunk_id for found in retrieved({"passages": odd})] == [7]
    assert cited({"cited": [None, "3", True, 2**40, 5]}) == (5,)


@given(JSON)
def test_nothing_that_can_stand_in_an_entry_is_an_error(value: object) -> None:
    assert all(isinstance(found, Scored) for found in retrieved({"passages": value}))
    assert all(isinstance(found, int) for found in cited({"cited": value}))
