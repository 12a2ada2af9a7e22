"""What an entry of the journal says, in a line of plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.gateway.privacy.kinds import Kind as Masked
from core.journal.entries import Kind
from core.journal.lines import Line
from pages.parts.audit_words import words
from pages.parts.wording import count

SUMMARY_CHARS = 300
_NAMES = {"chars": "characters", "latency_ms": "milliseconds", "prompt_tokens": "tokens read"}
_NAMES |= {"completion_tokens": "tokens written"}
# The text has a place of its own; that a count was not estimated goes without saying.
_LEFT_OUT = ("text",)
_ONLY_WHEN_TRUE = ("estimated",)
# One and many of what was masked.
_MASKED = {
    Masked.PERSON: ("name", ""),
    Masked.EMAIL: ("e-mail address", "e-mail addresses"),
    Masked.PHONE: ("phone number", ""),
    Masked.ADDRESS: ("street address", "street addresses"),
    Masked.CREDIT_CARD: ("card number", ""),
    Masked.IBAN: ("bank account", ""),
    Masked.SSN: ("social security number", ""),
    Masked.ID_NUMBER: ("identity number", ""),
    Masked.EMPLOYEE_NUMBER: ("employee number", ""),
    Masked.IP: ("IP address", "IP addresses"),
    Masked.URL: ("web address", "web addresses"),
    Masked.SECRET: ("password or key", "passwords or keys"),
}


def summary(line: Line) -> str:
    """What an entry says, on one line: its masked text, or its first facts."""
    text = line.data.get("text")
    if isinstance(text, str) and text.strip():
        return " ".join(text.split())[:SUMMARY_CHARS]
    return sentence(facts(line.kind, line.data))[:SUMMARY_CHARS]


def sentence(words: str) -> str:
    """The words with a capital letter."""
    return words[:1].upper() + words[1:]


def facts(kind: str, data: Mapping[str, Any]) -> str:
    """The short values of an entry's data, as in `scope person, passages 8`; its text is left out."""
    known = _KNOWN.get(kind)
    return ", ".join(filter(None, known(data) if known else _facts(data)))


def _masking(data: Mapping[str, Any]) -> Iterator[str]:
    """`2 e-mail addresses and 1 name masked`."""
    kinds, rest = data.get("kinds"), {key: value for key, value in data.items() if key != "kinds"}
    pairs = kinds if isinstance(kinds, list) else []
    counted = [_counted(*pair) for pair in pairs if isinstance(pair, list) and len(pair) == 2]
    joined = " and ".join(filter(None, [", ".join(counted[:-1]), *counted[-1:]]))
    yield f"{joined} masked" if joined else "nothing to mask"
    yield from _facts(rest)


def _counted(kind: object, number: object) -> str:
    # A kind of a newer version shows as its own word.
    one, many = _MASKED.get(str(kind), (words(str(kind)).lower(), ""))  # type: ignore[call-overload]
    return count(number, one, many) if isinstance(number, int) else one


def _setting(data: Mapping[str, Any]) -> Iterator[str]:
    """`Deployment off, deployment gpt 1`, `cache notch careful`."""
    act = data.get("act")
    if act == "adjusted":
        value = "as in the settings" if data.get("value") is None else data["value"]
        yield f"{data.get('name')} {value}"
        yield _fact("reason", data.get("reason"))
        return
    if isinstance(act, str):
        yield words(act).lower()
    yield from _facts({key: value for key, value in data.items() if key != "act"})


def _facts(data: Mapping[str, Any]) -> Iterator[str]:
    return (_fact(key, value) for key, value in data.items() if key not in _LEFT_OUT)


def _fact(key: str, value: Any) -> str:
    name = _NAMES.get(key, key.replace("_", " "))
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return name if value else "" if key in _ONLY_WHEN_TRUE else f"not {name}"
    if isinstance(value, list):
        flat = all(isinstance(item, str) for item in value) and len(value) <= 3
        return f"{name} {' and '.join(value)}" if flat else f"{name} {len(value)}"
    if isinstance(value, dict):
        inner = ", ".join(f"{inner_key} {item}" for inner_key, item in list(value.items())[:6])
        return f"{name} {inner}"
    return f"{name} {value}"


_KNOWN: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    Kind.REDACTION: _masking,
    Kind.SETTING: _setting,
}
