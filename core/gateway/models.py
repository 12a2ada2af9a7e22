"""The one file that imports litellm: chat, embedding and rerank models of any of its providers.

LiteLLM is imported on first use, because that takes seconds, and told beforehand not to fetch its
price map from the network.
"""

from __future__ import annotations

import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from core.errors import FailureKind, ModelError, ModelUnavailable
from core.gateway.deployments import EMBEDDED, provider_of
from core.gateway.messages import Ended, Finish, ModelRequest, Numbers, Piece
from core.gateway.openai_form import StreamedAnswer, body_of, messages_of
from core.gateway.openai_http import ATTEMPT_HEADER
from core.gateway.provider_errors import provider_error, retry_after_s

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["EMBEDDED", "LiteLLMEmbedding", "LiteLLMModel", "LiteLLMRerank", "warm_up"]

TIMEOUT_S = 60

_Rows = tuple[tuple[float, ...], ...]


class Extractive(Protocol):
    """The embedded model's inside: a prompt in, the answer's pieces out."""

    def answer(self, prompt: str) -> Iterator[str]:
        """The pieces of the answer."""
        ...


class LiteLLMModel:
    """One deployment. `parameters` are LiteLLM's, `embedded` answers for `answerdesk/embedded`.

    `timeout_s` limits each wait for data.
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        embedded: Extractive | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._parameters = parameters
        self._embedded = embedded
        self._timeout_s = timeout_s
        self.name = str(parameters["model"])

    def stream(self, request: ModelRequest) -> Iterator[Piece | Finish]:
        """Stream the answer; an end that the provider did not announce is an error, never a whole answer."""
        return (event for event in self.events(request) if not isinstance(event, Ended))

    def events(self, request: ModelRequest) -> Iterator[Piece | Ended | Finish]:
        """As `stream`, and tells when the text is complete though the usage may still come."""
        litellm = _litellm()
        # The embedded model gives one answer, whatever was asked for.
        form = replace(request, options={}) if self.name == EMBEDDED else request
        answer = StreamedAnswer(self.name, self._provider, form)
        usage: Any = None
        try:
            for chunk in self._chunks(litellm, form):
                usage = getattr(chunk, "usage", None) or usage
                yield from answer.events([_plain_choice(choice) for choice in chunk.choices])
        except _failures(litellm) as exc:
            raise _model_error(self.name, litellm, exc) from exc
        if not (answer.whole or (answer.closed and usage)):
            raise ModelUnavailable(
                f"{self.name} broke off in the middle of its answer.", kind=FailureKind.PROTOCOL
            )
        yield self._priced(answer.finish(_counts(usage)))

    def _chunks(self, litellm: Any, request: ModelRequest) -> Iterable[Any]:
        arguments = self._arguments(request)
        if request.answers == 1:
            chunks: Iterable[Any] = litellm.completion(**arguments)
            return chunks
        # LiteLLM's streams end with the first of several answers: these come whole.
        return [litellm.completion(**{**arguments, "stream": False, "stream_options": None})]

    @property
    def _provider(self) -> str:
        return "embedded" if self.name == EMBEDDED else provider_of(self._parameters)

    def _arguments(self, request: ModelRequest) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "timeout": self._timeout_s,
            **body_of(request),
            **self._parameters,
            "messages": messages_of(request),
            "stream": True,
            "stream_options": {"include_usage": True},
            "num_retries": 0,
            "max_retries": 0,
        }
        if self.name == EMBEDDED:
            # LiteLLM hands `client` on to a custom provider as it is: no registry is needed.
            arguments["client"] = self._embedded
        elif request.attempt_id:
            given = self._parameters.get("extra_headers") or {}
            arguments["extra_headers"] = {**given, ATTEMPT_HEADER: request.attempt_id}
        return arguments

    def _priced(self, finish: Finish) -> Finish:
        if self.name == EMBEDDED or not finish.prompt_tokens + finish.completion_tokens:
            return finish
        cost = _cost_microusd(self.name, finish.prompt_tokens, finish.completion_tokens)
        return replace(finish, cost_microusd=cost)


class _Reading(ABC):
    """A model that reads texts and answers with numbers; `timeout_s` limits the whole call."""

    _headers = "extra_headers"
    """Under which name LiteLLM takes further headers for this kind of call."""

    def __init__(self, parameters: Mapping[str, Any], timeout_s: float = TIMEOUT_S) -> None:
        self._parameters = parameters
        self._timeout_s = timeout_s
        self.name = str(parameters["model"])

    def events(self, request: ModelRequest) -> Iterator[Piece | Ended | Finish]:
        """The rows as one event, then the end; raises ModelError, also when a row is missing."""
        litellm = _litellm()
        texts = [message.content for message in request.messages]
        arguments = {"timeout": self._timeout_s, **self._parameters, "num_retries": 0, "max_retries": 0}
        if request.attempt_id:
            given = self._parameters.get(self._headers) or {}
            arguments[self._headers] = {**given, ATTEMPT_HEADER: request.attempt_id}
        try:
            rows, tokens = self._read(litellm, texts, arguments)
        except _failures(litellm) as exc:
            raise _model_error(self.name, litellm, exc) from exc
        except (KeyError, TypeError, IndexError) as exc:
            raise ModelUnavailable(
                f"{self.name} answered with something that cannot be read.", kind=FailureKind.PROTOCOL
            ) from exc
        yield Numbers(".", rows=rows)
        yield Finish(self.name.split("/", 1)[-1], provider_of(self._parameters), tokens, 0, 0)

    @abstractmethod
    def _read(self, litellm: Any, texts: list[str], arguments: dict[str, Any]) -> tuple[_Rows, int]:
        """The rows of these texts and the tokens read, 0 where the provider does not say."""


class LiteLLMEmbedding(_Reading):
    """An embedding model of any of LiteLLM's providers: a row is the vector of a text."""

    def _read(self, litellm: Any, texts: list[str], arguments: dict[str, Any]) -> tuple[_Rows, int]:
        response = litellm.embedding(**arguments, input=texts)
        rows = {row["index"]: tuple(row["embedding"]) for row in response.data}
        usage = response.usage
        return tuple(rows[i] for i in range(len(texts))), int(usage.prompt_tokens or 0) if usage else 0


class LiteLLMRerank(_Reading):
    """A rerank model of any of LiteLLM's providers (Cohere, Jina, Voyage and others).

    A row is the relevance of a text; one that the provider left out has none.
    """

    _headers = "headers"

    def _read(self, litellm: Any, texts: list[str], arguments: dict[str, Any]) -> tuple[_Rows, int]:
        question, *documents = texts
        response = litellm.rerank(query=question, documents=documents, **arguments, top_n=len(documents))
        found = {int(result["index"]): float(result["relevance_score"]) for result in response.results or ()}
        return tuple((found.get(i, 0.0),) for i in range(len(documents))), 0


_READ_ONLY = "Items? '.*' on TypedDict class '.*' (?:is|are) using the `ReadOnly` qualifier"


def warm_up() -> None:
    """Load LiteLLM now, in the background, and not with the first question.

    Much of it is loaded by its first answer only: so one is made up, by itself and without a provider.
    """
    chunks = _litellm().completion(
        model="openai/gpt-4o-mini",
        messages=[{"role": "user", "content": "warm up"}],
        mock_response="OK",
        stream=True,
        stream_options={"include_usage": True},
    )
    for _ in chunks:
        pass


@cache
def _litellm() -> ModuleType:
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with warnings.catch_warnings():
        # Its own deprecations are no concern of ours, and the tests treat warnings as errors.
        warnings.simplefilter("ignore")
        import litellm

    # What it loads later warns, too: of its own types, once for each, as if something were wrong here.
    warnings.filterwarnings("ignore", _READ_ONLY, UserWarning, r"pydantic\._internal\._generate_schema")
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.drop_params = True
    litellm.custom_provider_map = [{"provider": EMBEDDED.split("/")[0], "custom_handler": _handler(litellm)}]
    module: ModuleType = litellm
    return module


def _handler(litellm: Any) -> Any:
    class EmbeddedProvider(litellm.CustomLLM):  # type: ignore[misc]
        """The embedded model as one more provider of LiteLLM."""

        def streaming(self, model: str, messages: list[Any], client: Any, **_: Any) -> Iterator[Any]:
            """LiteLLM's generic chunks, closed by the usage in words."""
            prompt = str(messages[-1]["content"])
            written = 0
            for text in client.answer(prompt):
                written += len(text.split())
                yield _generic_chunk(text)
            read = len(prompt.split())
            yield _generic_chunk("", usage={"prompt_tokens": read, "completion_tokens": written})

        def completion(self, model_response: Any, messages: list[Any], client: Any, **_: Any) -> Any:
            """The whole answer at once."""
            text = "".join(client.answer(str(messages[-1]["content"])))
            model_response.choices[0].message.content = text
            return model_response

    return EmbeddedProvider()


def _plain_choice(choice: Any) -> dict[str, Any]:
    """LiteLLM's choice, of a stream or whole, as a stream's chunk has it."""
    said = getattr(choice, "delta", None) or choice.message
    found = getattr(said, "tool_calls", None) or ()
    calls = [call if isinstance(call, dict) else call.model_dump() for call in found]
    calls = [{"index": number, **call} for number, call in enumerate(calls)]
    delta = {"content": said.content, "tool_calls": calls}
    return {"index": choice.index, "delta": delta, "finish_reason": choice.finish_reason}


def _counts(usage: Any) -> dict[str, int]:
    if not usage:
        return {}
    return {
        "prompt_tokens": int(usage.prompt_tokens or 0),
        "completion_tokens": int(usage.completion_tokens or 0),
    }


def _generic_chunk(text: str, usage: dict[str, int] | None = None) -> dict[str, Any]:
    return {
        "text": text,
        "is_finished": usage is not None,
        "finish_reason": "stop" if usage is not None else "",
        "index": 0,
        "tool_use": None,
        "usage": usage and {**usage, "total_tokens": sum(usage.values())},
    }


def _failures(litellm: Any) -> tuple[type[Exception], ...]:
    import httpx
    import openai

    return (openai.OpenAIError, litellm.exceptions.APIConnectionError, httpx.HTTPError, ValueError)


def _model_error(name: str, litellm: Any, exc: Exception) -> ModelError:
    import openai

    if isinstance(exc, openai.APITimeoutError):
        return ModelUnavailable(f"{name} failed: no answer in time", kind=FailureKind.TIMEOUT)
    code = str(getattr(exc, "code", None) or "")
    if isinstance(exc, litellm.exceptions.ContextWindowExceededError):
        code = "context_length_exceeded"
    elif isinstance(exc, litellm.exceptions.ContentPolicyViolationError):
        code = "content_policy_violation"
    response = getattr(exc, "response", None)
    headers = getattr(exc, "litellm_response_headers", None) or getattr(response, "headers", None) or {}
    status = getattr(exc, "status_code", None) or 503
    return provider_error(name, int(status), _reason(exc), code, retry_after_s(headers))


def _reason(exc: Exception) -> str:
    text = getattr(exc, "message", None) or str(exc)
    return str(text).splitlines()[0][:300] if str(text).strip() else type(exc).__name__


def _cost_microusd(model: str, prompt_tokens: int, completion_tokens: int) -> int:
    try:
        prompt_usd, completion_usd = _litellm().cost_per_token(
            model=model, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens
        )
    except Exception:  # noqa: BLE001 - LiteLLM raises a bare Exception for a model it has no price of
        return 0
    cost: int = round((prompt_usd + completion_usd) * 1_000_000)
    return cost
