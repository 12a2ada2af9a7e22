"""What a search found and what an answer cites, as titles and words in place of ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import streamlit as st

from core.audit import evidence
from core.audit.evidence import Scored
from core.audit.sources import GONE, Source, State
from core.journal.lines import Line
from pages.parts.plain import label

Sources = Mapping[int, Source]
# How near a passage is to the question in meaning: from so much cosine on, the highest first.
_NEAR = ((0.7, "very near"), (0.5, "near"), (0.3, "somewhat near"), (-1.0, "far"))
_WHY_NOT = {
    State.CLOSED: "You may not read this document, so its words are not shown.",
    State.REPLACED: "A newer version took its place. Where this passage stood in it is not kept.",
    State.GONE: "What stood here was deleted.",
}


def draw(line: Line, found: Sources, cited: Collection[int]) -> None:
    """The passages of a search, or of an answer, in their order; nothing for other entries."""
    passages = [
        *((each.chunk_id, scores(each), each.chunk_id in cited) for each in evidence.retrieved(line.data)),
        *((chunk, "", False) for chunk in evidence.cited(line.data)),
    ]
    if not passages:
        return
    with st.container(gap="small"):
        for place, (chunk, said, marked) in enumerate(passages, start=1):
            _passage(place, found.get(chunk, GONE), said, marked)


def scores(scored: Scored) -> str:
    """`very near the question in meaning (0.77), ranked with 2.66`."""
    word = next((name for least, name in _NEAR if scored.cosine >= least), "far")
    from_it = "from" if word == "far" else ""
    near = " ".join(filter(None, [word, from_it, f"the question in meaning ({scored.cosine:.2f})"]))
    return f"{near}, ranked with {scored.score:.2f}"


def _passage(place: int, source: Source, said: str, cited: bool) -> None:
    heading = f"**{place}\\. {label(title(source))}**"
    with st.container(gap="xxsmall"):
        if source.state is State.READABLE:
            with st.expander(heading, type="compact"):
                st.text(source.text)
        else:
            st.caption(heading)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if cited:
                st.badge("cited", icon=":material/format_quote:", color="blue")
            if source.outdated:
                st.badge("replaced since", icon=":material/history:", color="orange")
            if said:
                st.caption(label(said[0].upper() + said[1:]), width="content")
        if why := _WHY_NOT.get(source.state):
            st.caption(f":material/lock: {why}")


def title(source: Source) -> str:
    """`Annual Leave Policy 2026, version 1, 4. Carrying days over, page 3`."""
    if source.verified:
        return f"A colleague's answer to: {source.title}" if source.title else "A colleague's answer"
    if not source.title:
        return "A document that is not there any more"
    facts = [
        source.title,
        f"version {source.version}",
        " › ".join(source.section),
        f"page {source.page}" if source.page is not None else "",
    ]
    return ", ".join(filter(None, facts))
