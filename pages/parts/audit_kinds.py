"""Which words belong to which kind of entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from core.journal.entries import Kind
from core.journal.lines import Line
from pages.parts import audit_said_gateway as gateway
from pages.parts import audit_said_question as question
from pages.parts import audit_said_running as running
from pages.parts.audit_fact import rest
from pages.parts.audit_said_gateway import Data, Names

_KNOWN: Mapping[str, Callable[[Line, Data, Names], Iterator[str]]] = {
    Kind.QUESTION: question.question,
    Kind.STANDALONE: question.standalone,
    Kind.RETRIEVAL: question.search,
    Kind.ANSWER: question.answer,
    Kind.CACHE: question.cache,
    Kind.REVIEW: question.review,
    Kind.MODEL_ATTEMPT: gateway.call,
    Kind.MODEL_OUTCOME: gateway.call,
    Kind.REDACTION: gateway.masking,
    Kind.BUDGET: gateway.budget,
    Kind.RATE_LIMIT: gateway.rate_limit,
    Kind.REFUSAL: gateway.refusal,
    Kind.DOCUMENT: running.document,
    Kind.SETTING: running.setting,
    Kind.SIGN_IN: running.sign_in,
    Kind.AUDIT: running.audit,
}


def said(line: Line, data: Data, names: Names) -> Iterator[str]:
    """The facts of an entry; `data` may be that of an attempt and its outcome together."""
    known = _KNOWN.get(line.kind)
    return known(line, data, names) if known else rest(data)
