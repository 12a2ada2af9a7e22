"""What the OpenAPI document says of answers and errors, and of the key."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel


class ErrorDetail(BaseModel):
    """What went wrong, in OpenAI's words."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorBody(BaseModel):
    """Every error."""

    error: ErrorDetail


class Usage(BaseModel):
    """Tokens read and written."""

    prompt_tokens: int
    completion_tokens: int = 0
    total_tokens: int


class AnswerMessage(BaseModel):
    """The model's turn; `citations` stand in answers from the documents."""

    role: str
    content: str | None
    tool_calls: list[dict[str, Any]] | None = None
    citations: list[dict[str, Any]] | None = None


class Choice(BaseModel):
    """One of the answers."""

    index: int
    message: AnswerMessage
    finish_reason: str


class Completion(BaseModel):
    """A whole answer."""

    id: str
    object: str
    created: int
    model: str
    choices: list[Choice]
    usage: Usage


class Vector(BaseModel):
    """The vector of one text: numbers, or their bytes in base64."""

    object: str
    index: int
    embedding: list[float] | str


class Vectors(BaseModel):
    """A vector for each text."""

    object: str
    data: list[Vector]
    model: str


class Ranked(BaseModel):
    """One document's place."""

    index: int
    relevance_score: float
    document: dict[str, str] | None = None


class Ranking(BaseModel):
    """The documents, best first."""

    id: str
    model: str
    results: list[Ranked]


class ModelEntry(BaseModel):
    """One model."""

    id: str
    object: str
    created: int
    owned_by: str


class Missing(BaseModel):
    """A model that does not answer here, and why."""

    id: str
    reason: str


class ModelList(BaseModel):
    """The models of a key."""

    object: str
    data: list[ModelEntry]
    unavailable: list[Missing] | None = None


Responses = dict[int | str, dict[str, Any]]

_ERRORS: Responses = {
    400: {"model": ErrorBody, "description": "The request cannot be used as it is"},
    401: {"model": ErrorBody, "description": "The key is missing, unknown, expired or revoked"},
    403: {"model": ErrorBody, "description": "No model may see a text of this sensitivity"},
    404: {"model": ErrorBody, "description": "There is no such model for this key"},
    408: {"model": ErrorBody, "description": "The body did not come in time"},
    409: {"model": ErrorBody, "description": "The same request is being answered already"},
    413: {"model": ErrorBody, "description": "The body is too large"},
    422: {"model": ErrorBody, "description": "The Idempotency-Key was used for another request"},
    429: {"model": ErrorBody, "description": "A limit or a budget is reached; see Retry-After"},
    503: {"model": ErrorBody, "description": "No model answers, or too many requests wait; see Retry-After"},
}
_STREAM = {"text/event-stream": {"schema": {"type": "string"}}}
CHAT: Responses = {200: {"model": Completion, "content": _STREAM}, **_ERRORS}
EMBEDDINGS: Responses = {200: {"model": Vectors}, **_ERRORS}
RERANK: Responses = {200: {"model": Ranking}, **_ERRORS}
MODELS: Responses = {200: {"model": ModelList}, 401: _ERRORS[401]}


def describe(app: FastAPI) -> None:
    """Add to the document that every address takes a key, which is checked before the application."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["key"] = {"type": "http", "scheme": "bearer", "description": "ad-..."}
        document["security"] = [{"key": []}]
        return document

    app.openapi = openapi  # type: ignore[method-assign]
