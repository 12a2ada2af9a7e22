"""Frames as files for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(frame: pd.DataFrame) -> bytes:
    """Comma-separated, UTF-8, with a heading. No cell of text is a formula to a spreadsheet."""
    text = frame.select_dtypes(exclude=["number", "bool", "datetime", "datetimetz"]).columns
    safe = frame.assign(**{name: frame[name].map(_plain) for name in text})
    return safe.to_csv(index=False, date_format=_date_format(frame), lineterminator="\r\n").encode()


def jsonl_of(frame: pd.DataFrame) -> bytes:
    """One JSON object a line, UTF-8; times in ISO 8601."""
    written: str = frame.to_json(orient="records", lines=True, date_format="iso", force_ascii=False)
    return written.encode()


def _plain(value: object) -> object:
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


def _date_format(frame: pd.DataFrame) -> str | None:
    return "%Y-%m-%d" if "day" in frame.columns else None
