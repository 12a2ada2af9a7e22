"""`[n]` in a model's words becomes a source that can be opened at its words."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from core.answering.citations import Citation, CitationWriter
from core.types import Chunk, Passage, VerifiedText


def passage(number: int, text: str = "Five days may be carried over. Ask by May.") -> Passage:
    chunk = Chunk(
        id=number,
        document_id=10 + number,
        version_id=20 + number,
        title=f"Policy {number}",
        version=1,
        readers="*",
        heading_path=("Leave",),
        page=None,
        start=100,
        end=100 + len(text),
        text=text,
        indexed_text=text,
    )
    return Passage(chunk, 1.0, 0.9, 1.0)


def write(text: str, passages: int = 3, cuts: tuple[int, ...] = ()) -> tuple[str, CitationWriter]:
    writer = CitationWriter([passage(i) for i in range(1, passages + 1)])
    edges = [0, *sorted(cuts), len(text)]
    shown = "".join(writer.feed(text[a:b]) for a, b in itertools.pairwise(edges))
    return shown + writer.finish(), writer


def test_markers_are_renumbered_by_first_use() -> None:
    """The reader counts from one, whatever passage the model found it in."""
    shown, writer = write("Five days [3]. By May [1][3].")
    assert shown == "Five days [1]. By May [2][1]."
    assert [(c.number, c.document_id) for c in writer.citations()] == [(1, 13), (2, 11)]


def test_a_marker_that_names_no_passage_is_dropped() -> None:
    """A model can not cite what it was not given."""
    shown, writer = write("Five days [9]. Ask [0] now [2].")
    assert shown == "Five days . Ask  now [1]."
    assert [c.document_id for c in writer.citations()] == [12]


def test_listed_numbers_become_markers_of_their_own() -> None:
    """`[1, 2]` is as good as `[1][2]`."""
    assert write("Yes [2, 3].")[0] == "Yes [1][2]."


def test_brackets_that_are_no_citation_stay() -> None:
    """Text in brackets is text."""
    assert write("see [appendix] and a[i]")[0] == "see [appendix] and a[i]"


def test_words_repeated_from_the_passage_are_found_in_the_document() -> None:
    """A citation opens at the very words, white space aside."""
    text = "Five days\nmay be  carried over. Ask by May."
    writer = CitationWriter([passage(1, text)])
    writer.feed("Five days may be carried over. [1] Ask by May. [1]")
    [citation] = writer.citations()
    assert [text[a - 100 : b - 100] for a, b in citation.quotes] == [
        "Five days\nmay be  carried over.",
        "Ask by May.",
    ]


def test_words_of_the_models_own_leave_the_whole_passage_as_the_source() -> None:
    """Nothing is marked that was not said."""
    _, writer = write("You can keep a week [1].")
    [citation] = writer.citations()
    assert citation.quotes == ()
    assert (citation.start, citation.end) == (100, 142)


def test_a_citation_survives_json() -> None:
    """It is stored with the answer and read back the same."""
    _, writer = write("Ask by May. [1]")
    [citation] = writer.citations()
    assert Citation.from_json(citation.to_json()) == citation


@given(
    st.lists(st.sampled_from(["Five days", " [1]", "[2, 3]", "[", "]", "[7]", "1", ",", " ", "\n", "x."])),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_how_the_text_arrives_changes_nothing(parts: list[str], cuts: list[int]) -> None:
    """Cut anywhere, the shown text and the sources are the same."""
    text = "".join(parts)
    whole, cut = write(text), write(text, cuts=tuple(min(c, len(text)) for c in cuts))
    assert whole[0] == cut[0]
    assert whole[1].citations() == cut[1].citations()


def test_a_cited_answer_of_a_person_brings_the_documents_that_it_rests_on() -> None:
    """Each once, behind those that the text cites; spans of the answer count in the answer."""
    first, second, third = (passage(number) for number in (1, 2, 3))
    by = VerifiedText(7, "Vera", "2026-11-24T09:00:00+00:00", (first.chunk, third.chunk))
    said = replace(second, chunk=replace(second.chunk, id=-5, start=0, title="How many?", verified=by))
    writer = CitationWriter([first, said])
    assert writer.feed("Five days may be carried over [2]. Ask by May [1].").startswith("Five days")
    writer.finish()
    answer, policy, behind = writer.citations()
    assert (answer.number, answer.title, answer.quotes) == (1, "How many?", ((0, 29),))
    assert answer.verified is not None
    assert (answer.verified.id, answer.verified.by, answer.verified.rests_on) == (7, "Vera", (1, 3))
    assert [(c.number, c.chunk_id, c.verified) for c in (policy, behind)] == [(2, 1, None), (3, 3, None)]
    assert [Citation.from_json(c.to_json()) for c in writer.citations()] == [answer, policy, behind]
