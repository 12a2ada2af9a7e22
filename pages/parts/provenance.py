"""Where an answer came from, in badges and one line: who wrote or verified it, how sure, what it cost."""

from __future__ import annotations

from datetime import datetime

from core.answering.answer import Answer, Outcome, Reuse
from pages.parts.plain import label
from pages.parts.wording import count, date, duration, moment, money

# The provider of the model that runs inside Answerdesk.
EMBEDDED_PROVIDER = "embedded"
_VERIFIED = {"approved", "edited", "reused"}


def badges(given: Answer) -> str:
    """Verified, given before, partly held back: each with a word, never by colour alone."""
    found = []
    if given.verified is not None:
        word = "Verified" if given.verified.verdict in _VERIFIED else "Answered"
        found.append(signature(word, given.verified.by, given.verified.at))
    if given.reuse is not None:
        found.append(":blue-badge[:material/bolt: Answered before]")
    if given.partial:
        found.append(":orange-badge[:material/hourglass_top: Part held back]")
    return " ".join(found)


def signature(word: str, by: str, at: str) -> str:
    """Who has answered or verified something, and when (ISO), as a badge."""
    return f":green-badge[:material/verified: {word} by {label(by)}, {date(datetime.fromisoformat(at))}]"


def line(given: Answer) -> str:
    """One line: who wrote it, what was tried in vain, how sure it is, what it cost or saved, and its time."""
    facts = [*_writer(given)]
    if given.outcome is Outcome.ANSWERED and given.confidence is not None:
        facts.append(f"confidence {given.confidence:.0%}")
    if given.reuse is not None:
        facts += _saved(given.reuse)
    elif given.model:
        facts.append(_dollars(given.cost_microusd) if given.cost_microusd else "no cost")
    if given.seconds:
        facts.append(_seconds(given.seconds))
    return " · ".join(facts)


def _writer(given: Answer) -> list[str]:
    facts = []
    if given.provider == EMBEDDED_PROVIDER:
        facts.append("Written by the built-in model")
    elif given.model:
        facts.append(f"Written by {label(given.model)} at {label(given.provider)}")
    if given.failed:
        facts.append(f"after {count(len(given.failed), 'failed attempt')}")
    return facts


def _saved(reuse: Reuse) -> list[str]:
    facts = [f"first answered {moment(datetime.fromisoformat(reuse.answered_at))}"]
    saved = [_dollars(reuse.saved_microusd)] if reuse.saved_microusd else []
    if reuse.saved_ms:
        saved.append(_seconds(reuse.saved_ms / 1_000))
    return facts + ([f"saved {' and '.join(saved)}"] if saved else [])


def _dollars(microusd: int) -> str:
    return money(microusd).replace("$", r"\$")


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 1 else duration(seconds)
