"""Masking and restoring, with a finder that knows what it is told: no language model is loaded."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Set
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import MaskingFailed
from core.gateway.privacy.analyser import Analyser
from core.gateway.privacy.kinds import DEFAULT_MASKED, Kind
from core.gateway.privacy.masking import Mask
from core.gateway.privacy.placeholders import PLACEHOLDER
from core.gateway.privacy.spans import Span


class KnownWords:
    """Finds digits as telephone numbers, and words with a capital first as persons."""

    def find(self, text: str, kinds: Set[Kind] = DEFAULT_MASKED) -> list[Span]:
        found = [
            *(Span(m.start(), m.end(), Kind.PHONE, 0.8) for m in re.finditer(r"\d{3,}", text)),
            *(Span(m.start(), m.end(), Kind.PERSON, 0.8) for m in re.finditer(r"\b[A-Z][a-z]+\b", text)),
        ]
        return sorted(span for span in found if span.kind in kinds)


class Broken:
    def find(self, text: str) -> list[Span]:
        raise RuntimeError(f"cannot read {text}")


PARTS = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            ["Ann", "Bob", "555010", "<PERSON_1>", "<PERSON_", "<TEXT_1>", "1>", "<", ">", " ", "PERSON_1"]
        ),
    ),
    max_size=12,
).map("".join)


@given(st.lists(PARTS, min_size=1, max_size=4))
def test_restoring_gives_back_any_text(texts: list[str]) -> None:
    mask = Mask(KnownWords())
    masked = [mask.mask(text) for text in texts]
    assert [mask.restore(text) for text in masked] == texts


@given(PARTS)
def test_no_masked_value_stands_in_the_masked_text(text: str) -> None:
    # A letter in its place: what stood beside a value within one word still does.
    rest = PLACEHOLDER.sub("x", Mask(KnownWords()).mask(text))
    for span in KnownWords().find(text):
        value = text[span.start : span.end]
        assert not re.search(rf"(?<!\w){re.escape(value)}(?!\w)", rest)


@given(PARTS, st.lists(st.integers(0, 60), max_size=10))
def test_restoring_in_pieces_equals_restoring_the_whole(text: str, cuts: list[int]) -> None:
    mask = Mask(KnownWords())
    masked = mask.mask(text) + " and <PERSON_1>, <PERSON_9"
    borders = sorted({0, len(masked), *(min(cut, len(masked)) for cut in cuts)})
    restorer = mask.restorer()
    pieces = [restorer.feed(masked[a:b]) for a, b in pairwise(borders)]
    assert "".join([*pieces, restorer.finish()]) == mask.restore(masked)


def test_a_stream_is_not_held_back_for_what_cannot_become_a_placeholder() -> None:
    mask = Mask(KnownWords())
    mask.mask("Ann")
    restorer = mask.restorer()
    assert [restorer.feed(piece) for piece in ["a < b", " <", "PER", "SON_1", ">!", "<b>", " 2"]] == [
        "a < b", " ", "", "", "Ann!", "<b>", " 2",
    ]  # fmt: skip


def test_the_same_value_gets_the_same_placeholder_and_another_another() -> None:
    mask = Mask(KnownWords())
    assert mask.mask("Ann met Bob, Ann left") == "<PERSON_1> met <PERSON_2>, <PERSON_1> left"
    assert mask.mask("call Bob") == "call <PERSON_2>"


def test_a_known_value_is_masked_where_nothing_recognises_it() -> None:
    class Once(KnownWords):
        def find(self, text: str, kinds: Set[Kind] = DEFAULT_MASKED) -> list[Span]:
            return super().find(text, kinds) if text.startswith("Dear") else []

    mask = Mask(Once())
    mask.mask("Dear Ann")
    assert mask.mask("and Ann, not Annex") == "and <PERSON_2>, not Annex"


def test_a_look_alike_in_the_text_is_not_taken_for_ours() -> None:
    mask = Mask(KnownWords())
    masked = mask.mask("<PERSON_1> is a placeholder, Ann is not")
    assert masked == "<TEXT_1> is a placeholder, <PERSON_1> is not"
    assert mask.restore(masked) == "<PERSON_1> is a placeholder, Ann is not"


def test_a_placeholder_that_the_model_invented_stays() -> None:
    assert Mask(KnownWords()).restore("ask <PERSON_7>") == "ask <PERSON_7>"


def test_only_the_configured_kinds_are_masked() -> None:
    assert Mask(KnownWords(), {Kind.PHONE}).mask("Ann 555010") == "Ann <PHONE_1>"


def test_the_map_is_in_no_repr_and_cannot_be_copied_or_pickled() -> None:
    mask = Mask(KnownWords())
    mask.mask("Ann 555010")
    assert "Ann" not in repr(mask) + str(mask) + repr(mask.restorer())
    for escape in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither copied nor pickled"):
            escape(mask)


def test_json_is_masked_and_comes_back_with_its_types() -> None:
    mask = Mask(KnownWords())
    value = {"who": "Ann", "list": ["Bob", 7, None, True], "number": 555010, "deep": {"Ann": "to Bob"}}
    masked = mask.mask_json(value)
    assert "Ann" not in str(masked) and "Bob" not in str(masked) and "555010" not in str(masked)
    assert masked["list"][1:] == [7, None, True]
    assert mask.restore_json(masked) == value


def test_an_analyser_that_breaks_stops_everything_and_tells_nothing() -> None:
    mask = Mask(Analyser(make_engine=lambda finders: Broken()))
    with pytest.raises(MaskingFailed) as failure:
        mask.mask("Ann 555010")
    error = failure.value
    assert "RuntimeError" in str(error) and "Ann" not in str(error)
    assert error.__cause__ is None and error.__context__ is None


def test_an_engine_that_cannot_be_loaded_fails_closed() -> None:
    def missing(finders: object) -> Broken:
        raise ImportError("no such model")

    with pytest.raises(MaskingFailed):
        Analyser(make_engine=missing).find("anything")


def test_a_text_is_analysed_once_and_the_memory_is_bounded() -> None:
    class Counting:
        calls = 0

        def find(self, text: str) -> list[Span]:
            self.calls += 1
            return []

    engine = Counting()
    analyser = Analyser(make_engine=lambda finders: engine, remembered_texts=2)
    for text in ["a", "a", "b", "c", "c", "a"]:
        analyser.find(text)
    assert engine.calls == 4
