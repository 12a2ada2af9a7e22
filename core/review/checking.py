"""A reviewer's own words pass the same checks as a model's; a person may overrule them, with a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from core.errors import FailedCheck, NotSupported
from core.types import Passage


class Finding(Protocol):
    """What a check saw in a text."""

    @property
    def rule(self) -> str:
        """The rule's id."""
        ...

    @property
    def severity(self) -> str:
        """low, medium or high."""
        ...

    @property
    def action(self) -> str:
        """block, flag or note."""
        ...

    @property
    def sentence(self) -> str:
        """The part of the text that it is about."""
        ...

    @property
    def says(self) -> str:
        """What is wrong with it, in words for the reviewer, where there are more than the rule's name."""
        ...


Check = Callable[[str, Sequence[Passage]], Sequence[Finding]]
"""The findings in a text that cites these passages as `[n]`, counted from 1."""

SERIOUS = frozenset({"block", "flag"})


def overruled(check: Check, text: str, evidence: Sequence[Passage], override: str) -> list[str]:
    """The rules that this text breaks; raises NotSupported if there are any and no reason is given."""
    serious = [finding for finding in check(text, evidence) if str(finding.action) in SERIOUS]
    if serious and not override.strip():
        raise NotSupported(
            "These sentences do not pass the checks. Change them, or say why they are right.",
            tuple(dict.fromkeys(FailedCheck(each.sentence, each.rule, each.says) for each in serious)),
        )
    return list(dict.fromkeys(finding.rule for finding in serious))
