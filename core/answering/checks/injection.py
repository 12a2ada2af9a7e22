"""Finds instructions that are meant for the model: in a question, and hidden in a passage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache

from core.answering.checks.facts import Analyse
from core.answering.checks.findings import Action, Finding, Severity
from core.answering.checks.injection_rules import InjectionRule, Where, read_rules
from core.answering.checks.stray import stray_request
from core.answering.checks.unmasking import disguised, hidden, plain

REMEMBERED = 2_000
"""So many passages are not read again."""

_QUESTION_SAYS = (
    "This asks the assistant to change its own rules or to reveal them, which it does not do. "
    "Ask about a company document instead."
)
_PASSAGE_SAYS = (
    "This passage holds words that are meant to steer the assistant. They were not followed; tell the "
    "owner of the document."
)
_HIDDEN_SAYS = "This text holds characters that nobody can see and that carry words. They were not followed."
_STRAY_SAYS = "This passage holds a request that has nothing to do with the rest of it. It was not followed."


class InstructionDetector:
    """Reads questions and passages for wording that no honest text has; for any number of threads.

    `analyse` gives index terms. `read` gives the rules, and is called at first need.
    """

    def __init__(self, analyse: Analyse, read: Callable[[], Sequence[InjectionRule]] = read_rules) -> None:
        self._analyse = analyse
        self._read = read
        self.suspicious = lru_cache(REMEMBERED)(self._suspicious)
        """What is wrong with a passage's text: `block` is to leave it out, `flag` to have somebody look."""

    def in_question(self, text: str) -> list[Finding]:
        """The findings in a question: those that block, and those that make somebody look."""
        return list(self._found(text, self._for_questions, _QUESTION_SAYS))

    def warm_up(self) -> None:
        """Read and compile the rules now."""
        self.in_question("")

    def _suspicious(self, text: str) -> Finding | None:
        if found := next(self._found(text, self._for_passages, _PASSAGE_SAYS), None):
            return found
        span = stray_request(text, self._analyse)
        return span and Finding("injection-stray", Severity.MEDIUM, Action.FLAG, _STRAY_SAYS, span)

    @cached_property
    def _rules(self) -> tuple[InjectionRule, ...]:
        return tuple(self._read())

    @cached_property
    def _for_questions(self) -> tuple[InjectionRule, ...]:
        return tuple(rule for rule in self._rules if rule.where is not Where.PASSAGE)

    @cached_property
    def _for_passages(self) -> tuple[InjectionRule, ...]:
        return tuple(rule for rule in self._rules if rule.where is not Where.QUESTION)

    def _found(self, text: str, rules: Sequence[InjectionRule], sentence: str) -> Iterator[Finding]:
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
    folded = text.casefold()
    for rule in rules:
        if match := rule.search(text, folded):
            if rule.sure:
                return rule, match.span()
            unsure = unsure or (rule, match.span())
    return unsure


def _finding(rule: InjectionRule, disguise: str, sentence: str, span: tuple[int, int] | None) -> Finding:
    action, severity = (Action.BLOCK, Severity.HIGH) if rule.sure else (Action.FLAG, Severity.MEDIUM)
    return Finding(f"injection-{disguise}{rule.id}", severity, action, sentence, span)
