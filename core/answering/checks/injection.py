"""Finds instructions that are meant for the model: in a question, and hidden in a passage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.answering.checks.findings import Action, Finding, Severity
from core.answering.checks.injection_rules import RULES, InjectionRule, Where
from core.answering.checks.unmasking import disguised, hidden, plain

_QUESTION_SAYS = (
    "This asks the assistant to change its own rules or to reveal them, which it does not do. "
    "Ask about a company document instead."
)
_PASSAGE_SAYS = (
    "This passage holds words that are meant to steer the assistant. They were not followed; tell the "
    "owner of the document."
)
_HIDDEN_SAYS = "This text holds characters that nobody can see and that carry words. They were not followed."


class InstructionDetector:
    """Reads questions and passages for wording that no honest text has; pure, for any number of threads."""

    def __init__(self, rules: Sequence[InjectionRule] = RULES) -> None:
        self._question = tuple(rule for rule in rules if rule.where is not Where.PASSAGE)
        self._passage = tuple(rule for rule in rules if rule.where is not Where.QUESTION)

    def in_question(self, text: str) -> list[Finding]:
        """At most one finding, which blocks."""
        return list(self._first(text, self._question, _QUESTION_SAYS))

    def suspicious(self, text: str) -> Finding | None:
        """What is wrong with a passage's text: `block` is to leave it out, `flag` to have somebody look."""
        return next(self._first(text, self._passage, _PASSAGE_SAYS), None)

    def _first(self, text: str, rules: Sequence[InjectionRule], sentence: str) -> Iterator[Finding]:
        if secret := hidden(text):
            known = _matched(secret, rules)
            rule = f"injection-hidden-{known[0].id}" if known else "injection-hidden"
            yield Finding(rule, Severity.HIGH, Action.BLOCK, _HIDDEN_SAYS)
        bare = plain(text)
        if found := _matched(bare, rules):
            # Where the text had to be made plain first, the places are not those of the text.
            yield _finding(found[0], "", sentence, found[1] if bare == text else None)
        for reading in disguised(bare):
            if found := _matched(reading, rules):
                yield _finding(found[0], "disguised-", sentence, None)


def _matched(text: str, rules: Sequence[InjectionRule]) -> tuple[InjectionRule, tuple[int, int]] | None:
    """The first sure rule that fits, otherwise the first that fits at all."""
    unsure = None
    for rule in rules:
        if match := rule.pattern.search(text):
            if rule.sure:
                return rule, match.span()
            unsure = unsure or (rule, match.span())
    return unsure


def _finding(rule: InjectionRule, disguise: str, sentence: str, span: tuple[int, int] | None) -> Finding:
    action, severity = (Action.BLOCK, Severity.HIGH) if rule.sure else (Action.FLAG, Severity.MEDIUM)
    return Finding(f"injection-{disguise}{rule.id}", severity, action, sentence, span)
