"""The journal's kinds and outcomes in words, icons and groups of one colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from core.journal.entries import Kind

Colour = Literal["green", "red", "orange", "blue", "gray"]


class Words(NamedTuple):
    """How a kind is shown: its name, its icon, and the group that it is counted with."""

    name: str
    icon: str
    group: str


# Short, so that a legend of them fits a phone.
_QUESTIONS, _SEARCH, _MODELS = "Questions", "Search", "Model calls"
_MASKING, _REFUSALS, _REVIEWS = "Masking", "Refusals", "Reviews"
_DOCUMENTS, _RUNNING = "Documents", "Accounts"
# In the order of the theme's categorical colours, so that a group keeps its colour whatever is shown.
GROUPS = (_QUESTIONS, _REFUSALS, _MODELS, _MASKING, _SEARCH, _REVIEWS, _DOCUMENTS, _RUNNING)
_WORDS: Mapping[str, Words] = {
    Kind.QUESTION: Words("Question", ":material/help:", _QUESTIONS),
    Kind.STANDALONE: Words("Question completed", ":material/edit_note:", _QUESTIONS),
    Kind.ANSWER: Words("Answer", ":material/forum:", _QUESTIONS),
    Kind.CACHE: Words("Cache", ":material/cached:", _SEARCH),
    Kind.RETRIEVAL: Words("Search", ":material/search:", _SEARCH),
    Kind.EVIDENCE: Words("Evidence", ":material/fact_check:", _SEARCH),
    Kind.MODEL_ATTEMPT: Words("Model call", ":material/outbound:", _MODELS),
    Kind.MODEL_OUTCOME: Words("Model outcome", ":material/call_received:", _MODELS),
    Kind.REDACTION: Words("Masking", ":material/visibility_off:", _MASKING),
    Kind.REFUSAL: Words("Refusal", ":material/block:", _REFUSALS),
    Kind.RATE_LIMIT: Words("Rate limit", ":material/speed:", _REFUSALS),
    Kind.BUDGET: Words("Budget", ":material/account_balance_wallet:", _REFUSALS),
    Kind.REVIEW: Words("Review", ":material/rate_review:", _REVIEWS),
    Kind.DOCUMENT: Words("Document", ":material/description:", _DOCUMENTS),
    Kind.SIGN_IN: Words("Sign-in", ":material/login:", _RUNNING),
    Kind.SIGN_OUT: Words("Sign-out", ":material/logout:", _RUNNING),
    Kind.SETTING: Words("Setting", ":material/settings:", _RUNNING),
    Kind.SEAL: Words("Month sealed", ":material/lock:", _RUNNING),
    Kind.AUDIT: Words("Audit", ":material/policy:", _RUNNING),
}
_COLOURS: Mapping[str, Colour] = {
    "answered": "green",
    "intact": "green",
    "ok": "green",
    "failed": "red",
    "broken": "red",
    "refused": "orange",
    "abandoned": "orange",
    "not_found": "gray",
}


def kind(name: str) -> Words:
    """How a kind is shown; one that a newer version wrote shows as its own word."""
    return _WORDS.get(name) or Words(words(name), ":material/label:", _RUNNING)


def words(value: str) -> str:
    """A stored word as people read it: `not_found` is Not found."""
    return value.replace("_", " ").strip().capitalize()


def colour(outcome: str) -> Colour:
    """The colour of an outcome's badge, which always carries its word."""
    return _COLOURS.get(outcome, "gray")
