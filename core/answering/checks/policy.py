"""Rules of the company about what is asked, from `data/guardrails.yaml`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from core.answering.checks.findings import Action, Finding, Severity
from core.answering.checks.yaml_loader import LOADER
from core.errors import ConfigurationError

Analyse = Callable[[str], Sequence[str]]


def _expression(value: Any) -> Any:
    try:
        found = re.compile(value, re.IGNORECASE)
    except (re.error, TypeError) as exc:
        raise ValueError(f"this is no regular expression ({exc})") from exc
    if found.search(""):
        raise ValueError("this also matches an empty text")
    return found


Expression = Annotated[re.Pattern[str], BeforeValidator(_expression)]


class Case(BaseModel, extra="forbid"):
    """A question that must be found, or must not (`found: false`), asked by somebody of `department`."""

    text: str = Field(min_length=1)
    found: bool
    department: str | None = None


class Rule(BaseModel, extra="forbid", arbitrary_types_allowed=True):
    """One rule: it applies where a text fits one of `wording` or holds all words of one of `topics`.

    `departments` are those whose people it applies to (absent: everyone), `except_departments` those it
    spares. `sentence` is for the person; `notice` must be shown with the answer. Every rule carries
    cases, at least one of each kind.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    severity: Severity
    action: Action
    sentence: str = Field(min_length=1)
    notice: str | None = None
    wording: list[Expression] = []
    topics: list[list[str]] = []
    departments: list[str] | None = None
    except_departments: list[str] = []
    cases: list[Case]

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        if not self.wording and not self.topics:
            raise ValueError("a rule needs wording or topics")
        if any(not words for words in self.topics):
            raise ValueError("a topic needs words")
        if {case.found for case in self.cases} != {True, False}:
            raise ValueError("a rule needs a case that is found and one that is not")
        return self

    def applies_to(self, department: str | None) -> bool:
        """Whether people of this department are bound by it."""
        if department in self.except_departments:
            return False
        return self.departments is None or department is None or department in self.departments


class _File(BaseModel, extra="forbid", arbitrary_types_allowed=True):
    rules: list[Rule]

    @model_validator(mode="after")
    def _unique(self) -> _File:
        ids = [rule.id for rule in self.rules]
        if twice := next((i for i in ids if ids.count(i) > 1), None):
            raise ValueError(f"the rule {twice} stands there twice")
        return self


def rule_id(rule: Rule) -> str:
    """How a rule is named in findings."""
    return f"policy-{rule.id}"


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """A finding, and the notice that must stand with an answer (None: no notice)."""

    finding: Finding
    notice: str | None


class Policy:
    """The rules at work; any number of threads may ask. `analyse` gives index terms."""

    def __init__(self, rules: Iterable[Rule], analyse: Analyse) -> None:
        self.rules = tuple(rules)
        self._analyse = analyse
        self._topics = {
            rule.id: [frozenset(t for word in words for t in analyse(word)) for words in rule.topics]
            for rule in self.rules
        }

    def find(self, text: str, department: str | None = None) -> list[PolicyFinding]:
        """What the rules say about a text of somebody in this department, in the order of the file."""
        terms = frozenset(self._analyse(text))
        return [
            PolicyFinding(
                Finding(rule_id(rule), rule.severity, rule.action, rule.sentence, span), rule.notice
            )
            for rule in self.rules
            if rule.applies_to(department) and (span := self._place(rule, text, terms)) is not None
        ]

    def _place(self, rule: Rule, text: str, terms: frozenset[str]) -> tuple[int, int] | None:
        for pattern in rule.wording:
            if match := pattern.search(text):
                return match.span()
        if any(topic and topic <= terms for topic in self._topics[rule.id]):
            return 0, len(text)
        return None


def read_policy(path: Path, analyse: Analyse) -> Policy:
    """The policy in this file, its own cases tried; an absent file is a policy without rules.

    Raises ConfigurationError, which names the line and the reason.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Policy((), analyse)
    except OSError as exc:
        raise ConfigurationError(f"{path} cannot be read ({exc.strerror}).") from exc
    try:
        root, content = _read(text)
        rules = _File.model_validate(content).rules
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise ConfigurationError(f"{path}, line {line}: {exc.problem}.") from exc
    except yaml.YAMLError as exc:
        raise ConfigurationError(f"{path} is no YAML: {exc}") from exc
    except ValidationError as exc:
        error = exc.errors()[0]
        where = ".".join(str(part) for part in error["loc"])
        line = _line(root, error["loc"])
        raise ConfigurationError(f"{path}, line {line}: {where}: {error['msg']}.") from exc
    policy = Policy(rules, analyse)
    for location, rule, case in _wrong_cases(policy):
        wrongly = "finds" if not case.found else "does not find"
        raise ConfigurationError(f"{path}, line {_line(root, location)}: {rule.id} {wrongly} this case.")
    return policy


def _read(text: str) -> tuple[yaml.Node | None, Any]:
    """The nodes of the file, which know their lines, and what they mean."""
    loader = LOADER(text)
    try:
        root = loader.get_single_node()
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _wrong_cases(policy: Policy) -> Iterator[tuple[tuple[int | str, ...], Rule, Case]]:
    for place, rule in enumerate(policy.rules):
        for number, case in enumerate(rule.cases):
            found = {found.finding.rule for found in policy.find(case.text, case.department)}
            if case.found != (rule_id(rule) in found):
                yield ("rules", place, "cases", number), rule, case


def _line(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """The line, from 1, of what a validation error speaks of, or of the innermost thing around it."""
    if node is None:
        return 1
    line = node.start_mark.line + 1
    for part in location:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            inner = next(((k, v) for k, v in node.value if k.value == part), None)
            if inner is None:
                return line
            line, node = inner[0].start_mark.line + 1, inner[1]
    return line
