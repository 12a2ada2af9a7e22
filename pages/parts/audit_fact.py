"""One value of an entry's data in plain words: money in dollars, times with their unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.gateway.money import dollars
from pages.parts.wording import duration

_NAMES = {"id": "named"}
# The text has a place of its own; a message is found by the question that it answers.
_LEFT_OUT = ("text", "message")
_MICROUSD, _MS = "_microusd", "_ms"


def rest(data: Mapping[str, Any], *said: str) -> Iterator[str]:
    """What is left to say of the data, where these keys are said already: short values alone."""
    return (fact(key, value) for key, value in data.items() if key not in (*said, *_LEFT_OUT))


def fact(key: str, value: Any) -> str:
    """`limit $12.50`, `budget sales`; nothing for what is empty."""
    name = _NAMES.get(key, key.replace("_", " "))
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return name if value else f"not {name}"
    if isinstance(value, int) and key.endswith(_MICROUSD):
        return f"{key.removesuffix(_MICROUSD).replace('_', ' ')} {dollars(value)}"
    if isinstance(value, int) and key.endswith(_MS):
        return f"{key.removesuffix(_MS).replace('_', ' ')} {duration(value / 1_000)}"
    if isinstance(value, list):
        flat = all(isinstance(item, str) for item in value) and len(value) <= 3
        return f"{name} {' and '.join(value)}" if flat else f"{name} {len(value)}"
    if isinstance(value, dict):
        inner = ", ".join(f"{inner_key} {item}" for inner_key, item in list(value.items())[:6])
        return f"{name} {inner}"
    return f"{name} {value}"


def percent(value: object) -> str:
    """`95 %` for 0.9475; nothing for what is no share."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return f"{value:.0%}".replace("%", " %") if known else ""
