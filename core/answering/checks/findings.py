"""What a check saw: one shape for every rule, on the way in and on the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol


class Severity(StrEnum):
    """How much harm there would be if nobody looked."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Action(StrEnum):
    """What is done about it.

    `block`: the text goes no further. `flag`: a person looks at it before it is believed. `note`: it
    is served, and the note is shown beside it.
    """

    BLOCK = "block"
    FLAG = "flag"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """`sentence` is for a person and holds no text of the question or document but the short word at fault.

    `span` is where it was seen, in code points of the text that was checked; None where the whole
    text, or what is not there, is meant.
    """

    rule: str
    severity: Severity
    action: Action
    sentence: str
    span: tuple[int, int] | None = None

    def to_json(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Finding:
        """The inverse of `to_json`."""
        span = data["span"]
        return cls(
            data["rule"],
            Severity(data["severity"]),
            Action(data["action"]),
            data["sentence"],
            None if span is None else (int(span[0]), int(span[1])),
        )


class Check(Protocol):
    """A rule, or a family of them, over one text."""

    def find(self, text: str) -> list[Finding]:
        """What there is to say about this text; empty when nothing."""
        ...


def stops(findings: Iterable[Finding]) -> bool:
    """Whether what was checked may not be shown as it is: any finding that is more than a note."""
    return any(finding.action is not Action.NOTE for finding in findings)


def blocks(findings: Iterable[Finding]) -> bool:
    """Whether what was checked goes no further at all."""
    return any(finding.action is Action.BLOCK for finding in findings)
