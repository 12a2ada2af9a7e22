"""A chart, the same in numbers below it, and both as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

from core.reports.export import csv_of, jsonl_of
from pages.parts import charts, spend_tables
from pages.parts.plain import label

if TYPE_CHECKING:
    import pandas as pd

ROWS = 5


def charted(
    key: str,
    title: str,
    caption: str,
    frame: pd.DataFrame,
    chart: Callable[[], charts.Chart],
    table: pd.DataFrame,
    columns: Sequence[str],
    above: Callable[[], None] | None = None,
) -> None:
    """A heading with the whole `frame` as files, the chart, and below it these columns of `table`."""
    with heading(title, caption):
        files(key, frame)
    if above is not None:
        above()
    st.altair_chart(chart(), key=f"{key}-chart", alt=f"{title}. {caption} The table below holds the same.")
    spend_tables.draw(table, columns, ROWS)


@contextmanager
def heading(title: str, caption: str) -> Iterator[None]:
    """A heading with what it is about; what is drawn within stands at its right, where there is room."""
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader(label(title), anchor=False, width="content")
            with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
                yield
        st.caption(label(caption))


def files(key: str, frame: pd.DataFrame) -> None:
    """Two quiet buttons: the whole frame as CSV and as JSON lines."""
    kinds = (("CSV", "csv", "text/csv", csv_of), ("JSONL", "jsonl", "application/jsonl", jsonl_of))
    for name, ending, mime, write in kinds:
        st.download_button(
            name,
            write(frame),
            file_name=f"spend-{key}.{ending}",
            mime=mime,
            key=f"{key}-{ending}",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )
