"""What the journal is told when the program starts: which settings are in force, and no secret among them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import BaseModel

from core.journal.entries import Kind, Record
from core.operations.acts import Act
from core.operations.configuration import shown
from core.settings import Settings


def started(settings: Settings, trace_id: str) -> Record:
    """One entry for each start: a SHA-256 of all settings as shown, and those that are not the default.

    A secret says only whether it is set; of an address its scheme and host are kept, and where an
    `@` stands in any other value, only that it is set.
    """
    lines = [(name, value, is_default) for name, value, is_default in _lines(settings)]
    everything = "\n".join(f"{name}={value}" for name, value, _ in lines)
    data = {
        "act": Act.STARTED.value,
        "settings_sha256": hashlib.sha256(everything.encode()).hexdigest(),
        "not_default": [[name, value] for name, value, is_default in lines if not is_default],
    }
    return Record(trace_id, Kind.SETTING, outcome="done", data=data)


def _lines(model: BaseModel, above: str = "") -> Iterator[tuple[str, str, bool]]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _lines(value, f"{above}{name}.")
            continue
        default = field.get_default(call_default_factory=True, validated_data={})
        yield f"{above}{name}", _harmless(shown(name, value)), value == default


def _harmless(value: str) -> str:
    # The path of a webhook's address is its password, and what has an @ may be somebody's address.
    if "://" in value:
        parts = urlsplit(value)
        return f"{parts.scheme}://{parts.hostname or ''}"
    return "set" if "@" in value else value
