"""What applications may send, in OpenAI's form: everything that is read here is checked here."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=200)]
FunctionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]


def _plain(value: Any) -> Any:
    """What JSON can hold: no infinity, and nothing that UTF-8 cannot write."""
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    return value


Json = Annotated[dict[str, Any], AfterValidator(_plain)]


class Form(BaseModel):
    """Parameters that are not named here are passed over, as OpenAI's own clients send new ones often."""

    model_config = ConfigDict(extra="ignore")


class TextPart(Form):
    """A part of a message. Only text can be masked, so that nothing else is taken."""

    type: Literal["text"]
    text: str


class CalledFunction(Form):
    """The function that a model called."""

    name: FunctionName
    arguments: str = ""


class CalledTool(Form):
    """A call of a function, as the model made it."""

    id: Name
    type: Literal["function"] = "function"
    function: CalledFunction


class ChatMessage(Form):
    """One turn; `content` may be missing only beside `tool_calls`."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | Annotated[list[TextPart], Field(max_length=1_000)] | None = None
    tool_calls: Annotated[list[CalledTool], Field(max_length=128)] | None = None
    tool_call_id: Name | None = None

    def text(self) -> str:
        """Its text as one string."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        return "\n".join(part.text for part in self.content)


class Function(Form):
    """A function that the model may call; `parameters` is a JSON schema."""

    name: FunctionName
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


class Tool(Form):
    """Functions are the only tools that can be passed on."""

    type: Literal["function"]
    function: Function


class NamedFunction(Form):
    """The function that must be called."""

    name: FunctionName


class ToolChoice(Form):
    """One function that the model must call."""

    type: Literal["function"]
    function: NamedFunction


class JsonSchema(Form):
    """The schema of a JSON answer."""

    name: FunctionName
    description: str | None = None
    schema_: Json | None = Field(None, alias="schema")
    strict: bool | None = None


class ResponseFormat(Form):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class StreamOptions(Form):
    """`include_usage` adds a last chunk with the tokens."""

    include_usage: bool = False


StopText = Annotated[str, Field(min_length=1, max_length=500)]


class ChatForm(Form):
    """A request for `/v1/chat/completions`."""

    model: Name
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=2_000)]
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    n: Annotated[int, Field(ge=1, le=16)] | None = None
    stop: StopText | Annotated[list[StopText], Field(min_length=1, max_length=4)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None
    tools: Annotated[list[Tool], Field(min_length=1, max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    logprobs: Literal[False] | None = None


class EmbeddingForm(Form):
    """A request for `/v1/embeddings`: texts, never token numbers, because only text can be masked."""

    model: Name
    input: (
        Annotated[str, Field(min_length=1)]
        | Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1, max_length=2_048)]
    )
    encoding_format: Literal["float", "base64"] | None = None


class RerankForm(Form):
    """A request for `/v1/rerank`, in the form of Cohere and Jina."""

    model: Name
    query: Annotated[str, Field(min_length=1)]
    documents: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1, max_length=1_000)]
    top_n: Annotated[int, Field(ge=1)] | None = None
    return_documents: bool | None = None
