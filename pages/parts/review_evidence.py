"""The evidence of a draft, numbered as the draft cites it: scores, highlighted words, whole documents."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.answering.citations import Citation
from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.review.tasks import Task
from core.types import Passage, Person
from pages.parts import provenance, reader
from pages.parts.plain import label
from pages.parts.wording import count, date

OPEN = 3
SURE = 0.2
TITLE_CHARS = 70
PASSAGE_PX = 190
Span = tuple[int, int]


def draw(desk: Desk, person: Person, task: Task) -> None:
    """Every passage; the cited ones and the first few are open."""
    cited = {c.chunk_id: c for c in task.draft.citations} if task.draft else {}
    with st.container(gap="small", key="evidence"):
        st.subheader("Evidence", anchor=False)
        if not task.evidence:
            st.caption("No passage was found for this question.")
            return
        st.caption(
            f"{count(len(task.evidence), 'passage')}, numbered as an answer cites them. Highlighted is what "
            "the draft repeats word for word, or else what is closest to the question."
        )
        closest = _closest(desk, task)
        for number, passage in enumerate(task.evidence, 1):
            citation = cited.get(passage.chunk.id)
            title = _title(number, passage, citation is not None)
            with st.expander(title, expanded=number <= OPEN or citation is not None, key=f"passage-{number}"):
                _passage(desk, person, task, number, passage, citation, closest.get(number - 1))


def _title(number: int, passage: Passage, cited: bool) -> str:
    chunk = passage.chunk
    name = chunk.title if len(chunk.title) <= TITLE_CHARS else chunk.title[: TITLE_CHARS - 1] + "…"
    kind = "\u2002:green-badge[:material/verified: verified answer]" if chunk.verified else ""
    return f"**{number}**\u2002{label(name)}{kind}" + ("\u2002:green-badge[cited]" if cited else "")


def _passage(
    desk: Desk,
    person: Person,
    task: Task,
    number: int,
    passage: Passage,
    citation: Citation | None,
    closest: Span | None,
) -> None:
    chunk = passage.chunk
    if chunk.verified is not None:
        st.caption(provenance.signature("Verified", chunk.verified.by, chunk.verified.at))
    where = [*chunk.heading_path, *([f"page {chunk.page}"] if chunk.page is not None else [])]
    if where:
        st.caption(" › ".join(map(label, where)))
    _scores(passage)
    marks = _quoted(citation, passage) or ([closest] if closest else [])
    reader.draw(chunk.title, chunk.text, marks, height_px=PASSAGE_PX, key=f"evidence-{task.id}-{number}")
    if chunk.verified is None:
        _document(desk, person, passage, number)


def _scores(passage: Passage) -> None:
    if not (passage.bm25 or passage.cosine or passage.score):
        st.caption("No scores: the passage comes from the answer, not from a search.")
        return
    st.caption(
        f"rank score **{passage.score:.2f}** · likeness of meaning **{passage.cosine:.2f}** · "
        f"words **{passage.bm25:.1f}**",
        help="The rank score made the order. Likeness of meaning lies between -1 and 1; words is the keyword "
        "score (BM25), 0 when no word is shared.",
    )


def _document(desk: Desk, person: Person, passage: Passage, number: int) -> None:
    chunk = passage.chunk
    try:
        info = desk.catalog.document(person, chunk.document_id)
    except AnswerdeskError:
        st.caption(":material/delete: The document is gone, or you may not read it any more.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if info.version_id == chunk.version_id:
            st.caption(f"Version {chunk.version}, updated {date(info.updated_at)}", width="content")
        else:
            st.badge(
                f"version {chunk.version}; version {info.version} since {date(info.updated_at)}",
                icon=":material/history:",
                color="orange",
            )
        if st.button(
            "Document as it is now",
            key=f"open-document-{number}",
            icon=":material/menu_book:",
            type="tertiary",
        ):
            whole(desk, person, passage)


@st.dialog("Document", width="large")
def whole(desk: Desk, person: Person, passage: Passage) -> None:
    """The current text of a passage's document, with the passage marked if it still stands."""
    try:
        opened = desk.catalog.open(person, passage.chunk.document_id)
    except AnswerdeskError as exc:
        st.info(str(exc), icon=":material/lock:")
        return
    start = opened.text.find(passage.chunk.text)
    stands = [(start, start + len(passage.chunk.text))] if start >= 0 else []
    st.markdown(f"**{label(opened.info.title)}**")
    gone = "" if stands else " The passage does not stand in it word for word any more."
    st.caption(f"Version {opened.version}, updated {date(opened.info.updated_at)}.{gone}")
    reader.draw(opened.info.title, opened.text, stands, height_px=560, key="review-document")


def _quoted(citation: Citation | None, passage: Passage) -> list[Span]:
    if citation is None:
        return []
    shift = passage.chunk.start
    return [(start - shift, end - shift) for start, end in citation.quotes]


def _closest(desk: Desk, task: Task) -> dict[int, Span]:
    """For each passage, by its index, the sentence that most likely answers the question."""
    texts: Sequence[str] = [passage.chunk.text for passage in task.evidence]
    heads = ["\n".join([p.chunk.title, *p.chunk.heading_path]) for p in task.evidence]
    found: dict[int, Span] = {}
    for sentence in desk.knowledge.ranker.rank(task.item.question, texts, heads):
        if sentence.score >= SURE:
            found.setdefault(sentence.passage, (sentence.start, sentence.end))
    return found
