"""Numbers, times and readers as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core.types import Readership

MICROUSD = 1_000_000


def money(microusd: int) -> str:
    """A sum in dollars: cents from one dollar on, four places below, so that a call is not "$0.00"."""
    dollars = microusd / MICROUSD
    if 0 < microusd < 100:
        return "less than $0.0001"
    return f"${dollars:,.2f}" if microusd == 0 or dollars >= 1 else f"${dollars:.4f}"


def duration(seconds: float) -> str:
    """A span of time: 12 ms, 0.8 s, 45 s, 4 min, 2 h 5 min."""
    if 0 < seconds < 0.095:
        return f"{max(round(seconds * 1_000), 1)} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def moment(when: datetime) -> str:
    """A date with its time, in the reader's zone."""
    local = in_reader_zone(when)
    return f"{local.day} {local:%b %Y, %H:%M}"


def date(when: datetime) -> str:
    """A date in the reader's zone."""
    local = in_reader_zone(when)
    return f"{local.day} {local:%b %Y}"


def in_reader_zone(when: datetime) -> datetime:
    """The same moment on the reader's clock; UTC where the browser does not say its zone."""
    try:
        return when.astimezone(ZoneInfo(st.context.timezone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return when.astimezone(UTC)


def size(byte_count: int) -> str:
    """The size of a file."""
    if byte_count < 1_000:
        return f"{byte_count} bytes"
    if byte_count < 1_000_000:
        return f"{byte_count / 1_000:.0f} kB"
    return f"{byte_count / 1_000_000:.1f} MB"


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 file, 1,200 files."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def readers(readership: Readership, names: Mapping[str, str]) -> str:
    """Who may read; `names` are the departments' names by their ids."""
    if readership.departments is None:
        return "Everyone"
    return ", ".join(sorted(names.get(d, d) for d in readership.departments)) or "Nobody"
