"""Why the cache did not give an answer again, and why it kept none, as people say it."""

from __future__ import annotations

_MISSED = {
    "nothing near": "nothing alike was asked before",
    "no like": "not alike enough",
    "not servable": "not to be given any more, or not to them",
    "other evidence": "other documents were found",
    "about oneself": "about the asker's own records",
    "other language": "in another language",
    "not stand-alone": "needs the conversation before it",
    "leans on the conversation": "leans on the conversation before it",
    "embedder slow": "the search took too long",
    "flagged": "the question was flagged",
    "fault": "the cache was out of order",
}
_NOT_KEPT = {
    "no answer": "there was no answer",
    "not confident": "the answer was not sure enough",
    "not cited": "the answer cites nothing that stands",
    "sources differ": "its sources differ",
    "personal data": "it holds personal data",
    "source changed": "a source has changed meanwhile",
    "readers changed": "the readers of a source have changed meanwhile",
}


def in_words(reason: str) -> str:
    """One that a newer version gives shows as its own word."""
    return _MISSED.get(reason) or _NOT_KEPT.get(reason) or reason
