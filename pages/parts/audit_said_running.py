"""What entries about documents, accounts, settings and the journal itself say of themselves."""

from __future__ import annotations

from collections.abc import Iterator

from core.journal.lines import Line
from core.types import Readership
from pages.parts.audit_fact import fact, rest
from pages.parts.audit_said_gateway import Data, Names
from pages.parts.audit_words import words
from pages.parts.wording import count, readers


def document(line: Line, data: Data, names: Names) -> Iterator[str]:
    """Which version it is of, who may read it, and what that was before."""
    yield from _version(data, names)
    if isinstance(before := data.get("before"), dict):
        changed = {key: value for key, value in before.items() if value != data.get(key)}
        changed.pop("document", None)
        if earlier := ", ".join(filter(None, _version(changed, names))):
            yield f"before: {earlier}"
    yield from rest(data, "document", "version", "readers", "data_class", "origin", "before")


def setting(line: Line, data: Data, names: Names) -> Iterator[str]:
    """`Deployment off, deployment gpt 1`, `cache notch careful`."""
    act = data.get("act")
    if act == "adjusted":
        value = "as in the settings" if data.get("value") is None else data["value"]
        yield f"{data.get('name')} {value}"
        yield fact("reason", data.get("reason"))
        return
    if isinstance(act, str):
        yield words(act).lower()
    if isinstance(changed := data.get("not_default"), list):
        named = [each[0] for each in changed if isinstance(each, list) and each and isinstance(each[0], str)]
        yield f"not as shipped: {', '.join(named)}" if named else "all settings as shipped"
    for key in ("department", "department_of_key", "added"):
        if isinstance(where := data.get(key), str):
            yield f"department {names.get(where, where)}"
    if isinstance(number := data.get("person"), int):
        yield f"account {number}"
    done = ("not_default", "settings_sha256", "department", "department_of_key", "added", "person", "before")
    yield from rest(data, "act", *done)


def sign_in(line: Line, data: Data, names: Names) -> Iterator[str]:
    """With what it was proved who it is."""
    if isinstance(by := data.get("by"), str):
        yield f"by {by}"
    yield from rest(data, "by")


def audit(line: Line, data: Data, names: Names) -> Iterator[str]:
    """What an auditor asked for."""
    if isinstance(entries := data.get("entries"), int):
        yield f"{count(entries, 'entry', 'entries')} checked"
    if isinstance(anchors := data.get("anchors"), int):
        yield f"{count(anchors, 'anchor')} compared"
    if isinstance(form := data.get("form"), str):
        yield f"as {form.upper()}"
    if isinstance(filters := data.get("filters"), list):
        yield f"narrowed by {', '.join(map(str, filters))}" if filters else "everything"
    if isinstance(people := data.get("looked_up"), list):
        yield f"{count(len(people), 'name')} looked up"
    yield from rest(data, "entries", "anchors", "form", "filters", "looked_up")


def _version(data: Data, names: Names) -> Iterator[str]:
    if isinstance(number := data.get("document"), int):
        yield f"document {number}"
    if isinstance(version := data.get("version"), int):
        yield f"version {version}"
    if isinstance(key := data.get("readers"), str):
        yield f"read by {_read_by(key, names)}"
    if isinstance(level := data.get("data_class"), str):
        yield f"{level} text"
    if isinstance(origin := data.get("origin"), str):
        yield f"from {origin}"


def _read_by(key: str, names: Names) -> str:
    found = readers(Readership.from_key(key), names)
    return found.lower() if found in ("Everyone", "Nobody") else found
