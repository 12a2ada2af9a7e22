"""The company's own rules: what the file says holds, and a mistake in it names its line."""

from pathlib import Path

import pytest

from core.answering.checks.findings import Action
from core.answering.checks.policy import Case, Policy, Rule, read_policy
from core.errors import ConfigurationError
from core.knowledge.terms import TermAnalyzer
from core.settings import ROOT

SHIPPED = read_policy(ROOT / "data" / "guardrails.yaml", TermAnalyzer())
CASES = [
    pytest.param(rule, case, id=f"{rule.id}: {case.text}") for rule in SHIPPED.rules for case in rule.cases
]
GOOD = """\
rules:
- id: pay
  severity: high
  action: block
  departments: [sales]
  except_departments: [people]
  wording: ['\\bsalary of \\w+']
  topics: [[bonus, colleague]]
  sentence: That is private.
  notice: Ask the People department.
  cases:
  - {text: "salary of Ann", department: sales, found: true}
  - {text: "salary band", found: false}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "guardrails.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def policy(folder: Path, text: str) -> Policy:
    return read_policy(written(folder, text), TermAnalyzer())


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_the_shipped_rules_do_what_their_cases_say(rule: Rule, case: Case) -> None:
    """Each is found, or not, for somebody of the department that the case names."""
    found = {found.finding.rule for found in SHIPPED.find(case.text, case.department)}
    assert (f"policy-{rule.id}" in found) is case.found


def test_a_rule_finds_wording_and_topics(tmp_path: Path) -> None:
    """The span is that of the wording; a topic needs all its words, in any form and order."""
    rules = policy(tmp_path, GOOD)
    (found,) = rules.find("What is the salary of Ann?", "sales")
    assert (found.finding.rule, found.finding.action) == ("policy-pay", Action.BLOCK)
    assert found.finding.span == (12, 25)
    assert found.notice == "Ask the People department."
    assert rules.find("Do my colleagues get bonuses?", "sales")
    assert rules.find("Do I get a bonus?", "sales") == []


@pytest.mark.parametrize(("department", "found"), [("sales", True), ("people", False), ("legal", False)])
def test_a_rule_binds_the_departments_that_it_names(tmp_path: Path, department: str, found: bool) -> None:
    """And spares those that it excepts."""
    assert bool(policy(tmp_path, GOOD).find("the salary of Ann", department)) is found


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("severity: high", "severity: huge", 3, "severity"),
        ("action: block", "action: shout", 4, "action"),
        ("  sentence: That is private.\n", "", 2, "sentence"),
        ("wording: [", "wordings: [", 7, "wordings"),
        ("salary of", "(salary of", 7, "regular expression"),
        ("'\\bsalary of \\w+'", "'x*'", 7, "empty text"),
        ("[[bonus, colleague]]", "[[]]", 2, "a topic needs words"),
        ("found: true", "found: false", 2, "needs a case"),
        ("id: pay", "id: Pay!", 2, "id"),
        ('text: "salary of Ann"', 'text: "salary for Ann"', 12, "does not find"),
        ('text: "salary band"', 'text: "salary of Bo"', 13, "finds"),
        ("rules:\n", "rules:\n  - [\n", 3, ""),
        ("departments: [sales]", "departments: [sales", 6, ""),
    ],
)
def test_a_bad_file_names_the_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    """And the reason, and stops whoever reads it."""
    assert old in GOOD
    with pytest.raises(ConfigurationError) as caught:
        policy(tmp_path, GOOD.replace(old, new))
    assert f"guardrails.yaml, line {line}: " in str(caught.value)
    assert said in str(caught.value)


def test_a_rule_that_stands_there_twice_is_a_mistake(tmp_path: Path) -> None:
    """Findings name rules, so a name is one rule's."""
    with pytest.raises(ConfigurationError, match="pay stands there twice"):
        policy(tmp_path, GOOD + GOOD.removeprefix("rules:\n"))


@pytest.mark.parametrize("text", ["", "[]", "rules", "rules: 5", "\x00"])
def test_a_file_without_rules_in_it_is_a_mistake(tmp_path: Path, text: str) -> None:
    """It names the file."""
    with pytest.raises(ConfigurationError, match=r"guardrails\.yaml"):
        policy(tmp_path, text)


def test_an_absent_file_is_a_policy_without_rules(tmp_path: Path) -> None:
    """A company need not have any."""
    assert read_policy(tmp_path / "none.yaml", TermAnalyzer()).find("the salary of Ann") == []
