"""What the entries of a question's own path say of themselves, from the question to the answer."""

from __future__ import annotations

from collections.abc import Iterator

from core.audit import evidence
from core.journal.lines import Line
from pages.parts import cache_reasons
from pages.parts.audit_fact import percent, rest
from pages.parts.audit_said_gateway import Data, Names, purpose
from pages.parts.wording import count

_HOW = {"exact": "asked in the same words", "meaning": "asked in other words"}


def question(line: Line, data: Data, names: Names) -> Iterator[str]:
    """How long it is."""
    if isinstance(chars := data.get("chars"), int):
        yield count(chars, "character")
    yield from rest(data, "chars")


def standalone(line: Line, data: Data, names: Names) -> Iterator[str]:
    """Whether it needs the conversation."""
    if isinstance(whole := data.get("whole"), bool):
        yield "can be understood by itself" if whole else "leans on the conversation before it"
    yield from rest(data, "whole")


def search(line: Line, data: Data, names: Names) -> Iterator[str]:
    """What was found, and how likely it is to be of use."""
    yield f"{count(len(evidence.retrieved(data)), 'passage')} found"
    if likely := percent(data.get("evidence")):
        yield f"{likely} likely to answer it"
    if sure := percent(data.get("confidence")):
        yield f"{sure} confidence expected"
    if threshold := percent(data.get("threshold")):
        yield f"a reviewer decides below {threshold}"
    suspicious = data.get("suspicious")
    for each in suspicious if isinstance(suspicious, list) else ():
        match each:
            case [_, str() as rule, str() as action]:
                yield f"one passage looked like an instruction ({rule}: {action})"
    yield from rest(data, "passages", "evidence", "confidence", "threshold", "suspicious")


def answer(line: Line, data: Data, names: Names) -> Iterator[str]:
    """How many passages it cites, and how sure it is."""
    number = len(evidence.cited(data))
    if "cited" in data:
        yield f"{count(number, 'passage')} cited" if number else "no passage cited"
    if sure := percent(data.get("confidence")):
        yield f"{sure} confidence"
    yield from rest(data, "cited", "confidence")


def cache(line: Line, data: Data, names: Names) -> Iterator[str]:
    """Why it gave an answer again, or none."""
    if isinstance(reason := data.get("reason"), str):
        yield cache_reasons.in_words(reason)
    if isinstance(how := data.get("how"), str):
        yield _HOW.get(how, how)
    if line.outcome == "hit" and (alike := percent(data.get("score"))):
        yield f"{alike} alike"
    if isinstance(found := data.get("found"), bool):
        yield "another process answered it meanwhile" if found else "no other process answered it"
    yield from purpose(data)
    yield from rest(data, "reason", "how", "score", "found", "purpose")


def review(line: Line, data: Data, names: Names) -> Iterator[str]:
    """Which task, and how sure its draft is."""
    if isinstance(task := data.get("task"), int):
        yield f"task {task:,}"
    if sure := percent(data.get("confidence")):
        yield f"{sure} confidence"
    if data.get("again") is True:
        yield "asked for once more"
    yield from rest(data, "task", "confidence", "again")
