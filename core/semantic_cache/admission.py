"""What may be stored: whole, confident, cited answers to questions that others may ask as well."""

from __future__ import annotations

from core.answering.answer import Answer, Outcome
from core.gateway.privacy.masking import Finder
from core.semantic_cache.audiences import is_about_oneself


def refusal(answer: Answer, confident: bool, flagged: bool, finder: Finder) -> str | None:
    """Why this answer is not stored, in two or three words; None when it may be.

    Raises MaskingFailed when it cannot be told whether personal data is in it: then it is not stored either.
    """
    if answer.outcome is not Outcome.ANSWERED or not answer.text.strip():
        return "no answer"
    if flagged or not confident:
        return "not confident"
    if not answer.citations:
        return "not cited"
    if answer.notes:
        # A note names a document that was found but not cited: not all who may have the answer may read it.
        return "sources differ"
    if is_about_oneself(answer.question):
        return "about oneself"
    if finder.find(answer.question) or finder.find(answer.text):
        return "personal data"
    return None
