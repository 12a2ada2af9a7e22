"""What an auditor asks, and what they get."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.journal.anchoring import Anchor
from core.journal.chain import Verification
from core.journal.entries import Head


@dataclass(frozen=True, slots=True)
class Query:
    """What to keep; None and empty mean anything. `since` is included, `until` is not.

    `person` is a pseudonym; each word of `text` must begin a word in an entry's data.
    """

    since: datetime | None = None
    until: datetime | None = None
    kinds: tuple[str, ...] = ()
    department: str | None = None
    person: str | None = None
    provider: str | None = None
    outcome: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The head of the chain and what was anchored of it, newest first.

    `problem` is a sentence when the file of anchors cannot be used.
    """

    head: Head
    anchored: bool
    anchors: tuple[Anchor, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found; `anchors` heads were compared, `problem` says why none could be."""

    verification: Verification
    anchors: int
    problem: str | None = None
