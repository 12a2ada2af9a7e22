"""Who a question is about: contractors, managers, newcomers, or the asker's own records."""

from __future__ import annotations

import re

_AUDIENCES = {
    "contractor": r"contractors?|freelancers?",
    "intern": r"interns?|trainees?|apprentices?",
    "manager": r"managers|executives?|directors|supervisors?|team[- ]leads?",
    "part-time": r"part[- ]tim(?:e|ers?)",
    "full-time": r"full[- ]tim(?:e|ers?)",
    "temp": r"temps|temporary staff|agency workers?",
    "visitor": r"visitors?|guests?",
    "supplier": r"suppliers?|vendors?",
    "newcomer": r"new[- ](?:hires?|joiners?|starters?|employees?)|newcomers?",
    "student": r"(?:working )?students",
    "family": r"spouses?|partners?|child(?:ren)?|depend[ae]nts?|famil(?:y|ies)",
    "mother": r"mothers?|maternity",
    "father": r"fathers?|paternity",
    "retiree": r"retirees?|pensioners?",
    "remote": r"remote (?:workers?|employees?|staff)",
}
_AUDIENCE = {name: re.compile(rf"\b(?:{words})\b") for name, words in _AUDIENCES.items()}

_RECORDS = (
    r"(?:salary|salaries|pay(?:slips?|check|ment)?|bonus|balance|address|account|contract|appraisal|"
    r"(?:performance )?(?:review|rating)|manager|boss|supervisor|team|laptop|ticket|request|claim|"
    r"application|order|name|number|phone|e-?mail|birthday|grade|desk|schedule|shift|payroll|file|record|"
    r"calendar)s?"
)
# `am I allowed to` asks for a rule.
_MAY = "(?:allowed|permitted|entitled|supposed|required|expected|obliged|able)"
# `my salary`, `how much do I earn`, `my remaining days`: only the asker's own data could answer that.
_OWN_RECORD = re.compile(
    rf"\bmy (?:own |current |last |next |personal |new |old )?{_RECORDS}\b|\bam i (?!{_MAY}\b)|"
    r"\bmy (?:remaining|left|unused|open|pending)\b|"
    r"\b(?:do|did|have) i (?:earn|make|still have|have left|left|got left|taken?|used|owe|ask|said?|told)\b|"
    r"\b(?:are|is) left (?:for|to) me\b|\bi have left\b|"
    r"\b(?:days?|hours?|leave|budget) (?:do )?i still have\b|"
    r"\bmy name\b|\bwho am i\b|"
    r"\bi (?:am|was|have been) (?:a|an|the|sick|ill|pregnant)\b|\bi['’]?m (?:sick|ill|pregnant|a|an|the)\b"
)


def audiences(text: str) -> set[str]:
    """The groups of people that a lower-case text names."""
    return {name for name, pattern in _AUDIENCE.items() if pattern.search(text)}


def is_about_oneself(question: str) -> bool:
    """Whether the question asks for the asker's own record rather than for a rule that holds for all.

    `How many vacation days do I get?` asks for a rule in the first person, `How many days have I left?`
    and `What is my salary?` for a record. What is in doubt counts as a record.
    """
    return bool(_OWN_RECORD.search(question.casefold()))
